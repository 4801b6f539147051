import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest
from google.protobuf.message import Message

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.errors import (
    Internal,
    NoSpace,
    NoSuchKey,
    NotLeader,
    Overloaded,
    Stopping,
    TrioxygenError,
)
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.execution import (
    META,
    RETRIES,
    Executor,
    ExecutorConfig,
    Handler,
    Now,
    Refusal,
)
from trioxygen.metadata.raft.memory_log import MemoryReplica
from trioxygen.metadata.raft.ports import Entry
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore, MemoryWriteTxn
from trioxygen.metadata.store.ports import Table
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import KeyToDelete, WorkReply

ROWS = Table(2, "rows")
TABLES = (META, RETRIES.table, ROWS)


class Defect(Exception):
    pass


def put(txn: CapturingTxn, command: KeyToDelete, now: Now) -> Message | Refusal:
    """The test's own command: `key` says what happens."""
    if command.key.startswith(b"refused"):
        return Refusal(types_pb2.NO_SUCH_KEY)
    txn.put(ROWS, command.key, now.next_id().to_bytes(8, "big"))
    if command.key.startswith(b"broken"):
        raise Defect("half-way")
    if command.key.startswith(b"full"):
        raise NoSpace("no room")
    if command.key.startswith(b"changes and refuses"):
        return Refusal(types_pb2.NO_SUCH_KEY)
    return WorkReply(more=True)


class Service:
    """An executor with the test's commands."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        replica: MemoryReplica | None = None,
        store: MemoryStore | None = None,
        config: ExecutorConfig | None = None,
        handlers: dict[type[Message], Handler] | None = None,
    ) -> None:
        self.runtime = runtime
        self.store = store or MemoryStore(TABLES)
        self.replica = replica or MemoryReplica()
        self.executor = Executor(
            name="test",
            runtime=runtime,
            store=self.store,
            replica=self.replica,
            tables=(ROWS,),
            handlers=handlers or {KeyToDelete: put},
            config=config or ExecutorConfig(),
        )

    async def run(self, *keys: bytes) -> list[Message | BaseException]:
        """All in one batch."""
        commands = [self.executor.execute(KeyToDelete(key=key)) for key in keys]
        return await asyncio.gather(*commands, return_exceptions=True)

    def keys(self) -> list[bytes]:
        with self.store.read() as txn:
            return [key for key, _ in txn.scan(ROWS, prefix=b"")]

    async def stop(self) -> None:
        await self.executor.stop()
        await self.runtime.stop()


def inline() -> Runtime:
    return inline_runtime(ManualClock())


def kinds(results: Sequence[Message | BaseException]) -> list[type]:
    return [type(result) for result in results]


def test_batch_is_one_entry_and_each_command_gets_its_own_answer() -> None:
    async def scenario() -> None:
        service = Service(inline())
        await service.executor.start()
        results = await service.run(b"a", b"refused", b"b")
        assert kinds(results) == [WorkReply, NoSuchKey, WorkReply]
        assert len(service.replica.entries) == 1
        assert service.keys() == [b"a", b"b"]
        await service.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("key", "error"),
    [(b"broken", Internal), (b"full", NoSpace), (b"changes and refuses", Internal)],
)
def test_handler_that_fails_in_the_middle_of_a_batch_harms_no_other(
    key: bytes, error: type[TrioxygenError]
) -> None:
    async def scenario() -> None:
        service = Service(inline())
        await service.executor.start()
        results = await service.run(b"a", key, b"b", key + b" too", b"c")
        assert kinds(results) == [WorkReply, error, WorkReply, error, WorkReply]
        assert service.keys() == [b"a", b"b", b"c"]
        assert kinds(await service.run(key)) == [error]
        assert kinds(await service.run(b"d")) == [WorkReply]
        assert service.keys() == [b"a", b"b", b"c", b"d"]
        await service.stop()

    asyncio.run(scenario())


def test_commands_beyond_a_batch_wait_for_the_next_one() -> None:
    async def scenario() -> None:
        service = Service(inline(), config=ExecutorConfig(batch_commands_max=3))
        await service.executor.start()
        await service.run(*(b"%d" % number for number in range(8)))
        assert len(service.replica.entries) == 3
        assert len(service.keys()) == 8
        await service.stop()

    asyncio.run(scenario())


def test_batch_ends_when_its_changes_are_many_bytes() -> None:
    async def scenario() -> None:
        service = Service(inline(), config=ExecutorConfig(batch_bytes_max=100))
        await service.executor.start()
        keys = [b"%d" % number + b"x" * 30 for number in range(9)]
        results = await service.run(*keys[:4], b"broken", b"refused", *keys[4:], b"l" * 500)
        expected = [WorkReply] * 4 + [Internal, NoSuchKey] + [WorkReply] * 6
        assert kinds(results) == expected
        assert service.keys() == [*keys, b"l" * 500]
        with service.store.read() as txn:
            ids = [value for _, value in txn.scan(ROWS, prefix=b"")]
        assert ids == sorted(ids)
        assert 3 <= len(service.replica.entries) <= 5
        await service.stop()

    asyncio.run(scenario())


def test_queue_has_a_limit() -> None:
    async def scenario() -> None:
        service = Service(inline(), config=ExecutorConfig(queued_commands_max=2))
        await service.executor.start()
        assert kinds(await service.run(b"a", b"b", b"c")) == [WorkReply, WorkReply, Overloaded]
        await service.stop()

    asyncio.run(scenario())


def test_entries_that_were_not_executed_here_are_copied() -> None:
    async def scenario() -> None:
        leader = Service(inline())
        await leader.executor.start()
        await leader.run(b"a", b"b")
        await leader.run(b"c")
        follower = Service(inline())
        await follower.executor.apply(
            [
                Entry(one.index, one.term, bytes(bytearray(one.payload)))
                for one in leader.replica.entries
            ]
        )
        assert follower.keys() == [b"a", b"b", b"c"]
        assert follower.executor.applied_index() == 2
        await leader.stop()

    asyncio.run(scenario())


def test_command_is_refused_while_another_node_leads() -> None:
    async def scenario() -> None:
        service = Service(inline())
        with pytest.raises(NotLeader):
            await service.executor.execute(KeyToDelete(key=b"a"))

    asyncio.run(scenario())


class BarrierLost(MemoryReplica):
    """Still thinks that it leads."""

    async def read_barrier(self) -> None:
        raise NotLeader(group="test")


def test_refusal_of_a_leader_that_was_replaced_is_not_given() -> None:
    """It is a read of a state that may be old."""

    async def scenario() -> None:
        service = Service(inline(), replica=BarrierLost())
        await service.executor.start()
        assert kinds(await service.run(b"refused")) == [NotLeader]
        await service.stop()

    asyncio.run(scenario())


class Refusing(MemoryReplica):
    """Takes no proposal until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = True

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        if self.refuses:
            raise Overloaded("too many proposals wait")
        return await super().propose(payload, committed=committed)


