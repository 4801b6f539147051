"""DataNodes that serve one content, and can fail or stand still; a client of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from trioxygen.common.clock import SystemClock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import NotLeader, TrioxygenError, Unreachable
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Service
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.proto.v1 import datanode_pb2 as dn
from trioxygen.proto.v1.scm_pb2 import ContainerLocation, ContainerReplica
from trioxygen.proto.v1.types_pb2 import BlockSlice, DataNodeAddress, Pipeline

CONTENT = bytes(range(256)) * 40


class Replica:
    """Serves CONTENT for every block; fails once `good_bytes` of one stream have been sent.

    Attributes: put_failures: what the next PutBlocks meet.
    """

    def __init__(
        self, failure: Callable[[], TrioxygenError] | None = None, good_bytes: int = 0
    ) -> None:
        self._failure, self._good_bytes = failure, good_bytes
        self.received: list[bytes] = []
        self.put: list[dn.PutBlockRequest] = []
        self.put_failures: list[TrioxygenError] = []

    async def read_small(
        self, request: dn.ReadSmallBlockRequest, call: Call
    ) -> dn.ReadSmallBlockReply:
        if self._failure is not None:
            raise self._failure()
        end = request.offset_bytes + request.length_bytes
        return dn.ReadSmallBlockReply(data=CONTENT[request.offset_bytes : end])

    async def read_stream(self, header: dn.ReadStreamHeader, call: Call) -> AsyncIterator[Buffer]:
        sent = 0
        while sent < header.length_bytes:
            if self._failure is not None and sent >= self._good_bytes:
                raise self._failure()
            start = header.offset_bytes + sent
            size = min(1_000, header.length_bytes - sent)
            yield CONTENT[start : start + size]
            sent += size

    async def write_stream(
        self, header: dn.WriteStreamHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> dn.WriteStreamReply:
        data = b"".join([bytes(piece) async for piece in pieces])
        if self._failure is not None:
            raise self._failure()
        self.received.append(data)
        return dn.WriteStreamReply(size_bytes=len(data), checksums=b"1234")

    async def put_block(self, request: dn.PutBlockRequest, call: Call) -> dn.PutBlockReply:
        if self.put_failures:
            raise self.put_failures.pop(0)
        self.put.append(request)
        return dn.PutBlockReply(commit_sequence=1)

    async def write_small(
        self, request: dn.WriteSmallBlockRequest, call: Call
    ) -> dn.WriteSmallBlockReply:
        raise AssertionError(request)

    async def unexpected(self, request: Any, call: Call) -> Any:
        raise AssertionError(request)

    def service(self) -> Service:
        return Service(
            descriptor=dn.DESCRIPTOR.services_by_name["DataNode"],
            calls={
                "WriteSmallBlock": self.write_small,
                "PutBlock": self.put_block,
                "ReadSmallBlock": self.read_small,
                "DescribeDataNode": self.unexpected,
                "ListBlocks": self.unexpected,
                "DescribeImport": self.unexpected,
                "ListReplica": self.unexpected,
            },
            uploads={"WriteStream": self.write_stream, "ImportContainer": self.write_stream},
            downloads={"ReadStream": self.read_stream},
        )


class Silent(Replica):
    """Begins every read and ends none."""

    async def read_small(
        self, request: dn.ReadSmallBlockRequest, call: Call
    ) -> dn.ReadSmallBlockReply:
        await asyncio.Event().wait()
        raise AssertionError("reached")

    async def read_stream(self, header: dn.ReadStreamHeader, call: Call) -> AsyncIterator[Buffer]:
        await asyncio.Event().wait()
        yield b""


class Freezable(Replica):
    """Stands still from `freeze` on: takes nothing, and answers nothing, until it thaws.

    Attributes: opened: streams of blocks. taken: pieces. asked: calls that came. consents: to
    blocks that are written."""

    def __init__(self, *, leader: str = "") -> None:
        super().__init__()
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._leader = leader
        self.opened = self.taken = self.asked = 0
        self.consents = True
        self._fails = False

    def fail(self) -> None:
        """With the next piece of each block."""
        self._fails = True

    def freeze(self) -> None:
        self._goes_on.clear()

    def thaw(self) -> None:
        self._goes_on.set()

    async def read_small(
        self, request: dn.ReadSmallBlockRequest, call: Call
    ) -> dn.ReadSmallBlockReply:
        self.asked += 1
        await self._goes_on.wait()
        return await super().read_small(request, call)

    async def read_stream(self, header: dn.ReadStreamHeader, call: Call) -> AsyncIterator[Buffer]:
        self.asked += 1
        async for piece in super().read_stream(header, call):
            await self._goes_on.wait()
            yield piece

    async def write_stream(
        self, header: dn.WriteStreamHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> dn.WriteStreamReply:
        self.opened += 1
        if not self.consents:
            await asyncio.Event().wait()
        return await super().write_stream(header, self._slowly(pieces), call)

    async def _slowly(self, pieces: AsyncIterator[Buffer]) -> AsyncIterator[Buffer]:
        async for piece in pieces:
            await self._goes_on.wait()
            if self._fails:
                raise Unreachable("the connection is reset")
            self.taken += 1
            yield piece
        await self._goes_on.wait()

    async def put_block(self, request: dn.PutBlockRequest, call: Call) -> dn.PutBlockReply:
        self.asked += 1
        await self._goes_on.wait()
        if self._leader:
            raise NotLeader(leader=self._leader)
        return await super().put_block(request, call)

    def leads(self, leader: str = "") -> None:
        """It says that this one leads; empty: it does."""
        self._leader = leader


def address_of(name: str) -> DataNodeAddress:
    return DataNodeAddress(node_id=name, address=name)


async def served(network: LocalNetwork, nodes: Mapping[str, Replica]) -> None:
    for name, node in nodes.items():
        await network.serve(name, [node.service()])


class Cluster:
    """Replicas of every container, at the addresses 0, 1, ..."""

    def __init__(
        self,
        *replicas: Replica | None,
        patience_ms: float = 0,
        config: ClientConfig | None = None,
    ) -> None:
        self.network = LocalNetwork(encode=True)
        self.replicas = replicas
        self.pipeline = Pipeline(
            pipeline_id=1,
            datanodes=[
                DataNodeAddress(node_id=str(number), address=str(number))
                for number in range(len(replicas))
            ],
        )
        self.asked = 0
        self.pool = DataNodePool(
            self.network,
            SystemClock(),
            self.locate,
            config or ClientConfig(patience_ms=patience_ms),
        )
        self.reader, self.writer = BlockReader(self.pool), BlockWriter(self.pool)

    async def locate(self, container_ids: list[int]) -> list[ContainerLocation]:
        self.asked += 1
        return [
            ContainerLocation(
                container_id=container_id,
                replicas=[
                    ContainerReplica(datanode=datanode) for datanode in self.pipeline.datanodes
                ],
            )
            for container_id in container_ids
            if container_id != 404
        ]

    async def serve(self) -> None:
        for number, replica in enumerate(self.replicas):
            if replica is not None:
                await self.network.serve(str(number), [replica.service()])


def piece(offset: int, length: int, container: int = 1) -> BlockSlice:
    return BlockSlice(container=container, local=1, offset_bytes=offset, length_bytes=length)
