"""What every replica does for its state machine and its proposers."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.contract.replica_harness import Machine, Member, RaftGroup, until
from tests.unit.metadata.memory_replica import MemoryReplica
from trioxygen.common.errors import Internal, NotLeader, Stopping
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import (
    GroupId,
    Replica,
    ReplicaFailed,
    ReplicatedStateMachine,
)


class Node:
    """One disk: replicas made one after the other see the same log."""

    async def make(self) -> Replica:
        raise NotImplementedError

    async def start(self, replica: Replica, machine: ReplicatedStateMachine) -> None:
        """Returns when it leads."""
        await replica.start(machine)

    async def end(self) -> None:
        return


class MemoryNode(Node):
    def __init__(self) -> None:
        self._replica = MemoryReplica()

    async def make(self) -> Replica:
        return self._replica


class OnlyVoterNode(Node):
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._runtimes: list[tuple[Runtime, WriteAheadLog]] = []

    async def make(self) -> Replica:
        await self.end()
        runtime = system_runtime(LocalNetwork())
        config = WalConfig(segment_bytes=256 * 1024)
        wal = await WriteAheadLog.open(self._directory, runtime, config)
        self._runtimes.append((runtime, wal))
        return OnlyVoter(runtime, wal, GroupId(1))

    async def end(self) -> None:
        while self._runtimes:
            runtime, wal = self._runtimes.pop()
            await wal.close()
            await runtime.stop()


class RaftNode(Node):
    """The first member of a group; the others go on while it is stopped."""

    def __init__(self, root: Path, voters: int) -> None:
        self._group = RaftGroup(root, voters)
        self._member: Member = self._group.members[0]

    async def make(self) -> Replica:
        await self._member.crash()
        return await self._member.boot(self._group.configuration)

    async def start(self, replica: Replica, machine: ReplicatedStateMachine) -> None:
        await self._member.start(machine)
        for other in self._group.members:
            if not other.is_up:
                await other.boot(self._group.configuration)
                await other.start(Machine())
        await self._group.lead(self._member)

    async def end(self) -> None:
        await self._group.end()


Scenario = Callable[[Node], Awaitable[None]]
Run = Callable[[Scenario], None]


@pytest.fixture(params=["only voter", "memory", "raft of one", "raft of three"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    def run_scenario(scenario: Scenario) -> None:
        async def whole() -> None:
            node: Node
            if request.param == "memory":
                node = MemoryNode()
            elif request.param == "only voter":
                node = OnlyVoterNode(tmp_path / "log")
            else:
                node = RaftNode(tmp_path, 1 if request.param == "raft of one" else 3)
            try:
                async with asyncio.timeout(240):
                    await scenario(node)
            finally:
                await node.end()

        asyncio.run(whole())

    return run_scenario


def test_proposals_are_applied_once_and_in_the_order_of_the_calls(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await node.start(replica, machine)
        payloads = [b"%d" % number for number in range(300)]
        indexes = await asyncio.gather(*map(replica.propose, payloads))
        assert indexes == list(range(indexes[0], indexes[0] + 300))
        assert machine.payloads() == payloads
        assert [entry.index for entry in machine.commands()] == indexes
        assert {entry.term for entry in machine.commands()} == {replica.term}
        await replica.stop()

    run(scenario)


def test_proposal_is_applied_when_it_is_answered_as_the_very_object_given(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await node.start(replica, machine)
        for number in range(5):
            payload = b"payload %d" % number
            index = await replica.propose(payload)
            assert machine.applied_index() == index
            assert machine.entries[-1].payload is payload
        await replica.stop()

    run(scenario)


def test_proposals_made_while_others_are_applied_go_together(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await node.start(replica, machine)
        machine.gate = asyncio.Event()
        first = asyncio.ensure_future(replica.propose(b"first"))
        await until(lambda: machine.is_applying)
        others = [asyncio.ensure_future(replica.propose(b"%d" % n)) for n in range(10)]
        await asyncio.sleep(0.02)
        assert not first.done()
        machine.gate.set()
        await asyncio.gather(first, *others)
        assert machine.runs[-2:] == [1, 10]
        await replica.stop()

    run(scenario)


def test_cancelled_proposer_does_not_hold_up_the_others(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await node.start(replica, machine)
        machine.gate = asyncio.Event()
        tasks = [asyncio.ensure_future(replica.propose(b"%d" % n)) for n in range(3)]
        await asyncio.sleep(0.01)
        tasks[0].cancel()
        tasks[2].cancel()
        machine.gate.set()
        index = await tasks[1]
        assert await replica.propose(b"3") == index + 2
        assert machine.payloads() == [b"0", b"1", b"2", b"3"]
        await replica.stop()

    run(scenario)


def test_restart_replays_what_the_state_lacks(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await node.start(replica, machine)
        for number in range(10):
            await replica.propose(b"%d" % number)
        term = replica.term
        await replica.stop()

        later = Machine(machine.entries[:6])
        replica = await node.make()
        await node.start(replica, later)
        assert later.entries[: len(machine.entries)] == machine.entries
        assert replica.term > term
        before = later.applied_index()
        assert await replica.propose(b"next") == before + 1
        assert later.payloads() == [*machine.payloads(), b"next"]
        assert later.entries[-1].term == replica.term
        await replica.stop()

    run(scenario)


def test_restart_after_release_replays_only_what_is_not_durable(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await node.start(replica, machine)
        for number in range(20):
            await replica.propose(b"%d" % number)
        replica.state_is_durable_through(15)
        await replica.propose(b"20")
        await replica.stop()

        later = Machine(machine.entries[:15])
        replica = await node.make()
        await node.start(replica, later)
        assert later.entries[: len(machine.entries)] == machine.entries
        assert later.payloads() == machine.payloads()
        await replica.stop()

    run(scenario)


def test_replica_that_does_not_lead_takes_no_proposal(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica = await node.make()
        assert not replica.is_leader()
        with pytest.raises(NotLeader):
            await replica.propose(b"early")
        with pytest.raises(NotLeader):
            await replica.read_barrier()
        await node.start(replica, Machine())
        assert replica.is_leader()
        await replica.read_barrier()
        await replica.stop()
        assert not replica.is_leader()
        with pytest.raises((NotLeader, Stopping)):
            await replica.propose(b"late")

    run(scenario)


def test_stop_waits_for_what_was_proposed(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await node.start(replica, machine)
        proposals = [asyncio.ensure_future(replica.propose(b"%d" % n)) for n in range(20)]
        await asyncio.sleep(0)
        await replica.stop()
        indexes = await asyncio.gather(*proposals)
        assert indexes == list(range(indexes[0], indexes[0] + 20))
        assert len(machine.commands()) == 20

    run(scenario)


def test_failing_state_machine_stops_the_replica(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await node.start(replica, machine)
        machine.fails_at = await replica.propose(b"fine") + 1
        outcomes = await asyncio.gather(
            replica.propose(b"fails"), replica.propose(b"behind"), return_exceptions=True
        )
        assert all(isinstance(outcome, Internal | ReplicaFailed) for outcome in outcomes)
        assert not replica.is_leader()
        with pytest.raises((Internal, ReplicaFailed), match="cannot apply"):
            await replica.propose(b"later")
        assert machine.payloads() == [b"fine"]
        await replica.stop()

    run(scenario)
