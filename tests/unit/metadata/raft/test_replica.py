import asyncio
from collections.abc import Sequence

import pytest

from tests.unit.metadata.raft.inline import inline_runtime
from tests.unit.metadata.raft.logs_for_tests import DIRECTORY, GROUP, SMALL, segments
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import Internal, LogCorrupt, NoSpace, Overloaded
from trioxygen.metadata.raft.ports import Entry, GroupId
from trioxygen.metadata.raft.replica import ReplicaConfig, SingleVoterReplica
from trioxygen.metadata.raft.wal import WriteAheadLog
from trioxygen.metadata.raft.wal_segment import LogFailed


class Machine:
    def __init__(self, applied_index: int = 0) -> None:
        self.index = applied_index
        self.runs: list[Sequence[Entry]] = []
        self.broken = False

    def applied_index(self) -> int:
        return self.index

    async def apply(self, entries: Sequence[Entry]) -> None:
        if self.broken:
            raise RuntimeError("broken")
        assert [entry.index for entry in entries] == list(
            range(self.index + 1, self.index + 1 + len(entries))
        )
        self.runs.append(entries)
        self.index = entries[-1].index


async def started(
    disk: MemoryDisk, machine: Machine, config: ReplicaConfig | None = None
) -> tuple[SingleVoterReplica, WriteAheadLog]:
    runtime = inline_runtime(disk)
    wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
    replica = SingleVoterReplica(runtime, wal, GROUP, config)
    await replica.start(machine)
    return replica, wal


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
        replica, wal = await started(disk, machine, ReplicaConfig(replay_bytes_max=5_000))
        assert machine.index == 30
        assert [len(run) for run in machine.runs] == [5, 5, 5, 5, 5, 1]
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_new_log_starts_after_a_state_that_was_loaded() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica, wal = await started(disk, Machine(applied_index=500))
        assert await replica.propose(b"next") == 501
        await replica.stop()
        await wal.close()
        machine = Machine(applied_index=500)
        replica, wal = await started(disk, machine)
        assert machine.index == 501
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
        machine = Machine(applied_index=2)
        replica, wal = await started(disk, machine)
        assert await replica.propose(b"3") == 3
        assert machine.index == 3
        await replica.stop()
        await wal.close()
        replica, wal = await started(disk, Machine(applied_index=2))
        assert wal.first_index(GROUP) == 3
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_state_older_than_what_the_log_holds_is_corrupt() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica, wal = await started(disk, Machine())
        for _ in range(40):
            await replica.propose(b"x" * 1_000)
        replica.state_is_durable_through(40)
        await asyncio.sleep(0.01)
        assert len(segments(disk)) == 2
        await replica.stop()
        await wal.close()
        with pytest.raises(LogCorrupt, match="no longer holds"):
            await started(disk, Machine(applied_index=10))

    asyncio.run(scenario())


def test_full_disk_refuses_proposals_and_the_replica_goes_on_later() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=16 * 1024)
        machine = Machine()
        replica, wal = await started(disk, machine)
        await replica.propose(b"a" * 8_000)
        outcomes = await asyncio.gather(
            *[replica.propose(b"b" * 8_000) for _ in range(3)], return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [NoSpace] * 3
        assert replica.is_leader()
        disk.capacity_bytes *= 4
        assert await replica.propose(b"c" * 8_000) == 2
        assert machine.index == 2
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_failed_log_refuses_proposals() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        machine = Machine()
        replica, wal = await started(disk, machine)
        disk.syncs_until_failure = 0
        for _ in range(2):
            with pytest.raises(LogFailed):
                await replica.propose(b"a")
        assert machine.index == 0
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_proposals_are_refused_when_too_many_bytes_wait() -> None:
    async def scenario() -> None:
        config = ReplicaConfig(in_flight_bytes_max=100)
        replica, wal = await started(MemoryDisk(), Machine(), config)
        outcomes = await asyncio.gather(
            *[replica.propose(b"x" * 60) for _ in range(2)], return_exceptions=True
        )
        assert outcomes[0] == 1
        assert isinstance(outcomes[1], Overloaded)
        assert await replica.propose(b"x" * 1_000) == 2
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_failure_of_the_state_machine_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        machine = Machine()
        replica, wal = await started(MemoryDisk(), machine)
        machine.broken = True
        with pytest.raises(Internal, match="broken"):
            await replica.propose(b"x")
        assert any("task_failed" in record.message for record in caplog.records)
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_groups_share_one_log() -> None:
    async def scenario() -> None:
        runtime = inline_runtime(MemoryDisk())
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        machines = [Machine(), Machine()]
        replicas = [
            SingleVoterReplica(runtime, wal, GroupId(number)) for number in range(len(machines))
        ]
        for replica, machine in zip(replicas, machines, strict=True):
            await replica.start(machine)
        await asyncio.gather(*[replica.propose(b"x") for replica in replicas for _ in range(10)])
        assert [machine.index for machine in machines] == [10, 10]
        for replica in replicas:
            await replica.stop()
        await wal.close()

    asyncio.run(scenario())