def test_batch_that_could_not_be_proposed_leaves_nothing_and_the_next_one_runs() -> None:
    async def scenario() -> None:
        replica = Refusing()
        service = Service(inline(), replica=replica)
        await service.executor.start()
        assert kinds(await service.run(b"a", b"b")) == [Overloaded, Overloaded]
        assert service.keys() == []
        replica.refuses = False
        assert kinds(await service.run(b"a")) == [WorkReply]
        assert service.keys() == [b"a"]
        await service.stop()

    asyncio.run(scenario())


class Gate:
    """A handler that waits on the writer thread until it is let go."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, txn: CapturingTxn, command: KeyToDelete, now: Now) -> Message:
        self.entered.set()
        assert self.open.wait(10)
        txn.put(ROWS, command.key, b"")
        return WorkReply()


def test_stop_answers_the_batch_that_runs_and_then_refuses() -> None:
    async def scenario() -> None:
        gate = Gate()
        service = Service(
            inline_runtime(ManualClock(), blocking=ThreadBlocking(pool_threads=1)),
            handlers={KeyToDelete: gate},
        )
        await service.executor.start()
        running = asyncio.ensure_future(service.run(b"running"))
        assert await asyncio.to_thread(gate.entered.wait, 10)
        queued = asyncio.ensure_future(service.run(b"queued"))
        await asyncio.sleep(0)
        stopping = asyncio.ensure_future(service.executor.stop())
        await asyncio.sleep(0.01)
        assert not stopping.done()
        assert kinds(await service.run(b"late")) == [Stopping]
        gate.open.set()
        assert kinds([*await running, *await queued]) == [WorkReply, WorkReply]
        await stopping
        await service.runtime.stop()
        assert service.keys() == [b"queued", b"running"]

    asyncio.run(scenario())


def test_cancelled_executor_leaves_no_transaction_open_and_no_caller_waiting() -> None:
    async def scenario() -> None:
        gate = Gate()
        store = MemoryStore(TABLES)
        service = Service(
            inline_runtime(ManualClock(), blocking=ThreadBlocking(pool_threads=1)),
            store=store,
            handlers={KeyToDelete: gate},
        )
        await service.executor.start()
        running = asyncio.ensure_future(service.run(b"running"))
        assert await asyncio.to_thread(gate.entered.wait, 10)
        queued = asyncio.ensure_future(service.run(b"queued"))
        await asyncio.sleep(0)
        stopping = asyncio.ensure_future(service.runtime.tasks.stop())
        await asyncio.sleep(0.01)
        gate.open.set()
        await stopping
        assert kinds([*await running, *await queued]) == [Stopping, Stopping]
        assert kinds(await service.run(b"late")) == [Stopping]
        txn = store.begin()
        txn.put(ROWS, b"the store is free", b"")
        txn.commit()
        assert service.keys() == [b"the store is free"]
        await service.stop()

    asyncio.run(scenario())


class BreakingStore(MemoryStore):
    """Fails as a store does whose disk is gone: not with one of our errors."""

    broken = False

    def begin(self) -> MemoryWriteTxn:
        if self.broken:
            raise OSError("input/output error")
        return super().begin()


def test_executor_that_fails_tells_whoever_waits_and_whoever_comes_later() -> None:
    async def scenario() -> None:
        store = BreakingStore(TABLES)
        service = Service(inline(), store=store, config=ExecutorConfig(batch_commands_max=1))
        await service.executor.start()
        store.broken = True
        assert kinds(await service.run(b"a", b"b")) == [Internal, Internal]
        assert kinds(await service.run(b"c")) == [Internal]
        await service.stop()

    asyncio.run(scenario())


class Failing(MemoryStore):
    """Commits fail while there is an `error`; a failed one ends its transaction, as LMDB's does."""

    error: Exception | None = None
    failures = 0

    def begin(self) -> MemoryWriteTxn:
        txn = super().begin()
        error = self.error
        if error is not None:

            def commit() -> None:
                self.failures += 1
                txn.abort()
                raise error

            txn.commit = commit  # type: ignore[method-assign]
        return txn


