"""A small file system of its own for a test: a full disk costs seconds then, not gigabytes."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_PIECE: Final = bytes(64 << 10)


class SmallDisk:
    def __init__(self, path: Path, size_bytes: int) -> None:
        self.path, self.size_bytes = path, size_bytes
        self._filler = path / "of-somebody-else"

    @property
    def free_bytes(self) -> int:
        actual = os.statvfs(self.path)
        return actual.f_bavail * actual.f_frsize

    def fill(self) -> None:
        """Another program takes everything, to the last byte; what is given back meanwhile, too."""
        with self._filler.open("ab", buffering=0) as file:
            for _ in range(1_000):
                try:
                    while True:
                        file.write(_PIECE)
                except OSError:
                    if self.free_bytes == 0:
                        return
        raise AssertionError("it does not become full")

    def take(self, size_bytes: int) -> None:
        """Another program takes so much."""
        with self._filler.open("ab", buffering=0) as file:
            while size_bytes > 0:
                size_bytes -= file.write(_PIECE[:size_bytes])

    def free(self) -> None:
        """The other program gives back what it took."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(path: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """Mounted at a new folder. Skips the test where mounting is not permitted."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a small file system needs mount(8)")
    if done.returncode != 0:
        pytest.skip(f"a small file system needs root: {done.stderr.strip()}")
    try:
        yield SmallDisk(path, size_bytes)
    finally:
        # Lazily: what still holds a file open must not keep the mount for ever.
        subprocess.run(["umount", "-l", str(path)], capture_output=True, check=False)
