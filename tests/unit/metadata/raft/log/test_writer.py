"""What a replica wants written, on a disk that gets full: in order, or not at all."""

import asyncio
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.raft.logs_for_tests import GROUP, entries, open_log, read_all
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import Stopping
from trioxygen.common.worker import Tasks
from trioxygen.metadata.raft.core.types import Entry, Ready
from trioxygen.metadata.raft.log.segment import LogFailed
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.log.writer import LogWriter

SEGMENT_BYTES = 16 * 1024
# As many fit in one segment, beside its header and what is reserved.
ENTRIES_EACH = 2
ENTRY_BYTES = 4_000


def ready_of(number: int, written: Sequence[Entry]) -> Ready:
    return Ready(
        number=number,
        hard_state=None,
        snapshot=None,
        entries=written,
        must_sync=bool(written),
        messages_at_once=(),
        messages=(),
        committed=(),
        reads=(),
        reads_refused=(),
        soft_state=None,
    )


class Replica:
    """What a driver is told by its writer.

    Attributes:
    durable: numbers of the Readys that are.
    withdraws: what it answers when it is asked.
    """

    def __init__(self, wal: WriteAheadLog) -> None:
        self.wal, self.clock, self.registry = wal, ManualClock(), CollectorRegistry()
        self.tasks = Tasks(self.clock, self.registry)
        self.durable: list[int] = []
        self.room: list[bool] = []
        self.failures: list[BaseException] = []
        self.withdraws = False
        self._index = self._number = 0
        self.writer = LogWriter(
            wal,
            GROUP,
            self.clock,
            self.tasks,
            durable=lambda ready: self.durable.append(ready.number),
            drained=lambda: None,
            has_room=self.room.append,
            withdraw=lambda _: self.withdraws,
            failed=self.failures.append,
        )

    def write(self, payload: bytes = b"x" * ENTRY_BYTES, *, count: int = 1) -> None:
        """The next entries, in the next Ready."""
        self._number += 1
        written = entries(self._index + 1, [payload] * count)
        self._index += count
        self.writer.write(ready_of(self._number, written))

    async def until_full(self) -> None:
        """More was written than the one segment holds, and time stands still."""
        for _ in range(ENTRIES_EACH + 2):
            self.write()
        await settled()
        assert self.writer.is_full and self.clock.sleepers

    async def wait_for_room(self) -> None:
        self.clock.advance(1_000.0)
        await settled()

    def failed_tasks(self) -> dict[str, float]:
        return {
            sample.labels["worker"]: sample.value
            for metric in self.registry.collect()
            for sample in metric.samples
            if sample.name == "trioxygen_worker_failures_total"
        }


async def settled() -> None:
    """Disk and time of these tests wait for nobody: some turns of the loop are all it takes."""
    for _ in range(20):
        await asyncio.sleep(0)


def small_disk() -> MemoryDisk:
    return MemoryDisk(capacity_bytes=SEGMENT_BYTES)


def test_what_a_full_disk_refused_is_written_in_order_when_there_is_room() -> None:
    async def scenario() -> None:
        disk = small_disk()
        replica = Replica(wal := await open_log(disk))
        await replica.until_full()
        replica.write(b"while it is full")
        await replica.wait_for_room()
        assert replica.writer.is_full and replica.durable == [1, 2]
        disk.capacity_bytes *= 4
        await replica.wait_for_room()
        assert replica.durable == [1, 2, 3, 4, 5]
        assert [entry.index for entry in await read_all(wal)] == [1, 2, 3, 4, 5]
        assert not replica.writer.is_full and replica.room[-1]
        replica.write()
        await settled()
        assert replica.durable[-1] == 6
        assert not replica.failures and not replica.failed_tasks()
        await wal.close()

    asyncio.run(scenario())


