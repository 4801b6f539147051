import asyncio
from dataclasses import replace

import pytest

from tests.unit.common.rpc.session_harness import until
from tests.unit.metadata.raft.inline import HeldBlocking, inline_runtime
from tests.unit.metadata.raft.logs_for_tests import (
    DIRECTORY,
    GROUP,
    OTHER,
    SMALL,
    append_many,
    entries,
    open_log,
    read_all,
    segments,
)
from tests.unit.metadata.raft.memory_disk import MemoryDisk, Sync
from trioxygen.common.errors import InvalidRequest, Overloaded, Stopping
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Entry


def test_log_holds_entries_and_hard_state_after_reopen() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        written = entries(1, [b"", b"a", b"b" * 5_000])
        await wal.append(GROUP, written[:2], hard_state=b"state")
        await wal.append(GROUP, written[2:])
        await wal.append(OTHER, entries(1, [b"other"], term=3))
        await wal.close()

        again = await open_log(disk)
        assert await read_all(again) == written
        assert await read_all(again, OTHER) == entries(1, [b"other"], term=3)
        assert again.hard_state(GROUP) == b"state"
        assert again.hard_state(OTHER) == b""
        assert (again.first_index(GROUP), again.last_index(GROUP)) == (1, 3)
        assert again.groups() == [GROUP, OTHER]
        await again.close()

    asyncio.run(scenario())


def test_append_replaces_entries_from_its_first_index_on() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await wal.append(GROUP, entries(1, [b"1", b"2", b"3"], term=1))
        await wal.append(GROUP, entries(2, [b"two"], term=2))
        expected = [*entries(1, [b"1"], term=1), *entries(2, [b"two"], term=2)]
        assert await read_all(wal) == expected
        assert [wal.term(GROUP, index) for index in (1, 2)] == [1, 2]
        await wal.close()

        again = await open_log(disk)
        assert await read_all(again) == expected
        assert again.term(GROUP, 2) == 2
        await again.close()

    asyncio.run(scenario())


def test_many_appends_share_a_sync() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        runtime = inline_runtime(disk)
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL, name="shared")
        appends = [wal.append(GROUP, entries(1 + number, [b"x"])) for number in range(64)]
        assert wal.last_index_queued(GROUP) == 64
        await asyncio.gather(*appends)
        syncs = runtime.registry.get_sample_value("trioxygen_wal_syncs_total", {"log": "shared"})
        assert syncs == 1
        assert len(await read_all(wal)) == 64
        await wal.close()

    asyncio.run(scenario())


def test_read_stops_at_the_bytes_asked_for_but_gives_one_entry() -> None:
    async def scenario() -> None:
        wal = await open_log(MemoryDisk())
        written = entries(1, [b"a" * 100] * 10)
        await wal.append(GROUP, written)
        assert await wal.read(GROUP, 1, bytes_max=0) == written[:1]
        assert await wal.read(GROUP, 4, bytes_max=250) == written[3:5]
        assert await wal.read(GROUP, 11, bytes_max=250) == []
        await wal.close()

    asyncio.run(scenario())


def test_log_goes_on_through_many_segments() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        written = await append_many(wal, 60)
        assert len(segments(disk)) > 4
        assert await read_all(wal) == written
        await wal.close()

        again = await open_log(disk)
        assert await read_all(again) == written
        assert await append_many(again, 1) == [
            Entry(61, 1, (61).to_bytes(4, "big").ljust(1_000, b"."))
        ]
        await again.close()

    asyncio.run(scenario())


def test_released_segments_are_deleted_and_stay_so_after_reopen() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await wal.append(GROUP, hard_state=b"kept")
        await wal.append(OTHER, entries(1, [b"pins nothing"]), hard_state=b"other kept")
        written = await append_many(wal, 60)
        before = segments(disk)
        wal.release(GROUP, 50)
        wal.release(OTHER, 1)
        await until(lambda: len(segments(disk)) < len(before) - 2)
        assert segments(disk)[-1] >= before[-1]
        await append_many(wal, 1)
        await wal.close()

        again = await open_log(disk)
        assert again.hard_state(GROUP) == b"kept"
        assert again.hard_state(OTHER) == b"other kept"
        assert again.compacted(GROUP) == (50, 1)
        assert again.compacted(OTHER) == (1, 1)
        assert again.last_index(OTHER) == 1
        assert (await read_all(again))[:10] == written[50:60]
        await again.append(OTHER, entries(2, [b"goes on"]))
        await again.close()

    asyncio.run(scenario())


def test_segment_stays_while_one_group_needs_it() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await wal.append(OTHER, entries(1, [b"needed"]))
        await append_many(wal, 40)
        before = segments(disk)
        wal.release(GROUP, 40)
        await asyncio.sleep(0.01)
        assert segments(disk) == before
        assert await read_all(wal, OTHER) == entries(1, [b"needed"])
        wal.release(OTHER, 1)
        await until(lambda: len(segments(disk)) < len(before))
        await wal.close()

    asyncio.run(scenario())