def test_commit_that_fails_fails_its_callers_and_the_node_leads_no_more() -> None:
    async def scenario() -> None:
        store = Failing(TABLES)
        service = Service(inline(), store=store)
        await service.executor.start()
        store.error = OSError("input/output error")
        assert kinds(await service.run(b"a", b"b")) == [Internal, Internal]
        assert kinds(await service.run(b"c")) == [NotLeader]
        assert service.keys() == []
        await service.runtime.stop()

    asyncio.run(scenario())


def test_commit_on_a_full_disk_waits_for_room_and_loses_nothing() -> None:
    async def scenario() -> None:
        store = Failing(TABLES)
        clock = ManualClock()
        service = Service(inline_runtime(clock), store=store)
        await service.executor.start()
        store.error = NoSpace("the disk is full")
        running = asyncio.ensure_future(service.run(b"a", b"b"))
        async with asyncio.timeout(5):
            while store.failures < 3:
                clock.advance(1_000)
                await asyncio.sleep(0)
        assert not running.done()
        assert service.keys() == []
        store.error = None
        async with asyncio.timeout(5):
            while not running.done():
                clock.advance(1_000)
                await asyncio.sleep(0)
        assert kinds(await running) == [WorkReply, WorkReply]
        assert service.keys() == [b"a", b"b"]
        assert kinds(await service.run(b"c")) == [WorkReply]
        await service.stop()

    asyncio.run(scenario())


def test_batch_ends_when_its_changes_are_large_and_the_rest_follows() -> None:
    async def scenario() -> None:
        config = ExecutorConfig(batch_bytes_max=100)
        service = Service(inline(), config=config)
        await service.executor.start()
        keys = [b"%02d" % number + b"x" * 60 for number in range(10)]
        assert kinds(await service.run(*keys)) == [WorkReply] * 10
        assert service.keys() == keys
        # Each changes 70 bytes: the second one fills a batch.
        assert service.executor.applied_index() == 5
        await service.stop()

    asyncio.run(scenario())


def test_caller_that_goes_away_does_not_take_its_command_back() -> None:
    async def scenario() -> None:
        service = Service(inline())
        await service.executor.start()
        calling = asyncio.ensure_future(service.executor.execute(KeyToDelete(key=b"a")))
        await asyncio.sleep(0)
        calling.cancel()
        await service.run(b"b")
        assert service.keys() == [b"a", b"b"]
        await service.stop()

    asyncio.run(scenario())


def test_log_is_released_as_far_as_the_store_is_durable() -> None:
    async def scenario() -> None:
        service = Service(inline(), config=ExecutorConfig(batch_commands_max=1))
        await service.executor.start()
        for start in range(0, 2_000, 100):
            await service.run(*(b"%d" % number for number in range(start, start + 100)))
        assert service.executor.applied_index() == 2_000
        assert len(service.replica.entries) == 0
        await service.run(b"more")
        assert len(service.replica.entries) == 1
        await service.stop()
        assert len(service.replica.entries) == 0

    asyncio.run(scenario())
