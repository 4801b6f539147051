"""What has to be in the folder of a store that once ran: a part that is gone is never made anew in
silence, with nothing in it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trioxygen.cli.config.roles import GROUPS
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.folder.names import COMPLETE, VERSION_FILE
from trioxygen.common.disk import Disk
from trioxygen.common.sealed_json import sealed
from trioxygen.metadata.raft.log.segment import SEGMENT_SUFFIX

_LOG: Final = "log"
STORE_PARTS: Final = ("om/data.mdb", "scm/data.mdb", _LOG, "datanode/VERSION")
DATANODE_PARTS: Final = ("datanode/VERSION",)


def loaded_mark(data: Path, service: str) -> Path:
    """Stands beside a state that was loaded from a dump, until a store has begun its log."""
    return data / f"{service}.loaded"


def check_parts(disk: Disk, path: Path, parts: Sequence[str]) -> None:
    """Args: parts: of an all-in-one store, or of a node. Raises: CommandFailed."""
    if not json.loads(disk.read(path / VERSION_FILE)).get(COMPLETE, False):
        return
    was_loaded = all(disk.exists(loaded_mark(path, service)) for service in GROUPS)
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


def note_parts(disk: Disk, path: Path) -> None:
    """All are there now."""
    file = path / VERSION_FILE
    version = json.loads(disk.read(file))
    if not version.get(COMPLETE, False):
        disk.replace(file, sealed({**version, COMPLETE: True}))


def forget_loads(disk: Disk, path: Path) -> None:
    """The store has begun its log with what was loaded."""
    for service in GROUPS:
        disk.remove(loaded_mark(path, service))
