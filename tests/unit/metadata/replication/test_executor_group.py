"""Executors on a group of three: who leads executes, who follows copies, who was deposed aborts."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from google.protobuf.message import Message

from tests.contract.replica_harness import TICK_MS, Member, RaftGroup, run, until
from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.memory_replica import MemoryReplica
from trioxygen.common.errors import NotLeader, Stopping, Unavailable
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.metadata.raft.ports import LogCompacted
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.replication.executor import Executor, ExecutorConfig
from trioxygen.metadata.replication.retries import RETRIES
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.om_pb2 import ReleaseLeasesReply, ReleaseLeasesRequest
from trioxygen.proto.v1.replication_pb2 import MemberRow, PutMember

ROWS = Table(2, "rows")
TABLES = (META, RETRIES.table, ROWS)
MEMBERS = [
    MemberRow(replica_id=number, node_id=f"n{number}", address=f"node{number}", incarnation=number)
    for number in (1, 2, 3)
]


def add_one(txn: CapturingTxn, command: ReleaseLeasesRequest, now: Now) -> Message | Refusal:
    """The test's command: each of its lease ids names a row to count in."""
    for row in command.lease_ids:
        key = row.to_bytes(8, "big")
        before = int.from_bytes(txn.get(ROWS, key) or b"", "big")
        txn.put(ROWS, key, (before + 1).to_bytes(8, "big"))
    return ReleaseLeasesReply()


class Group:
    def __init__(self, root: Path, *, open_store: Callable[[str], Store]) -> None:
        self.raft = RaftGroup(root, 3)
        self._open_store = open_store
        self.stores: dict[ReplicaId, Store] = {}
        self.executors: dict[ReplicaId, Executor] = {}

    async def start(self) -> None:
        for member in self.raft.members:
            await self.boot(member)

    async def boot(self, member: Member, configuration: Configuration | None = None) -> None:
        replica = await member.boot(configuration or self.raft.configuration)
        if member.id not in self.stores:
            self.stores[member.id] = self._open_store(member.address)
        executor = self.executors[member.id] = Executor(
            name="test",
            runtime=member.runtime,
            store=self.stores[member.id],
            replica=replica,
            tables=(ROWS,),
            handlers={ReleaseLeasesRequest: add_one},
            protos=(om_pb2.DESCRIPTOR,),
            config=ExecutorConfig(batch_commands_max=8),
            first_members=MEMBERS,
        )
        await executor.start()

    async def leader(self, *, not_: Sequence[Member] = ()) -> tuple[Member, Executor]:
        member = await self.raft.leader(not_=not_)
        return member, self.executors[member.id]

    def rows(self, member: Member) -> dict[int, int]:
        with self.stores[member.id].read() as txn:
            return {
                int.from_bytes(key, "big"): int.from_bytes(value, "big")
                for key, value in txn.scan(ROWS, prefix=b"")
            }

    def everything(self, member: Member) -> dict[str, list[tuple[bytes, bytes]]]:
        with self.stores[member.id].read() as txn:
            return {table.name: list(txn.scan(table, prefix=b"")) for table in TABLES}

    async def all_equal(self) -> None:
        def is_done() -> bool:
            first, *others = [self.everything(member) for member in self.raft.members]
            return all(other == first for other in others)

        await until(is_done)

    async def end(self) -> None:
        await self.raft.end()
        for store in self.stores.values():
            store.close()


class Client:
    """Counts in rows of its own, with retries that carry the request's id."""

    def __init__(self, group: Group, client_id: int) -> None:
        self._group, self._client_id = group, client_id
        self.acknowledged = 0

    async def work(self, count: int) -> None:
        for number in range(count):
            request = ReleaseLeasesRequest(
                client_id=self._client_id, request_id=number + 1, lease_ids=[self._client_id]
            )
            while True:
                _, executor = await self._group.leader()
                try:
                    # A command may be answered late or never: it is asked again, maybe elsewhere.
                    async with asyncio.timeout(0.5):
                        await executor.execute(request)
                except (Unavailable, TimeoutError):
                    await asyncio.sleep(TICK_MS / 1_000)
                    continue
                break
            self.acknowledged += 1


def memory(name: str) -> Store:
    return MemoryStore(TABLES)


