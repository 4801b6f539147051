"""A DataNode with several disks: real logs and stores in folders of a test."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.unit.hdds.support import ADDRESS, FragileDisk, new_runtime, until
from trioxygen.cli.wiring.rings import ring_members
from trioxygen.common.errors import StoreDamaged, TrioxygenError
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.container.layout import VolumeLayout, check_whole
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.disks import DiskState
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.lmdb_txn import LmdbTxn
from trioxygen.metadata.store.ports import Store, StoreFailed, Table
from trioxygen.proto.v1.datanode_pb2 import WriteSmallBlockRequest
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline

MEMBER = DataNodeAddress(node_id="node-1", address=ADDRESS)
DATA = b"on one of the disks"


class FailingStore(LmdbStore):
    """Attributes: is_failing: its disk does not take what it writes."""

    is_failing = False

    def begin(self) -> LmdbTxn:
        if self.is_failing:
            raise StoreFailed(errno.EIO, os.strerror(errno.EIO))
        return super().begin()


class Folder:
    """A `VolumeFolder` over real logs and stores."""

    def __init__(self, runtime: Runtime, path: Path, transport: RaftTransport) -> None:
        self._runtime, self._path, self._transport = runtime, path, transport
        self._wal: WriteAheadLog | None = None

    @property
    def path(self) -> Path:
        return self._path

    async def open(self) -> VolumeParts:
        if not self._runtime.disk.exists(self._path):
            raise StoreDamaged("not mounted", path=str(self._path))
        check_whole(self._runtime.disk, VolumeLayout(self._path))
        config = WalConfig(segment_bytes=1 << 20)
        wal = self._wal = await WriteAheadLog.open(self._path / "log", self._runtime, config)
        members = ring_members(self._runtime, wal, self._transport)
        return VolumeParts(self._path, self._store, wal, members)

    def _store(self, name: str, tables: Iterable[Table]) -> Store:
        return FailingStore(self._path / name, tables, reserve_bytes=8 << 20)

    async def in_use(self) -> None:
        """Nobody mixes logs up here."""

    async def close(self) -> None:
        wal, self._wal = self._wal, None
        if wal is not None:
            await wal.close()


class Node:
    def __init__(
        self, root: Path, disk: FragileDisk, paths: list[Path], disk_probe_ms: float = 20
    ) -> None:
        self.runtime = new_runtime(disk)
        transport = RaftTransport(self.runtime, address=ADDRESS)
        config = DataNodeConfig(
            node_id="node-1",
            address=ADDRESS,
            space_reserve_bytes=0,
            flush_interval_ms=5,
            disk_probe_ms=disk_probe_ms,
        )
        self.paths = paths
        folders = [Folder(self.runtime, path, transport) for path in paths]
        mounts = root / "mounts.json"
        self.datanode = DataNode(self.runtime, config, folders, [], mounts_file=mounts)

    async def join(self, pipeline_id: int, volume: int) -> None:
        """On a disk of our choice. Container and pipeline have one number here."""
        volume_id = self.datanode.disks.disks[volume].volume_id
        pipeline = Pipeline(pipeline_id=pipeline_id, datanodes=[MEMBER])
        await self.datanode.homes.join(pipeline, volume_id)

    async def write(self, pipeline_id: int, local: int, data: bytes = DATA) -> None:
        _, ring = self.datanode.homes.writing(pipeline_id)
        block = BlockId(container=pipeline_id, local=local)
        await ring.write_small(
            WriteSmallBlockRequest(block=block, data=data, pipeline_id=pipeline_id)
        )

    async def read(self, container: int, local: int) -> bytes:
        reads = self.datanode.homes.replica(container, 0).reads
        return bytes(await reads.read(container, local, 0, len(DATA)))

    async def until_served(self, container: int) -> None:
        """What it has is read, and it is written to."""
        async with asyncio.timeout(60):
            while True:
                try:
                    await self.write(container, 3)
                    assert await self.read(container, 1) == DATA
                    return
                except TrioxygenError:
                    await asyncio.sleep(0.02)

    def state(self, volume: int) -> DiskState:
        return self.datanode.disks.disks[volume].state

    async def until_state(self, volume: int, state: DiskState) -> None:
        await until(lambda: self.state(volume) is state)


@asynccontextmanager
async def two_disks(
    root: Path, disk: FragileDisk | None = None, disk_probe_ms: float = 20
) -> AsyncIterator[Node]:
    paths = [root / "disk1", root / "disk2"]
    for path in paths:
        path.mkdir(exist_ok=True)
    node = Node(root, disk or FragileDisk(), paths, disk_probe_ms)
    try:
        await node.datanode.start()
        yield node
        await node.datanode.stop()
    finally:
        await node.runtime.stop()


async def both_used(node: Node) -> None:
    for number in (0, 1):
        await node.join(number + 10, number)
        await node.write(number + 10, 1)
