"""DataNodes on one network in memory, and an SCM that makes pipelines of them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tests.unit.hdds.ring.three import Member
from tests.unit.hdds.support import new_runtime
from tests.unit.metadata.memory_replica import MemoryReplica
from trioxygen.common.errors import DeadlineExceeded, NotEnoughDataNodes
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Network
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.scm.service import StorageContainerManager
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import Replication

SCM = "scm1"
BLOCK_BYTES_MAX = 2 << 20


class ScmCluster:
    """Args: client_config: of those that read and write."""

    def __init__(
        self,
        root: Path,
        config: ScmConfig,
        names: Sequence[str],
        client_config: ClientConfig | None = None,
    ) -> None:
        self.network = LocalNetwork(encode=True)
        wants_tokens = config.token_keys is not None
        self.members = [
            Member(name, root / name, self.network, [SCM], wants_tokens=wants_tokens)
            for name in names
        ]
        self.runtime = new_runtime(SystemDisk(), self.network)
        self.store = MemoryStore(ALL_TABLES)
        self.scm = StorageContainerManager(
            runtime=self.runtime, store=self.store, replica=MemoryReplica(), config=config
        )
        self.client = ScmClient(self.runtime, [SCM])
        self._client_config = client_config
        self._make_client()

    def client_network(self) -> Network:
        return self.network

    async def new_client(self) -> None:
        """Which knows nothing yet."""
        await self.pool.stop()
        self._make_client()

    def _make_client(self) -> None:
        self.pool = DataNodePool(
            self.client_network(), self.runtime.clock, self.client.locate, self._client_config
        )
        self.writer, self.reader = BlockWriter(self.pool), BlockReader(self.pool)

    async def start(self) -> None:
        await self.scm.start()
        self.server = await self.network.serve(SCM, [self.scm.service])
        for member in self.members:
            await member.start()

    async def end(self) -> None:
        await self.pool.stop()
        for member in self.members:
            await member.end()
        await self.server.stop()
        await self.scm.stop()
        await self.runtime.stop()

    async def allocated(
        self, *excluded: str, replication: Replication | None = None
    ) -> scm.AllocateBlocksReply:
        """Once the SCM has a pipeline, and knows who leads it."""
        request = scm.AllocateBlocksRequest(
            count=10,
            block_bytes_max=BLOCK_BYTES_MAX,
            replication=replication,
            excluded_node_ids=excluded,
        )
        async with asyncio.timeout(90):
            while True:
                try:
                    return await self.client.allocate_blocks(request, most_ms=1_000)
                except (DeadlineExceeded, NotEnoughDataNodes):
                    await asyncio.sleep(0.02)
