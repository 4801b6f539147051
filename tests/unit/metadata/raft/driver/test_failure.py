"""What a replica that takes part no more says why, and what others are told."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.unit.metadata.raft.driver.one_voter import Machine, started
from tests.unit.metadata.raft.logs_for_tests import GROUP
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import Stopping
from trioxygen.metadata.raft.driver.failure import failure_of_machine
from trioxygen.metadata.raft.ports import Entry, StateMachineFailed


def test_machine_that_stops_has_not_failed() -> None:
    assert type(failure_of_machine(RuntimeError("broken"), GROUP)) is StateMachineFailed
    assert type(failure_of_machine(None, GROUP)) is Stopping
    stopping = Stopping("applied at the next start")
    assert failure_of_machine(stopping, GROUP) is stopping


class LaterMachine(Machine):
    """Is stopped before it can apply what is proposed."""

    async def apply(self, entries: Sequence[Entry]) -> None:
        if any(entry.payload for entry in entries):
            raise Stopping("applied at the next start")
        await super().apply(entries)


def test_callers_of_a_machine_that_stops_are_told_so_and_nothing_is_logged_as_failed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        replica, wal = await started(disk, LaterMachine())
        for _ in range(2):
            with pytest.raises(Stopping, match="applied at the next start") as raised:
                await replica.propose(b"later")
            assert type(raised.value) is Stopping
        await replica.stop()
        await wal.close()
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []
        machine = Machine()
        replica, wal = await started(disk, machine)
        assert machine.payloads() == [b"later"]
        await replica.stop()
        await wal.close()

    asyncio.run(scenario())
