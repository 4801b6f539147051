"""Processes whose wall clocks a test steps."""

import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.integration.store_process import StoreProcess
from tests.preload import compile_library

_SOURCE: Final = Path(__file__).with_name("stepped_clock.c")
_OFFSET: Final = struct.Struct("=q")
HOUR_MS: Final = 3_600_000


class Clocks:
    """Args:
    folder: is made.
    offset_ms: that every process begins with.
    """

    def __init__(self, folder: Path, *, offset_ms: int = 0) -> None:
        self._folder = folder
        folder.mkdir()
        self.variables = {
            "LD_PRELOAD": str(compile_library(_SOURCE, folder)),
            "O3_CLOCKS": str(folder),
            "O3_CLOCK_OFFSET_MS": str(offset_ms),
        }

    def begin_with(self, offset_ms: int) -> None:
        """Processes that are started from now on."""
        self.variables["O3_CLOCK_OFFSET_MS"] = str(offset_ms)

    def set_offset(self, pid: int, offset_ms: int) -> None:
        """Steps the wall clock of a process; 0 is the machine's."""
        with (self._folder / str(pid)).open("r+b") as file:
            file.write(_OFFSET.pack(offset_ms))


class SteppedStore(StoreProcess):
    """A store process with a clock of `clocks`."""

    def __init__(
        self, folder: Path, clocks: Clocks, config: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(folder, config)
        self._clocks = clocks

    def launch(self, *, port: int = 0) -> "subprocess.Popen[str]":
        self._environment |= self._clocks.variables
        return super().launch(port=port)
