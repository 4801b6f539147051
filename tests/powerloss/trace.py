"""The trace that `recorder.c` writes, event by event."""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag, unique
from pathlib import Path
from typing import Final

# As `struct head` there: time, kind, flags, handle, offset, size, bytes of the two paths.
_HEAD: Final = struct.Struct("<QIIQQQII")


@unique
class Kind(IntEnum):
    OPEN = 1
    WRITE = 2
    TRUNCATE = 3
    ALLOCATE = 4
    PUNCH = 5
    SYNC_BEGIN = 6
    SYNC_END = 7
    SYNC_SKIPPED = 8
    MAKE_DIRECTORY = 9
    REMOVE_DIRECTORY = 10
    RENAME = 11
    UNLINK = 12
    MAP = 13
    UNSUPPORTED = 14
    START = 15
    """Of a process. Handles and numbers of syncs begin anew."""


class Flag(IntFlag):
    """CREATED: by this very open. DURABLE: a write that was on stable storage when it returned."""

    CREATED = 1
    DIRECTORY = 2
    DURABLE = 4


@dataclass(frozen=True, slots=True)
class Event:
    """Attributes:
    time_ns: of the monotonic clock, never falling.
    handle: one open file of a process; 0 for changes of names.
    offset: of a sync, its number.
    data: of a write.
    """

    time_ns: int
    kind: Kind
    flags: Flag
    handle: int
    offset: int
    size: int
    path: str
    target: str
    data: memoryview


def read_trace(path: Path) -> Iterator[Event]:
    """All whole events; a process that was killed may have left a piece of one at the end."""
    with path.open("rb") as file:
        mapped = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    at = 0
    while at + _HEAD.size <= len(mapped):
        time_ns, kind, flags, handle, offset, size, path_bytes, target_bytes = _HEAD.unpack_from(
            mapped, at
        )
        names = at + _HEAD.size
        data = names + path_bytes + target_bytes
        at = data + (size if kind == Kind.WRITE else 0)
        if at > len(mapped):
            return
        yield Event(
            time_ns=time_ns,
            kind=Kind(kind),
            flags=Flag(flags),
            handle=handle,
            offset=offset,
            size=size,
            path=bytes(mapped[names : names + path_bytes]).decode(),
            target=bytes(mapped[names + path_bytes : data]).decode(),
            data=mapped[data:at],
        )
