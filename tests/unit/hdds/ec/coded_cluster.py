"""A cluster of an erasure code."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.unit.hdds.ec.faulty_network import Faults, FaultyNetwork
from tests.unit.hdds.scm_cluster import ScmCluster
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.network import Network
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

NAMES = ("dn1", "dn2", "dn3", "dn4", "dn5")
CODING = Replication.parse("EC/3-2-64k")
SIZES = (10, 60_000, 2_000_000)
DEFAULT_CARE = ReplicationConfig()


class CodedCluster(ScmCluster):
    """Attributes: faults: of the network, as clients meet them."""

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        missing_replicas_max: int,
        containers: ReplicationConfig,
    ) -> None:
        self.faults = Faults()
        config = ScmConfig(
            cluster_id="cluster-1",
            replication=CODING,
            missing_replicas_max=missing_replicas_max,
            pipelines_per_node_max=1,
            close_delay_ms=0,
            heartbeat_interval_ms=20,
            pipeline_interval_ms=50,
            stale_after_ms=1_000,
            dead_after_ms=2_500,
            worker_interval_ms=100,
            containers=containers,
        )
        client_config = ClientConfig(member_slow_ms=300, fail_over_ms=300, read_patience_ms=1_000)
        super().__init__(root, config, names, client_config)

    def client_network(self) -> Network:
        return FaultyNetwork(self.network, self.faults)

    async def allocated_coded(self, *excluded: str) -> scm.AllocateBlocksReply:
        return await self.allocated(*excluded, replication=CODING.proto)

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
