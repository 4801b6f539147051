"""The state and the log of a replica after a crash in the middle of a snapshot's installation."""

import asyncio

import pytest

from tests.unit.metadata.raft.inline import inline_runtime
from tests.unit.metadata.raft.logs_for_tests import DIRECTORY, GROUP, SMALL, append_many
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import LogCorrupt, Stopping
from trioxygen.metadata.raft.core.membership import encode
from trioxygen.metadata.raft.core.types import (
    Configuration,
    Entry,
    EntryKind,
    HardState,
    ReplicaId,
    SnapshotMeta,
)
from trioxygen.metadata.raft.driver.recovery import Recovered, install, recover_group
from trioxygen.metadata.raft.log.hard_state import decode_hard_state, encode_hard_state
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Applied

FIRST = Configuration(voters=(ReplicaId(1),))
LATER = Configuration(voters=(ReplicaId(1),), learners=(ReplicaId(2),))


async def open_log(disk: MemoryDisk) -> WriteAheadLog:
    return await WriteAheadLog.open(DIRECTORY, inline_runtime(disk), SMALL)


async def recover(
    wal: WriteAheadLog, applied: Applied | None = None, *, new_log: bool = False
) -> Recovered:
    return await recover_group(
        wal, GROUP, applied or Applied(), configuration=FIRST, new_log=new_log
    )


def test_hard_state_comes_back() -> None:
    for state in (HardState(), HardState(7, ReplicaId(3), 90)):
        assert decode_hard_state(encode_hard_state(state)) == (state, (0, 0))
        assert decode_hard_state(encode_hard_state(state, installing=(5, 2))) == (state, (5, 2))


def test_state_that_a_snapshot_put_ahead_of_the_log_begins_it_anew() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await append_many(wal, 5)
        mark = encode_hard_state(HardState(3, ReplicaId(2), 4), installing=(90, 3))
        await wal.append(GROUP, hard_state=mark)
        # Before the state was replaced nothing has happened.
        before = await recover(wal, Applied(4, 1))
        assert (before.applied_index, wal.last_index(GROUP)) == (4, 5)
        after = await recover(wal, Applied(90, 3))
        assert (after.applied_index, after.applied_term) == (90, 3)
        assert (wal.first_index(GROUP), wal.last_index(GROUP)) == (91, 90)
        assert after.hard_state == HardState(3, ReplicaId(2), 4)
        await wal.close()
        wal = await open_log(disk)
        again = await recover(wal, Applied(90, 3))
        assert again == after
        await wal.close()

    asyncio.run(scenario())


def test_state_ahead_of_its_log_without_a_snapshot_is_corrupt() -> None:
    async def scenario() -> None:
        wal = await open_log(MemoryDisk())
        with pytest.raises(LogCorrupt):
            await recover(wal, Applied(90, 3))
        recovered = await recover(wal, Applied(90, 3), new_log=True)
        assert recovered.hard_state == HardState(3, None, 0)
        assert wal.last_index(GROUP) == 90
        await append_many(wal, 1)
        with pytest.raises(LogCorrupt):
            await recover(wal, Applied(95, 3), new_log=True)
        with pytest.raises(LogCorrupt):
            await recover(wal, Applied(80, 3))
        await wal.close()

    asyncio.run(scenario())


class NeverInstalled:
    """A snapshot that has come in. Implements the part of `IncomingSnapshot` that counts here."""

    async def install(self, configuration: bytes) -> None:
        raise AssertionError("it was over before")


def test_install_that_is_over_before_there_is_room_changes_nothing() -> None:
    async def scenario() -> None:
        runtime = inline_runtime(MemoryDisk())
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        await append_many(wal, 5)
        with pytest.raises(Stopping):
            await install(
                wal,
                GROUP,
                runtime.clock,
                NeverInstalled(),  # type: ignore[arg-type]
                SnapshotMeta(90, 3, FIRST),
                HardState(),
                is_over=lambda: True,
            )
        assert wal.last_index(GROUP) == 5
        await wal.close()

    asyncio.run(scenario())


def test_configurations_in_the_log_after_the_state_are_found_and_replaced_ones_are_not() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        change = Entry(3, 1, encode(LATER), EntryKind.CONFIGURATION)
        entries = [Entry(1, 1, b"", EntryKind.NO_OP), Entry(2, 1, b"a"), change, Entry(4, 1, b"b")]
        await wal.append(GROUP, entries, hard_state=encode_hard_state(HardState(1, None, 9)))
        for _ in range(2):
            recovered = await recover(wal, Applied(2, 1))
            assert recovered.later_configurations == [change]
            assert recovered.configuration == FIRST
            # The commit index was written before the entries were: no more than they are.
            assert recovered.hard_state.commit == 4
            applied = await recover(wal, Applied(3, 1, encode(LATER)))
            assert (applied.configuration, applied.later_configurations) == (LATER, [])
            assert await wal.read(GROUP, 1, bytes_max=1_000) == entries
            await wal.close()
            wal = await open_log(disk)
        await wal.append(GROUP, [Entry(3, 2, b"c")])
        assert (await recover(wal, Applied(2, 1))).later_configurations == []
        await wal.close()

    asyncio.run(scenario())
