"""A group of one whose disk is full, or fails, or whose state machine does."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.raft.driver.one_voter import Machine, started
from tests.unit.metadata.raft.inline import inline_runtime
from tests.unit.metadata.raft.logs_for_tests import DIRECTORY, GROUP, SMALL
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import Internal, NoSpace
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.log.segment import LogFailed
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Entry


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
        assert await replica.propose(b"c" * 8_000) == 3
        assert machine.payloads() == [b"a" * 8_000, b"c" * 8_000]
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
        assert machine.payloads() == []
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


def test_full_disk_refuses_also_what_comes_while_it_says_so() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=16 * 1024)
        machine = Machine()
        replica, wal = await started(disk, machine)
        rng, acknowledged, refused = random.Random(1), [], 0

        async def client(number: int) -> None:
            nonlocal refused
            for turn in range(40):
                payload = b"%d-%02d" % (number, turn) * 100
                try:
                    await replica.propose(payload)
                    acknowledged.append(payload)
                except NoSpace:
                    refused += 1
                # In every place between the refusal of the log and its being heard of.
                for _ in range(rng.randrange(6)):
                    await asyncio.sleep(0)

        await asyncio.gather(*[client(number) for number in range(9)])
        assert refused and sorted(machine.payloads()) == sorted(acknowledged)
        acknowledged = machine.payloads()
        disk.capacity_bytes *= 8
        await replica.propose(b"later")
        await replica.stop()
        await wal.close()
        machine = Machine()
        replica, wal = await started(disk, machine)
        assert machine.payloads() == [*acknowledged, b"later"]
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_reads_go_on_after_the_log_has_failed() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica, wal = await started(disk, Machine())
        await replica.propose(b"before")
        disk.syncs_until_failure = 0
        with pytest.raises(LogFailed):
            await replica.propose(b"lost")
        assert replica.is_leader() and isinstance(replica.failure, LogFailed)
        await replica.read_barrier()
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_all_that_is_committed_is_applied_after_the_log_has_failed() -> None:
    async def scenario() -> None:
        gate, applying = asyncio.Event(), asyncio.Event()

        class SlowMachine(Machine):
            async def apply(self, entries: Sequence[Entry]) -> None:
                if any(entry.payload for entry in entries):
                    applying.set()
                    await gate.wait()
                await super().apply(entries)

        disk, machine = MemoryDisk(), SlowMachine()
        # One of them at a time is handed to the machine.
        config = RaftReplicaConfig(core=RaftConfig(committed_bytes_max=1_000))
        replica, wal = await started(disk, machine, config)
        payloads = [b"%d" % number * 1_000 for number in range(4)]
        committed = [asyncio.ensure_future(replica.propose(payload)) for payload in payloads]
        await applying.wait()
        assert replica.status().commit == 5
        disk.syncs_until_failure = 0
        with pytest.raises(LogFailed):
            await replica.propose(b"lost")
        gate.set()
        async with asyncio.timeout(10):
            assert await asyncio.gather(*committed) == [2, 3, 4, 5]
        assert machine.payloads() == payloads
        assert replica.is_leader()
        await replica.read_barrier()
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_log_that_fails_at_the_start_is_told_at_once() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        # Time stands still.
        runtime = replace(inline_runtime(disk), clock=ManualClock())
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        replica = OnlyVoter(runtime, wal, GROUP)
        disk.syncs_until_failure = 0
        async with asyncio.timeout(10):
            with pytest.raises(LogFailed):
                await replica.start(Machine())
            await replica.stop()
        await wal.close()

    asyncio.run(scenario())


def test_replica_starts_on_a_disk_that_has_no_room_for_a_proposal() -> None:
    async def scenario() -> None:
        disk = MemoryDisk(capacity_bytes=16 * 1024)
        replica, wal = await started(disk, Machine())
        for size_bytes in (2_000, 100, 1):
            while True:
                try:
                    await replica.propose(b"x" * size_bytes)
                except NoSpace:
                    break
        await replica.stop()
        await wal.close()
        async with asyncio.timeout(20):
            replica, wal = await started(disk, Machine())
        with pytest.raises(NoSpace):
            await replica.propose(b"x")
        await replica.read_barrier()
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())
