"""Which files this process has open."""

import os
from pathlib import Path


def open_files(folder: Path) -> list[str]:
    """Below a folder."""
    paths: list[str] = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            paths.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except FileNotFoundError:  # of the listing itself
            continue
    return [path for path in paths if Path(path).is_relative_to(folder)]