def test_writer_that_is_stopped_while_the_disk_is_full_leaves_no_task() -> None:
    async def scenario() -> None:
        replica = Replica(wal := await open_log(small_disk()))
        await replica.until_full()
        name = f"log-{GROUP}-full"
        assert name in {task.get_name() for task in asyncio.all_tasks()}
        replica.writer.stop()
        await replica.writer.ended()
        assert name not in {task.get_name() for task in asyncio.all_tasks()}
        assert not replica.failed_tasks()
        await wal.close()

    asyncio.run(scenario())


def test_log_that_is_closed_while_its_disk_is_full_ends_the_writer_once() -> None:
    async def scenario() -> None:
        replica = Replica(wal := await open_log(small_disk()))
        await replica.until_full()
        await wal.close()
        await replica.wait_for_room()
        assert [type(error) for error in replica.failures] == [Stopping]
        assert replica.durable == [1, 2] and not replica.writer.is_full
        assert not replica.failed_tasks()

    asyncio.run(scenario())


def test_log_that_fails_while_its_disk_is_full_ends_the_writer_once() -> None:
    async def scenario() -> None:
        disk = small_disk()
        replica = Replica(wal := await open_log(disk))
        await replica.until_full()
        # A hard state has room in what is reserved, and its sync fails: the log is dead.
        disk.syncs_until_failure = 0
        outcome = await asyncio.gather(
            wal.append(GROUP, hard_state=b"term 2"), return_exceptions=True
        )
        assert [type(error) for error in outcome] == [LogFailed]
        await replica.wait_for_room()
        assert [type(error) for error in replica.failures] == [LogFailed]
        assert replica.durable == [1, 2] and not replica.failed_tasks()
        await wal.close()

    asyncio.run(scenario())


def test_what_nobody_wants_any_more_is_not_tried_again() -> None:
    async def scenario() -> None:
        disk = small_disk()
        replica = Replica(wal := await open_log(disk))
        replica.withdraws = True
        for _ in range(ENTRIES_EACH + 2):
            replica.write()
        await settled()
        assert replica.durable == [1, 2, 3, 4]
        assert not replica.writer.is_full and not replica.room
        disk.capacity_bytes *= 4
        await replica.wait_for_room()
        assert wal.last_index_queued(GROUP) == ENTRIES_EACH
        await wal.close()

    asyncio.run(scenario())


def test_writer_that_was_stopped_calls_nobody() -> None:
    async def scenario() -> None:
        disk = small_disk()
        replica = Replica(wal := await open_log(disk))
        await replica.until_full()
        replica.room.clear()
        replica.writer.stop()
        replica.writer.stop()
        disk.capacity_bytes *= 4
        await replica.wait_for_room()
        assert replica.durable == [1, 2] and not replica.room and not replica.failures
        assert wal.last_index(GROUP) == ENTRIES_EACH
        await asyncio.wait_for(replica.writer.drain(), 5.0)
        await wal.close()

    asyncio.run(scenario())


def test_writer_whose_log_has_failed_takes_nothing_more_and_says_nothing_of_it() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica = Replica(wal := await open_log(disk))
        disk.syncs_until_failure = 0
        replica.write()
        await settled()
        assert [type(error) for error in replica.failures] == [LogFailed]
        replica.write(count=0)
        replica.write()
        replica.write(count=0)
        await settled()
        assert replica.durable == [] and len(replica.failures) == 1
        await wal.close()

    asyncio.run(scenario())


def test_many_entries_of_one_turn_become_durable_as_one() -> None:
    async def scenario() -> None:
        disk = small_disk()
        replica = Replica(wal := await open_log(disk))
        # The first piece finds room, the others do not: all of it is written again.
        replica.write(count=2 * ENTRIES_EACH)
        replica.write(b"behind it")
        await settled()
        assert replica.writer.is_full and replica.durable == []
        disk.capacity_bytes *= 4
        await replica.wait_for_room()
        assert replica.durable == [1, 2]
        assert [entry.index for entry in await read_all(wal)] == [1, 2, 3, 4, 5]
        await wal.close()

    asyncio.run(scenario())
