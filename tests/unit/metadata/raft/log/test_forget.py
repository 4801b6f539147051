"""A group that is gone from a disk: the log keeps nothing for it, and says nothing of it again."""

import asyncio

from tests.unit.common.rpc.session_harness import until
from tests.unit.metadata.raft.logs_for_tests import (
    GROUP,
    OTHER,
    append_many,
    entries,
    open_log,
    read_all,
    segments,
)
from tests.unit.metadata.raft.memory_disk import MemoryDisk


def test_forgotten_group_keeps_no_segment_and_leaves_nothing() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await wal.append(OTHER, entries(1, [b"1", b"2"]), hard_state=b"voted")
        written = await append_many(wal, 40)
        wal.release(GROUP, 30)
        before = segments(disk)
        queued = wal.append(OTHER, entries(3, [b"3"]))
        await wal.forget(OTHER)
        assert queued.done()
        assert wal.groups() == [GROUP]
        await until(lambda: len(segments(disk)) < len(before) - 1)
        assert (await read_all(wal))[-10:] == written[-10:]
        await wal.forget(OTHER)
        # Once what said so is gone too, nothing is left of it.
        written += await append_many(wal, 40)
        wal.release(GROUP, 70)
        await until(lambda: len(segments(disk)) < 5)
        await wal.close()
        again = await open_log(disk)
        assert again.groups() == [GROUP]
        assert await read_all(again) == written[-10:]
        await again.close()

    asyncio.run(scenario())


def test_forgotten_group_is_whole_in_the_log_after_a_crash_and_can_be_forgotten_again() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await wal.append(OTHER, entries(1, [b"1", b"2"]), hard_state=b"voted")
        await append_many(wal, 20)
        await wal.forget(OTHER)
        await wal.close()
        again = await open_log(disk)
        assert again.compacted(OTHER) == (2, 1)
        size = len(segments(disk))
        await again.forget(OTHER)
        assert again.groups() == [GROUP]
        assert len(segments(disk)) == size
        again.release(GROUP, 20)
        await until(lambda: len(segments(disk)) < size)
        await again.close()

    asyncio.run(scenario())
