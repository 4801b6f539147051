"""Executors that end, that cannot go on, or whose batch cannot be written as it is."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.replica_harness import RaftGroup, run, until
from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.replication.executor_harness import ROWS, TABLES, Service, put
from tests.unit.metadata.replication.test_executor_group import Group
from trioxygen.common.errors import InvalidRequest, NoSpace, NotLeader, Stopping
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.ports import LogCompacted
from trioxygen.metadata.replication.changes import Changes
from trioxygen.metadata.replication.executor import Executor, ExecutorConfig
from trioxygen.metadata.store.memory_kv import MemoryStore, MemoryWriteTxn
from trioxygen.proto.v1.om_pb2 import KeyToDelete, ReleaseLeasesReply, ReleaseLeasesRequest
from trioxygen.proto.v1.replication_pb2 import MemberRow


class Deposed(MemoryReplica):
    """Leads, is deposed while its first proposal waits, and follows from then on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_deposed = False

    def is_leader(self) -> bool:
        return super().is_leader() and not self.is_deposed

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        self.is_deposed = True
        raise NotLeader(group="test")


def test_executor_that_was_deposed_while_it_began_can_stop() -> None:
    async def scenario() -> None:
        replica = Deposed()
        runtime = inline_runtime(ManualClock())
        executor = Executor(
            name="test",
            runtime=runtime,
            store=MemoryStore(TABLES),
            replica=replica,
            tables=(ROWS,),
            handlers={KeyToDelete: put},
            config=ExecutorConfig(),
            first_members=[MemberRow(replica_id=1, node_id="a", address="a", incarnation=1)],
        )
        await executor.start()
        await until(lambda: replica.is_deposed)
        await executor.stop()
        await runtime.stop()

    run(scenario())


class FullLog(MemoryReplica):
    """Its disk has no room for anything."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        self.refused += 1
        raise NoSpace("the log's disk is full")


def test_first_leader_whose_log_has_no_room_can_stop_and_tells_whoever_waits() -> None:
    async def scenario() -> None:
        replica, clock = FullLog(), ManualClock()
        runtime = inline_runtime(clock)
        executor = Executor(
            name="test",
            runtime=runtime,
            store=MemoryStore(TABLES),
            replica=replica,
            tables=(ROWS,),
            handlers={KeyToDelete: put},
            config=ExecutorConfig(),
            first_members=[MemberRow(replica_id=1, node_id="a", address="a", incarnation=1)],
        )
        await executor.start()
        await until(lambda: replica.refused > 0)
        waiting = asyncio.ensure_future(executor.execute(KeyToDelete(key=b"a")))
        await asyncio.sleep(0)
        stopping = asyncio.ensure_future(executor.stop())
        async with asyncio.timeout(60):
            while not stopping.done():
                clock.advance(1_000)
                await asyncio.sleep(0)
            with pytest.raises(Stopping):
                await waiting
        await stopping
        await runtime.stop()

    run(scenario())


class TornStore(MemoryStore):
    """Breaks once when it is told to."""

    is_torn = False

    def begin(self) -> MemoryWriteTxn:
        if self.is_torn:
            raise RuntimeError("the engine says no")
        return super().begin()


def test_executor_that_dies_leaves_the_lead_to_another(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = Group(tmp_path, open_store=lambda _: TornStore(TABLES))
        await group.start()
        member, executor = await group.leader()
        await executor.execute(ReleaseLeasesRequest(lease_ids=[1]))
        store = group.stores[member.id]
        assert isinstance(store, TornStore)
        store.is_torn = True
        for _ in range(2):
            with pytest.raises(Stopping, match="the engine says no"):
                await executor.execute(ReleaseLeasesRequest(lease_ids=[2]))
        assert member.replica.failure is not None and not member.replica.is_leader()
        _, other = await group.leader(not_=[member])
        await other.execute(ReleaseLeasesRequest(lease_ids=[2]))
        await group.end()

    run(scenario())


def test_executor_of_the_only_voter_that_dies_says_so() -> None:
    async def scenario() -> None:
        store = TornStore(TABLES)
        service = Service(inline_runtime(ManualClock()), store=store)
        await service.executor.start()
        store.is_torn = True
        for _ in range(2):
            [answer] = await service.run(b"a")
            assert "the engine says no" in str(answer)
        store.is_torn = False
        await service.stop()

    run(scenario())


def test_commands_too_large_for_one_entry_together_are_written_one_by_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = Group(tmp_path, open_store=lambda _: MemoryStore(TABLES))
        group.raft = RaftGroup(tmp_path, 3, wal_config=WalConfig(segment_bytes=64 * 1024))
        await group.start()
        member, executor = await group.leader()

        async def change(first_row: int, rows: int) -> object:
            row_ids = range(first_row, first_row + rows)
            return await executor.execute(ReleaseLeasesRequest(lease_ids=row_ids))

        sizes = [1_000, 1_000, 1_000, 10_000, 1_000, 1_000]
        answers = await asyncio.gather(
            *[change(number * 100_000, rows) for number, rows in enumerate(sizes)],
            return_exceptions=True,
        )
        assert isinstance(answers.pop(3), InvalidRequest), "it is too large alone"
        assert [type(answer) for answer in answers] == [ReleaseLeasesReply] * 5
        assert len(group.rows(member)) == 5_000
        await group.end()

    run(scenario())


def test_feed_ends_where_a_snapshot_took_the_place_of_the_log() -> None:
    async def scenario() -> None:
        service = Service(inline_runtime(ManualClock()))
        await service.executor.start()
        await service.run(b"a")
        changes = Changes(service.replica)
        changes.applied_to(1)
        feed = changes.after(0)
        assert (await anext(feed))[0] == 1
        following = asyncio.ensure_future(anext(feed))
        await asyncio.sleep(0)
        changes.installed(20)
        with pytest.raises(LogCompacted):
            await following
        with pytest.raises(LogCompacted):
            await anext(changes.after(19))
        await service.stop()

    run(scenario())