def test_segments_are_used_again_and_their_old_records_never_return() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        files_most = 0
        for _ in range(20):
            await append_many(wal, 10)
            wal.release(GROUP, wal.last_index(GROUP))
            await asyncio.sleep(0)
            files_most = max(files_most, len(disk.list(DIRECTORY)))
        await asyncio.sleep(0.01)
        assert files_most <= 5
        last = wal.last_index(GROUP)
        await wal.close()
        for _ in range(3):
            again = await open_log(disk)
            assert again.last_index(GROUP) == last
            await again.close()

    asyncio.run(scenario())


def test_reset_drops_all_entries_and_sets_where_the_next_one_goes() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await append_many(wal, 3)
        await wal.reset(GROUP, 100, 9)
        assert (wal.first_index(GROUP), wal.last_index(GROUP)) == (101, 100)
        await wal.append(GROUP, entries(101, [b"after"], term=9))
        await wal.close()

        again = await open_log(disk)
        assert await read_all(again) == entries(101, [b"after"], term=9)
        assert again.term(GROUP, 100) == 9
        await again.close()

    asyncio.run(scenario())


def test_append_is_refused_when_too_many_bytes_wait() -> None:
    async def scenario() -> None:
        wal = await open_log(MemoryDisk(), WalConfig(segment_bytes=16_384, queued_bytes_max=5_000))
        first = wal.append(GROUP, entries(1, [b"a" * 4_000]))
        with pytest.raises(Overloaded):
            wal.append(GROUP, entries(2, [b"b" * 4_000]))
        await first
        await wal.append(GROUP, entries(2, [b"b" * 8_000]))
        assert wal.last_index(GROUP) == 2
        await wal.close()

    asyncio.run(scenario())


def test_append_that_fits_no_segment_is_refused() -> None:
    async def scenario() -> None:
        wal = await open_log(MemoryDisk())
        with pytest.raises(InvalidRequest):
            wal.append(GROUP, entries(1, [b"a" * 16_384]))
        await wal.append(GROUP, entries(1, [b"a" * 10_000]))
        await wal.close()

    asyncio.run(scenario())


def test_closed_log_takes_nothing_and_closes_again() -> None:
    async def scenario() -> None:
        wal = await open_log(MemoryDisk())
        waiting = wal.append(GROUP, entries(1, [b"a"]))
        await wal.close()
        assert waiting.done()
        with pytest.raises(Stopping):
            wal.append(GROUP, entries(2, [b"b"]))
        await wal.close()

    asyncio.run(scenario())


def test_cancelled_append_is_written_all_the_same() -> None:
    async def scenario() -> None:
        wal = await open_log(MemoryDisk())
        appends = [wal.append(GROUP, entries(1 + number, [b"x"])) for number in range(3)]
        appends[1].cancel()
        await asyncio.gather(appends[0], appends[2])
        assert wal.last_index(GROUP) == 3
        await wal.close()

    asyncio.run(scenario())


def test_what_comes_before_a_write_shares_its_sync() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        appends: list[asyncio.Future[None]] = []

        def append() -> None:
            index = wal.last_index_queued(GROUP) + 1
            appends.append(wal.append(GROUP, entries(index, [b"x"])))

        def fail() -> None:
            raise RuntimeError("a defect")

        failures: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
        syncs = sum(isinstance(step, Sync) for step in disk.journal)
        # An idle log, and one that is about to write. A defect of one keeps nothing from others.
        for turn in (append, fail, append):
            wal.before_write(turn)
        append()
        await until(lambda: len(appends) == 3)
        await asyncio.gather(*appends)
        assert sum(isinstance(step, Sync) for step in disk.journal) == syncs + 1
        assert [type(failure) for failure in failures] == [RuntimeError]
        assert len(await read_all(wal)) == 3
        await wal.close()

    asyncio.run(scenario())


def test_log_that_is_closed_while_it_goes_on_to_a_segment_makes_no_other() -> None:
    async def scenario() -> None:
        disk, blocking = MemoryDisk(), HeldBlocking()
        runtime = replace(inline_runtime(disk), blocking=blocking)
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        # More than half of a segment each.
        written = await append_many(wal, 1, size_bytes=9_000)
        await until(lambda: len(segments(disk)) == 2)
        blocking.held = []
        written += (second := entries(2, [b"x" * 9_000]))
        appended = wal.append(GROUP, second)
        await until(lambda: bool(blocking.held))
        closing = asyncio.ensure_future(wal.close())
        await asyncio.sleep(0)
        blocking.release()
        await closing
        assert appended.done() and len(segments(disk)) == 2
        again = await open_log(disk)
        assert await read_all(again) == written
        await again.close()

    asyncio.run(scenario())
