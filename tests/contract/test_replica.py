"""What every replica does for its state machine and its proposers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from trioxygen.common.errors import Internal, NotLeader, Stopping
from trioxygen.common.network_local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.raft.memory_log import MemoryReplica
from trioxygen.metadata.raft.ports import Entry, GroupId, Replica
from trioxygen.metadata.raft.replica import SingleVoterReplica
from trioxygen.metadata.raft.wal import WalConfig, WriteAheadLog


class Machine:
    """Remembers what was applied, and in which runs."""

    def __init__(self, durable: Sequence[Entry] = ()) -> None:
        self.applied = list(durable)
        self.runs: list[int] = []
        self.is_applying = False
        self.gate: asyncio.Event | None = None
        self.fails_at = 0

    def applied_index(self) -> int:
        return self.applied[-1].index if self.applied else 0

    async def apply(self, entries: Sequence[Entry]) -> None:
        assert not self.is_applying, "apply was called while another call was under way"
        assert entries, "apply was called with nothing"
        self.is_applying = True
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        if any(entry.index == self.fails_at for entry in entries):
            raise RuntimeError("cannot apply")
        self.applied += entries
        self.runs.append(len(entries))
        self.is_applying = False

    def payloads(self) -> list[bytes]:
        return [entry.payload for entry in self.applied]


@dataclass
class Node:
    """One disk: replicas made one after the other see the same log."""

    make: Callable[[], Awaitable[Replica]]
    end: Callable[[], Awaitable[None]]


@dataclass
class DurableNode:
    directory: Path
    runtimes: list[tuple[Runtime, WriteAheadLog]] = field(default_factory=list)

    async def make(self) -> Replica:
        await self.end()
        runtime = system_runtime(LocalNetwork())
        config = WalConfig(segment_bytes=256 * 1024)
        wal = await WriteAheadLog.open(self.directory, runtime, config)
        self.runtimes.append((runtime, wal))
        return SingleVoterReplica(runtime, wal, GroupId(1))

    async def end(self) -> None:
        while self.runtimes:
            runtime, wal = self.runtimes.pop()
            await wal.close()
            await runtime.stop()


def memory_node() -> Node:
    replica = MemoryReplica()

    async def make() -> Replica:
        return replica

    async def end() -> None:
        return

    return Node(make, end)


Scenario = Callable[[Node], Awaitable[None]]
Run = Callable[[Scenario], None]


@pytest.fixture(params=["single voter", "memory"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    def run_scenario(scenario: Scenario) -> None:
        async def whole() -> None:
            if request.param == "memory":
                node = memory_node()
            else:
                durable = DurableNode(tmp_path / "log")
                node = Node(durable.make, durable.end)
            try:
                await scenario(node)
            finally:
                await node.end()

        asyncio.run(whole())

    return run_scenario


def test_proposals_are_applied_once_and_in_the_order_of_the_calls(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await replica.start(machine)
        payloads = [b"%d" % number for number in range(300)]
        indexes = await asyncio.gather(*map(replica.propose, payloads))
        assert indexes == list(range(1, 301))
        assert machine.payloads() == payloads
        assert [entry.index for entry in machine.applied] == indexes
        assert {entry.term for entry in machine.applied} == {replica.term}
        await replica.stop()

    run(scenario)


def test_proposal_is_applied_when_it_is_answered_as_the_very_object_given(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await replica.start(machine)
        for number in range(5):
            payload = b"payload %d" % number
            index = await replica.propose(payload)
            assert machine.applied_index() == index
            assert machine.applied[-1].payload is payload
        await replica.stop()

    run(scenario)


def test_proposals_made_while_others_are_applied_go_together(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        machine.gate = asyncio.Event()
        await replica.start(machine)
        first = asyncio.ensure_future(replica.propose(b"first"))
        await asyncio.sleep(0.02)
        others = [asyncio.ensure_future(replica.propose(b"%d" % n)) for n in range(10)]
        await asyncio.sleep(0.02)
        assert not first.done()
        machine.gate.set()
        await asyncio.gather(first, *others)
        assert machine.runs == [1, 10]
        await replica.stop()

    run(scenario)


def test_cancelled_proposer_does_not_hold_up_the_others(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        machine.gate = asyncio.Event()
        await replica.start(machine)
        tasks = [asyncio.ensure_future(replica.propose(b"%d" % n)) for n in range(3)]
        await asyncio.sleep(0.01)
        tasks[0].cancel()
        tasks[2].cancel()
        machine.gate.set()
        assert await tasks[1] == 2
        assert await replica.propose(b"3") == 4
        assert machine.payloads() == [b"0", b"1", b"2", b"3"]
        await replica.stop()

    run(scenario)


def test_restart_replays_what_the_state_lacks(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await replica.start(machine)
        for number in range(10):
            await replica.propose(b"%d" % number)
        term = replica.term
        await replica.stop()

        later = Machine(machine.applied[:6])
        replica = await node.make()
        await replica.start(later)
        assert later.applied == machine.applied
        assert replica.term > term
        assert await replica.propose(b"next") == 11
        assert later.applied[-1].term == replica.term
        await replica.stop()

    run(scenario)


def test_restart_after_release_replays_only_what_is_not_durable(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        await replica.start(machine)
        for number in range(20):
            await replica.propose(b"%d" % number)
        replica.state_is_durable_through(15)
        await replica.propose(b"20")
        await replica.stop()

        later = Machine(machine.applied[:15])
        replica = await node.make()
        await replica.start(later)
        assert later.applied == machine.applied
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
        await replica.start(Machine())
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
        await replica.start(machine)
        proposals = [asyncio.ensure_future(replica.propose(b"%d" % n)) for n in range(20)]
        await asyncio.sleep(0)
        await replica.stop()
        assert await asyncio.gather(*proposals) == list(range(1, 21))
        assert len(machine.applied) == 20

    run(scenario)


def test_failing_state_machine_stops_the_replica(run: Run) -> None:
    async def scenario(node: Node) -> None:
        replica, machine = await node.make(), Machine()
        machine.fails_at = 2
        await replica.start(machine)
        await replica.propose(b"fine")
        outcomes = await asyncio.gather(
            replica.propose(b"fails"), replica.propose(b"behind"), return_exceptions=True
        )
        assert [isinstance(outcome, Internal) for outcome in outcomes] == [True, True]
        assert not replica.is_leader()
        with pytest.raises(Internal, match="cannot apply"):
            await replica.propose(b"later")
        assert machine.payloads() == [b"fine"]
        await replica.stop()

    run(scenario)
