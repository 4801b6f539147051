"""DataNodes that keep erasure-coded blocks, on one network in memory; each may crash alone."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.unit.hdds.ec.faulty_network import Faults, FaultyNetwork
from tests.unit.hdds.ring.three import Member
from tests.unit.hdds.support import new_runtime
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.proto.v1.scm_pb2 import ContainerLocation, ContainerReplica
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice, DataNodeAddress, Pipeline

CODING = Replication.parse("EC/3-2-64k")
RING = CONTAINER = 9


class Coded:
    """A pipeline over as many nodes as the coding needs. Attributes: missing: indexes that the SCM
    knows nobody to hold. faults: of the network, as clients meet them. config: of clients."""

    def __init__(self, root: Path, coding: Replication = CODING) -> None:
        self.coding = coding
        # Whoever lets members stand still in a write says how long that is borne: on a busy machine
        # others would be left too.
        self.config = ClientConfig(member_slow_ms=20_000, fail_over_ms=200, read_patience_ms=1_000)
        self.network = LocalNetwork(encode=True)
        names = [f"dn{index}" for index in range(1, coding.members + 1)]
        self.members = [
            Member(name, root / name, self.network, locate=self.locate) for name in names
        ]
        self.pipeline = Pipeline(
            pipeline_id=RING,
            replication=coding.proto,
            datanodes=[
                DataNodeAddress(node_id=name, address=name, replica_index=index)
                for index, name in enumerate(names, start=1)
            ],
        )
        self.missing: set[int] = set()
        self.faults = Faults()
        self.runtime = new_runtime(SystemDisk(), self.network)
        self.forget()

    def forget(self) -> None:
        """Another client, which knows nothing yet."""
        network = FaultyNetwork(self.network, self.faults)
        self.pool = DataNodePool(
            network, self.runtime.clock, lambda ids: self.locate(ids), self.config
        )
        self.writer, self.reader = BlockWriter(self.pool), BlockReader(self.pool)

    async def locate(self, container_ids: list[int]) -> list[ContainerLocation]:
        replicas = [
            ContainerReplica(datanode=each, replica_index=each.replica_index)
            for each in self.pipeline.datanodes
            if each.replica_index not in self.missing
        ]
        return [
            ContainerLocation(
                container_id=container_id, replication=self.coding.proto, replicas=replicas
            )
            for container_id in container_ids
        ]

    async def start(self) -> None:
        for member in self.members:
            await member.start()
            await member.datanode.homes.join(self.pipeline)

    async def write(self, local: int, data: bytes, *, piece_bytes: int = 50_000) -> BlockSlice:
        """By the way that a gateway would take for this size."""
        block = BlockId(container=CONTAINER, local=local)
        if len(data) <= 64 * 1024:
            tag = await self.writer.write_small(block, self.pipeline, data)
        else:
            stream = await self.writer.open(block, self.pipeline, len(data))
            try:
                for start in range(0, len(data), piece_bytes):
                    await stream.send(data[start : start + piece_bytes])
                assert await stream.finish() == len(data)
                tag = stream.tag
            finally:
                await stream.cancel()
        return BlockSlice(
            container=CONTAINER,
            local=local,
            length_bytes=len(data),
            block_bytes=len(data),
            tag=tag,
        )

    async def read(self, piece: BlockSlice, offset: int = 0, length: int | None = None) -> bytes:
        part = BlockSlice()
        part.CopyFrom(piece)
        part.offset_bytes = offset
        part.length_bytes = piece.length_bytes - offset if length is None else length
        return b"".join([bytes(data) async for data in self.reader.stream(part)])

    async def read_small(self, piece: BlockSlice, offset: int, length: int) -> bytes:
        part = BlockSlice()
        part.CopyFrom(piece)
        part.offset_bytes, part.length_bytes = offset, length
        return await self.reader.read_small(part)

    async def end(self) -> None:
        self.faults.dead.clear()
        self.faults.frozen.clear()
        await self.pool.stop()
        for member in self.members:
            await member.end(crash=True)
        await self.runtime.stop()


def with_coded(
    root: Path, scenario: Callable[[Coded], Awaitable[None]], coding: Replication = CODING
) -> None:
    async def run() -> None:
        coded = Coded(root, coding)
        try:
            await coded.start()
            async with asyncio.timeout(60):
                await scenario(coded)
        finally:
            await coded.end()

    asyncio.run(run())
