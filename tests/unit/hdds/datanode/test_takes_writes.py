import asyncio
from pathlib import Path

import pytest

from tests.unit.hdds.support import PIPELINE, RING, FragileDisk, ListRing, new_runtime, node
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.proto.v1.datanode_pb2 import RingRow
from trioxygen.proto.v1.types_pb2 import Pipeline

CLOSED = Pipeline(pipeline_id=9, datanodes=PIPELINE.datanodes)


class LeaderlessRing(ListRing):
    """Members of which some know no leader, nor lead themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.leads = True

    def is_leader(self) -> bool:
        return self.leads

    def member(self, row: RingRow) -> ListRing:
        if row.pipeline_id == RING:
            return self
        return self.others.setdefault(row.pipeline_id, LeaderlessRing())


def test_ring_that_was_left_by_its_members_keeps_no_node_from_taking_writes(tmp_path: Path) -> None:
    async def run() -> None:
        ring = LeaderlessRing()
        async with node(tmp_path, ring=ring) as n:
            await n.datanode.homes.join(CLOSED)
            left = ring.others[CLOSED.pipeline_id]
            assert isinstance(left, LeaderlessRing)
            assert n.datanode.takes_writes()
            left.leads = False
            assert n.datanode.takes_writes()
            # None of the volume's goes on.
            ring.leads = False
            assert not n.datanode.takes_writes()

    asyncio.run(run())


class OnlyVoters(ListRing):
    """Members of rings that have no other, over a real log."""

    def __init__(self, runtime: Runtime, wal: WriteAheadLog) -> None:
        super().__init__()
        self._runtime, self._wal = runtime, wal

    def member(self, row: RingRow) -> Replica:
        return OnlyVoter(self._runtime, self._wal, GroupId(row.pipeline_id))


def test_node_takes_no_writes_once_its_only_voters_log_has_failed(tmp_path: Path) -> None:
    async def run() -> None:
        disk = FragileDisk()
        runtime = new_runtime(disk)
        wal = await WriteAheadLog.open(tmp_path / "log", runtime, WalConfig())
        async with node(tmp_path / "volume", ring=OnlyVoters(runtime, wal)) as n:
            await n.write(1, b"before")
            assert n.datanode.takes_writes()
            disk.failure, disk.changes_left = lambda: OSError(5, "Input/output error"), 0
            with pytest.raises(TrioxygenError):
                await n.write(2, b"lost")
            assert not n.datanode.takes_writes()
            # It leads all the same, for this.
            assert n.pipeline.replica.is_leader()
            assert await n.read(1, 0, 6) == b"before"
        await wal.close()
        await runtime.tasks.stop()
        runtime.blocking.close()

    asyncio.run(run())
