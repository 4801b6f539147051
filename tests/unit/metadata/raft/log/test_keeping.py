"""How much of a log that groups share is kept for the followers of one."""

import asyncio

from tests.unit.metadata.raft.logs_for_tests import GROUP, OTHER, append_many, entries, open_log
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.metadata.raft.log.keeping import LogKeeping


def test_entries_that_a_follower_lacks_are_kept_up_to_a_size() -> None:
    keeping = LogKeeping(1_000)
    for index in range(1, 101):
        keeping.appended(entries(index, [b"x" * 100]))
    assert keeping.release_through(100, [100, 100], 0) == 100
    assert 85 <= keeping.release_through(100, [3, 100], 0) <= 90
    # What a state may yet lose is needed, whoever holds it.
    assert keeping.release_through(50, [100, 100], 0) == 50


def test_idle_group_keeps_nothing_for_a_follower_that_lies_far_back_in_the_log() -> None:
    keeping = LogKeeping(1_000)
    keeping.appended(entries(1, [b"x"] * 9))
    assert keeping.release_through(9, [3], 0) == 3
    assert keeping.release_through(9, [3], 7) == 7
    assert keeping.release_through(5, [3], 7) == 5


def test_log_tells_which_entries_lie_so_far_before_its_newest_segment() -> None:
    async def scenario() -> None:
        wal = await open_log(MemoryDisk())
        await wal.append(OTHER, entries(1, [b"1", b"2"]))
        await append_many(wal, 60)
        assert wal.index_before(OTHER, 0) == 2
        assert wal.index_before(OTHER, 10**6) == 0
        before = wal.index_before(GROUP, 20_000)
        assert 0 < before < wal.index_before(GROUP, 0) < wal.last_index(GROUP)
        await wal.close()

    asyncio.run(scenario())
