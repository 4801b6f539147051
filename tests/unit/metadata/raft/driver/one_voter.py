"""Groups of one on a disk in memory."""

from collections.abc import Sequence

from tests.unit.metadata.raft.inline import inline_runtime
from tests.unit.metadata.raft.logs_for_tests import DIRECTORY, GROUP, SMALL
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Applied, Entry, EntryKind, IncomingSnapshot, Snapshot


class Machine:
    def __init__(self, applied_index: int = 0) -> None:
        self.index = applied_index
        self.runs: list[Sequence[Entry]] = []
        self.broken = False

    def applied(self) -> Applied:
        return Applied(self.index)

    async def apply(self, entries: Sequence[Entry]) -> None:
        if self.broken:
            raise RuntimeError("broken")
        assert [entry.index for entry in entries] == list(
            range(self.index + 1, self.index + 1 + len(entries))
        )
        self.runs.append(entries)
        self.index = entries[-1].index

    async def open_snapshot(self) -> Snapshot:
        raise AssertionError("there is nobody who would receive it")

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        raise AssertionError("there is nobody who would send it")

    def payloads(self) -> list[bytes]:
        return [
            entry.payload for run in self.runs for entry in run if entry.kind is EntryKind.NORMAL
        ]


async def started(
    disk: MemoryDisk, machine: Machine, config: RaftReplicaConfig | None = None
) -> tuple[OnlyVoter, WriteAheadLog]:
    runtime = inline_runtime(disk)
    wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
    replica = OnlyVoter(runtime, wal, GROUP, config)
    await replica.start(machine)
    return replica, wal
