import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.common.rpc.session_harness import until
from tests.unit.metadata.raft.logs_for_tests import (
    DIRECTORY,
    GROUP,
    OTHER,
    append_many,
    entries,
    open_log,
    read_all,
    segments,
)
from tests.unit.metadata.raft.memory_disk import MemoryDisk, MemoryFile
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import NoSpace
from trioxygen.metadata.raft.log.segment import LogFailed


def test_full_disk_refuses_appends_until_there_is_space_again() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=3 * 16 * 1024)
        wal = await open_log(disk)
        written = []
        with pytest.raises(NoSpace):
            while True:
                written += await append_many(wal, 1)
        assert len(segments(disk)) == 3
        with pytest.raises(NoSpace):
            await append_many(wal, 1)
        assert await read_all(wal) == written

        disk.capacity_bytes *= 2
        written += await append_many(wal, 10)
        assert await read_all(wal) == written
        await wal.close()

        again = await open_log(disk)
        assert await read_all(again) == written
        await again.close()

    asyncio.run(scenario())


def test_all_appends_queued_behind_a_refused_one_are_refused() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=16 * 1024)
        wal = await open_log(disk)
        appends = [wal.append(GROUP, entries(1 + number, [b"a" * 4_000])) for number in range(5)]
        outcomes = await asyncio.gather(*appends, return_exceptions=True)
        assert [isinstance(outcome, NoSpace) for outcome in outcomes] == [
            False,
            False,
            True,
            True,
            True,
        ]
        assert wal.last_index_queued(GROUP) == wal.last_index(GROUP) == 2
        await wal.append(OTHER, entries(1, [b"small"]))
        await wal.append(GROUP, entries(3, [b"small"]))
        await wal.close()

    asyncio.run(scenario())


def test_full_disk_gets_space_back_by_release() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=3 * 16 * 1024)
        wal = await open_log(disk)
        with pytest.raises(NoSpace):
            while True:
                await append_many(wal, 1)
        last = wal.last_index(GROUP)
        wal.release(GROUP, last)
        await until(lambda: not wal.is_short)
        await append_many(wal, 5)
        assert wal.last_index(GROUP) == last + 5
        await wal.close()

    asyncio.run(scenario())


def test_failed_sync_is_fatal_for_all_waiting_and_later_appends() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        written = await append_many(wal, 3)
        disk.syncs_until_failure = 0
        appends = [wal.append(GROUP, entries(4 + number, [b"x"])) for number in range(3)]
        outcomes = await asyncio.gather(*appends, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LogFailed] * 3
        disk.syncs_until_failure = None
        with pytest.raises(LogFailed, match="Input/output error"):
            wal.append(GROUP, entries(4, [b"x"]))
        await wal.close()

        again = await open_log(disk)
        # What was not acknowledged may be there or not.
        assert (await read_all(again))[:3] == written
        await again.close()

    asyncio.run(scenario())


class FullFile(MemoryFile):
    def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
        disk = self._disk
        assert isinstance(disk, CopyOnWriteDisk)
        if disk.writes_until_full == 0 and any(map(any, buffers)):
            # Part of it arrives all the same.
            super().pwrite([b"".join(buffers)[:100]], offset_bytes)
            raise NoSpace("the disk is full")
        disk.writes_until_full -= 1
        return super().pwrite(buffers, offset_bytes)


class CopyOnWriteDisk(MemoryDisk):
    """Needs new space even to write what was written before; zeros find room."""

    writes_until_full = -1

    def open(self, path: Path, *, create: bool = False) -> MemoryFile:
        super().open(path, create=create)
        return FullFile(self, self.names[path])


def test_write_without_space_is_erased_and_the_log_stays_healthy() -> None:
    async def scenario() -> None:
        disk = CopyOnWriteDisk()
        wal = await open_log(disk)
        written = await append_many(wal, 2)
        disk.writes_until_full = 0
        refused = wal.append(GROUP, entries(3, [b"r", b"e", b"f"]))
        with pytest.raises(NoSpace):
            await refused
        assert await read_all(wal) == written
        disk.writes_until_full = -1
        await wal.append(GROUP, entries(3, [b"n"]))
        copy = disk.copy()
        await wal.close()

        again = await open_log(copy)
        assert await read_all(again) == [*written, *entries(3, [b"n"])]
        await again.close()

    asyncio.run(scenario())


def test_new_log_on_a_full_disk_says_so() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=1_000)
        with pytest.raises(NoSpace):
            await open_log(disk)
        assert disk.list(DIRECTORY) == []

    asyncio.run(scenario())
