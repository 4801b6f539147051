"""A log without room for its next segment asks for entries to be released, and goes on."""

import asyncio

import pytest

from tests.unit.metadata.raft.logs_for_tests import (
    GROUP,
    OTHER,
    append_many,
    open_log,
    read_all,
    segments,
)
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import NoSpace
from trioxygen.metadata.raft.log.wal import WriteAheadLog

SEGMENT_BYTES = 16 * 1024


async def until_room(wal: WriteAheadLog) -> None:
    for _ in range(1_000):
        if not wal.is_short:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the log finds no room")


def test_log_that_is_asked_to_release_never_needs_new_space() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=3 * SEGMENT_BYTES)
        wal = await open_log(disk)
        asked = []

        def release() -> None:
            asked.append(wal.last_index(GROUP))
            wal.release(GROUP, wal.last_index(GROUP))

        wal.watch_pressure(release)
        for _ in range(100):
            await append_many(wal, 1)
            await until_room(wal)
        assert len(asked) >= 3
        assert len(segments(disk)) <= 3
        await wal.close()

    asyncio.run(scenario())


def test_log_is_short_before_it_refuses_and_not_after_room_was_found() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=2 * SEGMENT_BYTES)
        wal = await open_log(disk)
        written = await append_many(wal, 3)
        assert not wal.is_short
        while not wal.is_short:
            written += await append_many(wal, 1)
        # What is left is for what frees space.
        written += await append_many(wal, 5)
        disk.capacity_bytes *= 4
        await until_room(wal)
        written += await append_many(wal, 30)
        assert await read_all(wal) == written
        await wal.close()

    asyncio.run(scenario())


def test_group_that_releases_nothing_is_asked_when_segments_pile_up() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await append_many(wal, 1, group=OTHER)
        wal.watch_pressure(lambda: wal.release(OTHER, wal.last_index(OTHER)))
        for _ in range(200):
            await append_many(wal, 1)
            wal.release(GROUP, wal.last_index(GROUP))
        assert len(segments(disk)) <= 6
        await wal.close()

    asyncio.run(scenario())


def test_replica_finds_a_place_for_its_term_in_a_log_that_takes_no_entries() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=2 * SEGMENT_BYTES)
        wal = await open_log(disk)
        with pytest.raises(NoSpace):
            while True:
                await append_many(wal, 1)
        await wal.append(GROUP, hard_state=b"term 7")
        await wal.close()
        for number in range(8, 20):
            wal = await open_log(disk, seed=number)
            await wal.append(GROUP, hard_state=f"term {number}".encode())
            await wal.close()
        again = await open_log(disk)
        assert again.hard_state(GROUP) == b"term 19"
        await again.close()

    asyncio.run(scenario())
