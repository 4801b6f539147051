"""What has to be in the folder of a store that once ran: a part that is gone is never made anew in
silence, with nothing in it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trioxygen.cli.data_folder import VERSION_FILE, DataFolder
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.common.disk import Disk
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.wal_segment import SEGMENT_SUFFIX

_LOG: Final = "log"
_PARTS: Final = ("om/data.mdb", "scm/data.mdb", _LOG, "datanode/VERSION")
DATANODE_PARTS: Final = ("datanode/VERSION",)
_SERVICES: Final = ("om", "scm")
_COMPLETE: Final = "complete"


def loaded_mark(data: Path, service: str) -> Path:
    """Stands beside a state that was loaded from a dump, until a store has begun its log."""
    return data / f"{service}.loaded"


def check_parts(disk: Disk, path: Path, parts: Sequence[str] = _PARTS) -> None:
    """Of an all-in-one store, or a node. Raises: CommandFailed."""
    if not json.loads(disk.read(path / VERSION_FILE)).get(_COMPLETE, False):
        return
    was_loaded = all(disk.exists(loaded_mark(path, service)) for service in _SERVICES)
    for part in parts:
        if part == _LOG:
            names = disk.list(path / part) if disk.exists(path / part) else []
            is_there = was_loaded or any(name.endswith(SEGMENT_SUFFIX) for name in names)
        else:
            is_there = disk.exists(path / part)
        if not is_there:
            raise CommandFailed(
                Exit.DATA_FOLDER,
                f"{path / part} is missing from data folder {path}: put it back, or begin again "
                "from dumps (docs/operations/damage.md)",
            )


def note_parts(runtime: Runtime, folder: DataFolder) -> None:
    """All are there now."""
    disk, file = runtime.disk, folder.path / VERSION_FILE
    version = json.loads(disk.read(file))
    if not version.get(_COMPLETE, False):
        disk.replace(file, f"{json.dumps({**version, _COMPLETE: True})}\n".encode())


def note_complete(runtime: Runtime, folder: DataFolder) -> None:
    """Of an all-in-one store: all parts are there now."""
    note_parts(runtime, folder)
    disk = runtime.disk
    for service in _SERVICES:
        disk.remove(loaded_mark(folder.path, service))
