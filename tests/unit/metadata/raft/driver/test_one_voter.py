"""A group of one: the same driver as every group's, with nobody to wait for."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.common.rpc.session_harness import until
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.raft.driver.one_voter import Machine, started
from tests.unit.metadata.raft.inline import HeldBlocking, inline_runtime
from tests.unit.metadata.raft.logs_for_tests import DIRECTORY, GROUP, SMALL, segments
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.clock import SystemClock
from trioxygen.common.errors import LogCorrupt, Overloaded
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Entry, GroupId
from trioxygen.proto.v1.raft_pb2 import HardState


def test_term_rises_at_each_start() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        terms = []
        for _ in range(3):
            replica, wal = await started(disk, Machine())
            terms.append(replica.term)
            await replica.stop()
            await wal.close()
        assert terms == [1, 2, 3]

    asyncio.run(scenario())


def test_replay_is_handed_over_in_bounded_pieces() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica, wal = await started(disk, Machine())
        for _ in range(30):
            await replica.propose(b"x" * 1_000)
        await replica.stop()
        await wal.close()

        machine = Machine(applied_index=4)
        config = RaftReplicaConfig(core=RaftConfig(committed_bytes_max=5_000))
        replica, wal = await started(disk, machine, config)
        # Thirty behind the first term's own entry, and the second term's.
        assert machine.index == 32
        assert max(sum(len(entry.payload) for entry in run) for run in machine.runs) <= 5_000
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_new_log_starts_after_a_state_that_was_loaded() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica, wal = await started(disk, Machine(applied_index=500))
        # Its own first entry of the term comes before.
        assert await replica.propose(b"next") == 502
        await replica.stop()
        await wal.close()
        machine = Machine(applied_index=500)
        replica, wal = await started(disk, machine)
        assert machine.payloads() == [b"next"]
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_only_voter_whose_log_lost_its_end_goes_on_from_the_state() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica, wal = await started(disk, Machine())
        await replica.propose(b"1")
        await replica.stop()
        await wal.close()
        machine = Machine(applied_index=5)
        replica, wal = await started(disk, machine)
        assert await replica.propose(b"7") == 7
        assert machine.payloads() == [b"7"]
        await replica.stop()
        await wal.close()
        replica, wal = await started(disk, Machine(applied_index=5))
        assert wal.first_index(GROUP) == 6
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_state_older_than_what_the_log_holds_is_corrupt() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica, wal = await started(disk, Machine())
        for _ in range(40):
            await replica.propose(b"x" * 1_000)
        replica.state_is_durable_through(41)
        await until(lambda: len(segments(disk)) == 2)
        await replica.stop()
        await wal.close()
        with pytest.raises(LogCorrupt, match="does not hold"):
            await started(disk, Machine(applied_index=10))

    asyncio.run(scenario())


def test_proposals_are_refused_when_too_many_bytes_wait() -> None:
    async def scenario() -> None:
        config = RaftReplicaConfig(core=RaftConfig(uncommitted_bytes_max=100))
        replica, wal = await started(MemoryDisk(), Machine(), config)
        outcomes = await asyncio.gather(
            *[replica.propose(b"x" * 60) for _ in range(2)], return_exceptions=True
        )
        assert outcomes[0] == 2
        assert isinstance(outcomes[1], Overloaded)
        assert await replica.propose(b"x" * 1_000) == 3
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_groups_share_one_log() -> None:
    async def scenario() -> None:
        runtime = inline_runtime(MemoryDisk())
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        machines = [Machine(), Machine()]
        replicas = [OnlyVoter(runtime, wal, GroupId(number)) for number in range(len(machines))]
        for replica, machine in zip(replicas, machines, strict=True):
            await replica.start(machine)
        await asyncio.gather(*[replica.propose(b"x") for replica in replicas for _ in range(10)])
        assert [len(machine.payloads()) for machine in machines] == [10, 10]
        for replica in replicas:
            await replica.stop()
        await wal.close()

    asyncio.run(scenario())


async def write_as_before(disk: MemoryDisk) -> None:
    """As the replica of a single voter wrote it, before it was a group like every other: a term for
    each start, no vote, no commit index, and no entry of the term's own."""
    wal = await WriteAheadLog.open(DIRECTORY, inline_runtime(disk), SMALL)
    index = 0
    for term in (1, 2):
        await wal.append(GROUP, hard_state=HardState(term=term).SerializeToString())
        for _ in range(3):
            index += 1
            await wal.append(GROUP, (Entry(index, term, b"%d" % index),))
    await wal.close()


def test_log_of_a_single_voter_from_before_is_taken_over() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        await write_as_before(disk)
        machine = Machine(applied_index=2)
        replica, wal = await started(disk, machine)
        assert machine.payloads() == [b"3", b"4", b"5", b"6"]
        assert replica.is_leader() and replica.term == 3
        await replica.propose(b"next")
        await replica.stop()
        await wal.close()
        machine = Machine(applied_index=6)
        replica, wal = await started(disk, machine)
        assert machine.payloads() == [b"next"] and replica.term == 4
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


class CountingClock(SystemClock):
    def __init__(self) -> None:
        self.sleeps = 0

    async def sleep_ms(self, duration_ms: float) -> None:
        self.sleeps += 1
        await super().sleep_ms(duration_ms)


def test_idle_replica_does_not_tick() -> None:
    async def scenario() -> None:
        clock = CountingClock()
        runtime = replace(inline_runtime(MemoryDisk()), clock=clock)
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        replica = OnlyVoter(runtime, wal, GROUP)
        await replica.start(Machine())
        await replica.propose(b"x")
        begun = -1
        async with asyncio.timeout(60):
            # It may be about to end something still.
            while clock.sleeps != begun:
                begun = clock.sleeps
                await asyncio.sleep(0.12)
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_nothing_is_said_to_be_committed_before_it_can_be_read() -> None:
    async def scenario() -> None:
        gate, applying = asyncio.Event(), asyncio.Event()

        class SlowMachine(Machine):
            async def apply(self, entries: Sequence[Entry]) -> None:
                if any(entry.payload for entry in entries):
                    applying.set()
                    await gate.wait()
                await super().apply(entries)

        machine = SlowMachine()
        replica, wal = await started(MemoryDisk(), machine)
        committed = asyncio.Event()
        proposal = asyncio.ensure_future(replica.propose(b"x", committed=committed.set))
        await applying.wait()
        await replica.read_barrier()
        assert machine.payloads() == [] and not committed.is_set() and not proposal.done()
        gate.set()
        await proposal
        assert machine.payloads() == [b"x"]
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_read_that_comes_before_the_first_entry_is_durable_needs_no_tick() -> None:
    async def scenario() -> None:
        # Time stands still.
        blocking, clock = HeldBlocking(), ManualClock()
        runtime = replace(inline_runtime(MemoryDisk()), blocking=blocking, clock=clock)
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        replica = OnlyVoter(runtime, wal, GROUP)
        blocking.held = []
        starting = asyncio.ensure_future(replica.start(Machine()))
        for _ in range(20):
            await asyncio.sleep(0)
        assert blocking.held, "the vote and the first entry are on their way to the disk"
        reading = asyncio.ensure_future(replica.read_barrier())
        await asyncio.sleep(0)
        assert not replica.is_leader() and not reading.done()
        blocking.release()
        async with asyncio.timeout(10):
            await starting
            await reading
        stopping = asyncio.ensure_future(replica.stop())
        while not stopping.done():
            clock.advance(1_000.0)
            await asyncio.sleep(0)
        await wal.close()

    asyncio.run(scenario())
