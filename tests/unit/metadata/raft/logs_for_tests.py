"""Opening and filling write-ahead logs in tests."""

from collections.abc import Sequence
from pathlib import Path

from tests.unit.metadata.raft.inline import inline_runtime
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.disk import Disk
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Entry, GroupId

DIRECTORY = Path("/log")
GROUP = GroupId(7)
OTHER = GroupId(8)
SMALL = WalConfig(segment_bytes=16 * 1024, queued_bytes_max=64 * 1024)


async def open_log(disk: Disk, config: WalConfig = SMALL, seed: int = 1) -> WriteAheadLog:
    return await WriteAheadLog.open(DIRECTORY, inline_runtime(disk, seed), config)


def entries(first: int, payloads: Sequence[bytes], term: int = 1) -> list[Entry]:
    return [Entry(first + number, term, payload) for number, payload in enumerate(payloads)]


async def read_all(wal: WriteAheadLog, group: GroupId = GROUP) -> list[Entry]:
    actual: list[Entry] = []
    index = wal.first_index(group)
    while piece := await wal.read(group, index, bytes_max=1_000):
        actual += piece
        index = piece[-1].index + 1
    return actual


def segments(disk: MemoryDisk) -> list[str]:
    return [name for name in disk.list(DIRECTORY) if name.endswith(".wal")]


async def append_many(
    wal: WriteAheadLog, count: int, size_bytes: int = 1_000, group: GroupId = GROUP
) -> list[Entry]:
    """Entries of one term, one append each, one after the other."""
    made: list[Entry] = []
    for _ in range(count):
        index = wal.last_index(group) + 1
        entry = Entry(index, 1, index.to_bytes(4, "big").ljust(size_bytes, b"."))
        await wal.append(group, [entry])
        made.append(entry)
    return made
