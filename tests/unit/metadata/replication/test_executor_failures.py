"""Executors that are stopped or cancelled, and stores and disks that fail under them."""

import asyncio
import errno
import threading

from google.protobuf.message import Message

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.replication.executor_harness import (
    ROWS,
    TABLES,
    Service,
    inline,
    kinds,
)
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.errors import (
    Internal,
    NoSpace,
    NotLeader,
    Stopping,
)
from trioxygen.metadata.replication.batch import Now
from trioxygen.metadata.replication.executor import ExecutorConfig
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore, MemoryWriteTxn
from trioxygen.metadata.store.ports import StoreFailed
from trioxygen.proto.v1.om_pb2 import KeyToDelete
from trioxygen.proto.v1.replication_pb2 import WorkReply


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
        async with asyncio.timeout(60):
            while store.failures < 3:
                clock.advance(1_000)
                await asyncio.sleep(0)
        assert not running.done()
        assert service.keys() == []
        store.error = None
        async with asyncio.timeout(60):
            while not running.done():
                clock.advance(1_000)
                await asyncio.sleep(0)
        assert kinds(await running) == [WorkReply, WorkReply]
        assert service.keys() == [b"a", b"b"]
        assert kinds(await service.run(b"c")) == [WorkReply]
        await service.stop()

    asyncio.run(scenario())


class StoreWithoutSync(MemoryStore):
    def sync(self) -> None:
        raise StoreFailed(errno.EIO, "the disk is gone")


def test_executor_whose_disk_has_failed_can_stop() -> None:
    async def scenario() -> None:
        service = Service(inline(), store=StoreWithoutSync(TABLES))
        await service.executor.start()
        assert kinds(await service.run(b"key")) == [WorkReply]
        await service.stop()
        assert not service.replica.is_leader()

    asyncio.run(scenario())
