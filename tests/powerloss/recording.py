"""The recorder, compiled; and a store whose writes and syncs it records."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.integration.store_process import StoreProcess
from tests.preload import compile_library

_SOURCE: Final = Path(__file__).with_name("recorder.c")
_KILL_SECONDS_MAX: Final = 60


def compile_recorder(folder: Path) -> Path:
    return compile_library(_SOURCE, folder)


def recorded(
    library: Path, root: Path, trace: Path, skipped_syncs: str | None = None
) -> dict[str, str]:
    """Variables for the environment of a process that is to be recorded.

    Args:
        skipped_syncs: `file:GLOB` or `directory:GLOB`: syncs that are not done, by path.
    """
    variables = {
        "LD_PRELOAD": str(library),
        "O3_RECORD_ROOT": str(root.resolve()),
        "O3_RECORD_TRACE": str(trace),
    }
    return variables if skipped_syncs is None else variables | {"O3_RECORD_SKIP": skipped_syncs}


class RecordedStore(StoreProcess):
    """A store process that leaves a trace of what it did to its data folder, one of each start.

    Args:
        folder: is made; must be on a real path.
    """

    def __init__(
        self,
        folder: Path,
        library: Path,
        config: Mapping[str, object],
        *,
        skipped_syncs: str | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, config)
        self._folder, self._library, self._skipped_syncs = folder, library, skipped_syncs
        self.traces: list[Path] = []

    def launch(self, *, port: int = 0) -> "subprocess.Popen[str]":
        trace = self._folder / f"trace-{len(self.traces)}"
        self.traces.append(trace)
        self._environment |= recorded(self._library, self.data, trace, self._skipped_syncs)
        return super().launch(port=port)

    def kill(self) -> None:
        """At a moment when the trace holds all that was done."""
        assert self.process is not None
        kill_recorded(self.traces[-1])
        self.process.communicate(timeout=_KILL_SECONDS_MAX)


def kill_recorded(trace: Path) -> None:
    """The process that is recorded ends soon, as by SIGKILL."""
    trace.with_name(trace.name + ".kill").touch()
