"""Whose a log is: its id stands beside its folder. A log that was taken from elsewhere, an old
copy of another store or a folder that was mixed up, would be applied to a state that it never came
from.

    <log>/      the segments, each with the log's id
    <log>.id    the id, in hex, and a CRC
"""

from pathlib import Path
from typing import Final

from trioxygen.common import logs
from trioxygen.common.checksum import crc32c
from trioxygen.common.disk import Disk
from trioxygen.common.errors import Corrupt, LogCorrupt, NoSpace
from trioxygen.metadata.raft.log.format import SEGMENT_HEADER_BYTES, parse_segment_header
from trioxygen.metadata.raft.log.segment import SEGMENT_SUFFIX

log = logs.get(__name__)

_SUFFIX: Final = ".id"


def check_owner(disk: Disk, path: Path) -> None:
    """Before a log is opened. Blocks. Raises: LogCorrupt: it is another one than the last start's.

    Args:
        path: of the log's folder.
    """
    if not _segments(disk, path):
        # A new one is made, if that may be.
        disk.remove(_id_file(path))
        return
    log_id, noted_id = _id_of(disk, path), _noted(disk, path)
    if log_id is not None and noted_id is not None and log_id != noted_id:
        raise LogCorrupt("the log is not the one that belongs here: put that back", file=str(path))


def note_owner(disk: Disk, path: Path) -> None:
    """Once it is known that log and state belong together. Blocks."""
    log_id = _id_of(disk, path)
    if log_id is None or log_id == _noted(disk, path):
        return
    try:
        disk.replace(_id_file(path), _text(log_id))
    except NoSpace as error:
        log.warning("log_id_not_noted", file=_id_file(path), reason=error)


def _id_file(path: Path) -> Path:
    return path.with_name(path.name + _SUFFIX)


def _text(log_id: int) -> bytes:
    digits = f"{log_id:016x}"
    return f"{digits} {crc32c(digits.encode()):08x}\n".encode()


def _noted(disk: Disk, path: Path) -> int | None:
    """None: of a first start, or damaged: it is worth nothing then, and is written again."""
    if not disk.exists(_id_file(path)):
        return None
    data = disk.read(_id_file(path))
    try:
        log_id = int(data[:16], 16)
    except ValueError:
        return None
    return log_id if data == _text(log_id) else None


def _segments(disk: Disk, path: Path) -> list[str]:
    names = disk.list(path) if disk.exists(path) else []
    return sorted(name for name in names if name.endswith(SEGMENT_SUFFIX))


def _id_of(disk: Disk, path: Path) -> int | None:
    """Of the first segment that says one."""
    for name in _segments(disk, path):
        file = disk.open(path / name)
        try:
            head = file.pread(SEGMENT_HEADER_BYTES, 0)
            return parse_segment_header(head, file=str(path / name)).log_id
        except Corrupt:  # `recover` tells more of it
            continue
        finally:
            file.close()
    return None
