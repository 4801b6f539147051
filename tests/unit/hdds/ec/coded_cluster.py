"""DataNodes on one network in memory, and an SCM that makes erasure-coded pipelines of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.unit.hdds.ec.faulty_network import Faults, FaultyNetwork
from tests.unit.hdds.ring.three import Member
from tests.unit.hdds.support import new_runtime
from tests.unit.metadata.memory_replica import MemoryReplica
from trioxygen.common.errors import DeadlineExceeded, NotEnoughDataNodes
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.scm.service import StorageContainerManager
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

NAMES = ("dn1", "dn2", "dn3", "dn4", "dn5")
CODING = Replication.parse("EC/3-2-64k")
SIZES = (10, 60_000, 2_000_000)
DEFAULT_CARE = ReplicationConfig()


class CodedCluster:
    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        missing_replicas_max: int,
        containers: ReplicationConfig,
    ) -> None:
        self.network = LocalNetwork(encode=True)
        self.members = [Member(name, root / name, self.network, ["scm1"]) for name in names]
        self.runtime = new_runtime(SystemDisk(), self.network)
        config = ScmConfig(
            cluster_id="cluster-1",
            replication=CODING,
            missing_replicas_max=missing_replicas_max,
            pipelines_per_node_max=1,
            close_delay_ms=0,
            heartbeat_interval_ms=20,
            pipeline_interval_ms=50,
            stale_after_ms=400,
            dead_after_ms=800,
            worker_interval_ms=100,
            containers=containers,
        )
        self.scm = StorageContainerManager(
            runtime=self.runtime,
            store=MemoryStore(ALL_TABLES),
            replica=MemoryReplica(),
            config=config,
        )
        self.client = ScmClient(self.runtime, ["scm1"])
        self.faults = Faults()
        self._make_client()

    async def new_client(self) -> None:
        """Which knows nothing yet."""
        await self.pool.stop()
        self._make_client()

    def _make_client(self) -> None:
        self.pool = DataNodePool(
            FaultyNetwork(self.network, self.faults),
            self.runtime.clock,
            self.client.locate,
            ClientConfig(member_slow_ms=300, fail_over_ms=300, read_patience_ms=1_000),
        )
        self.writer, self.reader = BlockWriter(self.pool), BlockReader(self.pool)

    async def start(self) -> None:
        await self.scm.start()
        self.server = await self.network.serve("scm1", [self.scm.service])
        for member in self.members:
            await member.start()

    async def end(self) -> None:
        await self.pool.stop()
        for member in self.members:
            await member.end()
        await self.server.stop()
        await self.scm.stop()
        await self.runtime.stop()

    async def allocated(self, *excluded: str) -> scm.AllocateBlocksReply:
        """Once the SCM has a pipeline."""
        request = scm.AllocateBlocksRequest(
            count=10,
            block_bytes_max=max(SIZES),
            replication=CODING.proto,
            excluded_node_ids=excluded,
        )
        async with asyncio.timeout(60):
            while True:
                try:
                    return await self.client.allocate_blocks(request, most_ms=1_000)
                except (DeadlineExceeded, NotEnoughDataNodes):
                    await asyncio.sleep(0.02)

    async def write(self, reply: scm.AllocateBlocksReply, number: int, data: bytes) -> BlockSlice:
        block = BlockId(container=reply.blocks.container, local=reply.blocks.first_local + number)
        if len(data) <= 64 << 10:
            tag = await self.writer.write_small(block, reply.pipeline, data)
        else:
            stream = await self.writer.open(block, reply.pipeline, len(data))
            await stream.send(data)
            await stream.finish()
            tag = stream.tag
        size = len(data)
        return BlockSlice(
            container=block.container,
            local=block.local,
            length_bytes=size,
            block_bytes=size,
            tag=tag,
        )

    async def read(self, piece: BlockSlice) -> bytes:
        return b"".join([bytes(part) async for part in self.reader.stream(piece)])


def with_cluster(
    root: Path,
    scenario: Callable[[CodedCluster], Awaitable[None]],
    *,
    names: Sequence[str] = NAMES,
    missing_replicas_max: int = 0,
    containers: ReplicationConfig = DEFAULT_CARE,
) -> None:
    async def run() -> None:
        cluster = CodedCluster(root, names, missing_replicas_max, containers)
        await cluster.start()
        try:
            await scenario(cluster)
        finally:
            await cluster.end()

    asyncio.run(run())
