"""Libraries that are preloaded into processes under test."""

import shutil
import subprocess
from pathlib import Path


def compile_library(source: Path, folder: Path) -> Path:
    """The library, made in a folder. Fails, saying what to install, when there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler is not None, (
        "needs a C compiler: `make install` installs it (Debian packages gcc and libc6-dev)"
    )
    library = folder / f"{source.stem}.so"
    options = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
    command = [compiler, *options, "-o", str(library), str(source), "-ldl", "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return library
