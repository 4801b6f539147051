"""A DataNode tells every SCM where its replicas are; the one that leads commands it."""

import asyncio
import threading
from pathlib import Path

from tests.unit.hdds.ring.three import until
from tests.unit.hdds.support import PIPELINE, ListRing, config, new_runtime
from trioxygen.common.errors import Unreachable
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1.datanode_pb2 import WriteSmallBlockRequest
from trioxygen.proto.v1.scm_pb2 import (
    DataNodeCommand,
    DeleteBlocksCommand,
    HeartbeatReply,
    HeartbeatRequest,
    PipelineCommand,
    RegisterDataNodeReply,
    RegisterDataNodeRequest,
)
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange


class OneScm:
    """Attributes: reported: container reports, by container."""

    def __init__(self, *, leads: bool, term: int = 1) -> None:
        self.leads, self.term, self.is_away = leads, term, False
        self.heard: list[HeartbeatRequest] = []
        self.commands: list[DataNodeCommand] = []
        self.reported: dict[int, int] = {}
        self.confirmed: set[int] = set()

    async def register(self, request: RegisterDataNodeRequest) -> RegisterDataNodeReply:
        if self.is_away:
            raise Unreachable()
        return RegisterDataNodeReply(
            cluster_id="c", heartbeat_interval_ms=10, term=self.term, leader=self.leads
        )

    async def heartbeat(self, request: HeartbeatRequest) -> HeartbeatReply:
        if self.is_away:
            raise Unreachable()
        self.heard.append(request)
        self.reported |= {
            container.container_id: container.used_bytes for container in request.containers
        }
        self.confirmed |= set(request.deleted_transaction_ids)
        commands, self.commands = self.commands, []
        return HeartbeatReply(leader=self.leads, commands=commands)


def test_each_scm_is_told_all_and_one_that_is_away_holds_up_no_other(tmp_path: Path) -> None:
    async def test() -> None:
        leader, follower, away = OneScm(leads=True), OneScm(leads=False), OneScm(leads=False)
        away.is_away = True
        leader.commands.append(
            DataNodeCommand(term=1, create_pipeline=PipelineCommand(pipeline=PIPELINE))
        )
        runtime, ring = new_runtime(SystemDisk()), ListRing()

        def stores(name: str, tables: "tuple[Table, ...]") -> Store:
            return MemoryStore(tables)

        parts = VolumeParts(tmp_path, stores, ring, ring.member)  # type: ignore[arg-type]
        datanode = DataNode(runtime, config(), [parts], [leader, follower, away])
        await datanode.start()
        try:
            await datanode.registered.wait()
            # The ring that the leader asked for, and no other heartbeat but its own.
            await until(lambda: any(each.pipelines for each in leader.heard))
            ring_here = datanode.works[0].rings.get(PIPELINE.pipeline_id)
            assert ring_here is not None
            block = BlockId(container=5, local=1)
            await ring_here.write_small(
                WriteSmallBlockRequest(block=block, data=b"x" * 70, pipeline_id=7)
            )
            for each in (leader, follower):
                await until(lambda each=each: each.reported.get(5) == 70)  # type: ignore[misc]
            assert not away.heard
            # What was done is confirmed to the leader, also when that is another one by now.
            gone = BlockRange(container=5, first_local=1, count=1)
            delete = DeleteBlocksCommand(transaction_id=77, blocks=[gone])
            leader.leads, follower.leads = False, True
            follower.commands.append(DataNodeCommand(term=2, delete_blocks=delete))
            await until(lambda: 77 in follower.confirmed)
            # A former leader's orders count no more.
            late = DataNodeCommand(
                term=1, delete_blocks=DeleteBlocksCommand(transaction_id=78, blocks=[gone])
            )
            leader.commands.append(late)
            heard = len(leader.heard)
            await until(lambda: len(leader.heard) > heard + 2)
            assert 78 not in leader.confirmed | follower.confirmed
            away.is_away = False
            await until(lambda: 5 in away.reported)
        finally:
            await datanode.stop()
            await runtime.stop()

    asyncio.run(test())


class CountingDisk(SystemDisk):
    """Attributes: at_once, writes: of a volume's version, after its first."""

    def __init__(self) -> None:
        self._busy, self.at_once, self.writes = 0, 0, 0
        self._second = threading.Event()
        self._lock = threading.Lock()

    def replace(self, path: Path, data: bytes) -> None:
        if path.name != "VERSION" or b'"c"' not in data:
            super().replace(path, data)
            return
        with self._lock:
            self._busy += 1
            self.writes += 1
            self.at_once = max(self.at_once, self._busy)
            if self._busy > 1:
                self._second.set()
        # Long enough for another to come in, if it may.
        self._second.wait(0.3)
        super().replace(path, data)
        with self._lock:
            self._busy -= 1


def test_volume_takes_its_cluster_from_one_scm_though_all_tell_it(tmp_path: Path) -> None:
    async def test() -> None:
        scms = [OneScm(leads=number == 2) for number in range(3)]
        disk, ring = CountingDisk(), ListRing()

        def stores(name: str, tables: "tuple[Table, ...]") -> Store:
            return MemoryStore(tables)

        parts = VolumeParts(tmp_path, stores, ring, ring.member)  # type: ignore[arg-type]
        datanode = DataNode(new_runtime(disk), config(), [parts], scms)
        await datanode.start()
        try:
            for each in scms:
                await until(lambda each=each: bool(each.heard))  # type: ignore[misc]
            assert (disk.writes, disk.at_once) == (1, 1)
        finally:
            await datanode.stop()

    asyncio.run(test())