@pytest.fixture(params=["memory", "lmdb"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Store]:
    if request.param == "memory":
        return memory
    return lambda name: LmdbStore(tmp_path / name, TABLES, map_bytes=64 << 20)


def test_each_command_counts_once_whichever_leader_dies(
    tmp_path: Path, open_store: Callable[[str], Store]
) -> None:
    async def scenario() -> None:
        group = Group(tmp_path, open_store=open_store)
        await group.start()
        clients = [Client(group, 100 + number) for number in range(10)]
        working = [asyncio.ensure_future(client.work(30)) for client in clients]
        for victim in range(4):
            goal = 50 * (victim + 1)
            await until(lambda goal=goal: sum(client.acknowledged for client in clients) > goal)  # type: ignore[misc]
            member, _ = await group.leader()
            if victim % 2:
                group.raft.cut_off(member)
                await group.leader(not_=[member])
                group.raft.faults.heal()
            else:
                await member.crash()
                await group.boot(member)
        await asyncio.gather(*working)
        await group.all_equal()
        expected = {100 + number: 30 for number in range(10)}
        assert [group.rows(member) for member in group.raft.members] == [expected] * 3
        await group.end()

    run(scenario())


def test_batch_of_a_deposed_leader_leaves_nothing(
    tmp_path: Path, open_store: Callable[[str], Store]
) -> None:
    async def scenario() -> None:
        group = Group(tmp_path, open_store=open_store)
        await group.start()
        old, executor = await group.leader()
        await executor.execute(ReleaseLeasesRequest(lease_ids=[1]))
        group.raft.cut_off(old)
        lost = [
            asyncio.ensure_future(executor.execute(ReleaseLeasesRequest(lease_ids=[2])))
            for _ in range(20)
        ]
        _, executor_of_new = await group.leader(not_=[old])
        await executor_of_new.execute(ReleaseLeasesRequest(lease_ids=[3]))
        outcomes = await asyncio.gather(*lost, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {NotLeader}
        group.raft.faults.heal()
        await group.all_equal()
        assert group.rows(old) == {1: 1, 3: 1}
        # It can lead again, with a transaction of its own.
        await group.raft.lead(old)
        await executor.execute(ReleaseLeasesRequest(lease_ids=[4]))
        await group.all_equal()
        assert group.rows(old) == {1: 1, 3: 1, 4: 1}
        await group.end()

    run(scenario())


def test_kept_answer_is_given_by_the_next_leader(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = Group(tmp_path, open_store=memory)
        await group.start()
        request = ReleaseLeasesRequest(client_id=9, request_id=1, lease_ids=[5])
        member, executor = await group.leader()
        await executor.execute(request)
        await member.crash()
        _, next_executor = await group.leader()
        await next_executor.execute(request)
        await next_executor.read_barrier()
        other = next(member for member in group.raft.members if member.is_up)
        await group.executors[other.id].read_barrier()
        assert group.rows(other) == {5: 1}
        await group.end()

    run(scenario())


def test_members_and_configuration_are_part_of_the_state(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = Group(tmp_path, open_store=memory)
        await group.start()
        member, executor = await group.leader()
        await until(lambda: [*executor.members()] == MEMBERS)
        fourth = MemberRow(replica_id=4, node_id="n4", address="node4", incarnation=4)
        await executor.execute(PutMember(member=fourth))
        busy = [asyncio.ensure_future(Client(group, 100 + n).work(20)) for n in range(4)]
        voters = group.raft.configuration.voters
        new = group.raft.member(ReplicaId(4))
        await group.boot(new, Configuration(voters=()))
        await member.replica.propose_configuration(voters=voters, learners=[new.id])
        await member.replica.propose_configuration(voters=[*voters, new.id])
        await asyncio.gather(*busy)
        group.raft.members.append(new)
        await group.all_equal()
        for each in group.raft.members:
            applied = group.executors[each.id].applied()
            assert applied.configuration
            assert applied.index == group.executors[member.id].applied_index()
            assert [*group.executors[each.id].members()] == [*MEMBERS, fourth]
        # A restart knows the configuration from the state alone.
        for each in list(group.raft.members):
            await each.crash()
        for each in group.raft.members:
            await group.boot(each, Configuration(voters=()))
        leader, executor = await group.leader()
        assert leader.replica.applied_configuration.voters == (*voters, new.id)
        await executor.execute(ReleaseLeasesRequest(lease_ids=[6]))
        await group.end()

    run(scenario())


def test_changes_can_be_followed_on_any_member_from_any_index(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = Group(tmp_path, open_store=memory)
        await group.start()
        member, executor = await group.leader()
        copies: dict[ReplicaId, dict[bytes, bytes]] = {}

        async def follow(each: Member, after: int, rows: dict[bytes, bytes]) -> None:
            async for index, delta in group.executors[each.id].changes(after):
                assert index > after
                after = index
                values = iter(delta.values)
                for operation, key in zip(delta.operations, delta.keys, strict=True):
                    value = next(values)
                    if operation >> 2 == ROWS.number:
                        rows[key] = value

        following = [
            asyncio.ensure_future(follow(member, 0, copies.setdefault(member.id, {})))
            for member in group.raft.members
        ]
        for number in range(30):
            await executor.execute(ReleaseLeasesRequest(lease_ids=[number % 7]))
        await group.all_equal()
        late: dict[bytes, bytes] = {}
        following.append(asyncio.ensure_future(follow(member, 0, late)))
        with group.stores[member.id].read() as txn:
            expected = dict(txn.scan(ROWS, prefix=b""))
        await until(lambda: [*copies.values(), late] == [expected] * 4)
        await executor.stop()
        outcomes = await asyncio.gather(following[-1], return_exceptions=True)
        assert isinstance(outcomes[0], Stopping)
        for each in following:
            each.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await group.end()

    run(scenario())


def test_feed_that_is_too_far_behind_is_told_to_start_over() -> None:
    async def scenario() -> None:
        replica = MemoryReplica()
        executor = Executor(
            name="test",
            runtime=inline_runtime(ManualClock()),
            store=MemoryStore(TABLES),
            replica=replica,
            tables=(ROWS,),
            handlers={ReleaseLeasesRequest: add_one},
            protos=(om_pb2.DESCRIPTOR,),
            config=ExecutorConfig(),
        )
        await executor.start()
        for _ in range(10):
            await executor.execute(ReleaseLeasesRequest(lease_ids=[1]))
        replica.state_is_durable_through(5)
        index, _ = await anext(executor.changes(5))
        assert index == 6
        with pytest.raises(LogCompacted):
            await anext(executor.changes(4))
        await executor.stop()

    run(scenario())
