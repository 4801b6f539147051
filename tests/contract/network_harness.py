"""A DataNode whose answers are scripted, behind every kind of network."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    ChecksumMismatch,
    NoSpace,
    NoSuchBlock,
    TrioxygenError,
)
from trioxygen.common.origin import Origin, current_origin
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.grpc_config import GrpcConfig
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Channel, Network, Server, Service, Upload
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.proto.v1 import datanode_pb2
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeDataNodeReply,
    DescribeDataNodeRequest,
    PutBlockReply,
    PutBlockRequest,
    ReadSmallBlockReply,
    ReadSmallBlockRequest,
    ReadStreamHeader,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
    WriteStreamReply,
)
from trioxygen.proto.v1.types_pb2 import BlockId

KINDS = ("local", "local-encoding", "grpc")
TIMEOUT_MS = 60_000.0
MIB = 2**20
BLOCK = BlockId(container=1, local=1)
# Of taking an upload, as its pipeline id says.
MANNERS = ("usual", "refused", "late consent", "refused in the middle", "slow")


@dataclass
class DataNodeDouble:
    """The DataNode's service, scripted by the local block id of a request."""

    release: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    running: int = 0
    cancelled: int = 0
    received: list[bytes] = field(default_factory=list)
    pieces_sent: int = 0
    streams_ended: int = 0
    failure: TrioxygenError | None = None
    size_bytes: int = 0
    piece_bytes: int = MIB
    fail_after_pieces: int = 1
    last_request_bytes: int = 0
    # What came beside the requests and headers, and for whom the handlers worked.
    calls: list[Call] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)

    def service(self) -> Service:
        return Service(
            datanode_pb2.DESCRIPTOR.services_by_name["DataNode"],
            calls={
                "WriteSmallBlock": self.echo_size,
                "ReadSmallBlock": self.read,
                "PutBlock": self.wait,
                "DescribeDataNode": self.fail,
                "ListBlocks": self.fail,
                "DescribeImport": self.fail,
                "ListReplica": self.fail,
            },
            uploads={"WriteStream": self.write_stream, "ImportContainer": self.write_stream},
            downloads={"ReadStream": self.read_stream},
        )

    def note(self, call: Call) -> None:
        self.calls.append(call)
        self.origins.append(current_origin())

    async def echo_size(self, request: WriteSmallBlockRequest, call: Call) -> WriteSmallBlockReply:
        self.note(call)
        self.begun += 1
        self.last_request_bytes = request.ByteSize()
        return WriteSmallBlockReply(commit_sequence=len(request.data))

    async def read(self, request: ReadSmallBlockRequest, call: Call) -> ReadSmallBlockReply:
        return ReadSmallBlockReply(data=bytes(request.length_bytes))

    async def wait(self, request: PutBlockRequest, call: Call) -> PutBlockReply:
        self.begun += 1
        self.running += 1
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return PutBlockReply(commit_sequence=request.size_bytes)

    async def fail(self, request: DescribeDataNodeRequest, call: Call) -> DescribeDataNodeReply:
        assert self.failure is not None
        raise self.failure

    async def write_stream(
        self, header: WriteStreamHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> WriteStreamReply:
        if header.pipeline_id == MANNERS.index("refused"):
            raise NoSpace(volume="data-1", wanted=header.size_bytes_max)
        if header.pipeline_id == MANNERS.index("late consent"):
            await self.release.wait()
        self.note(call)
        self.begun += 1
        size_bytes = 0
        try:
            async for piece in pieces:
                size_bytes += len(piece)
                self.received.append(bytes(piece))
                if header.pipeline_id == MANNERS.index("refused in the middle"):
                    raise NoSpace(volume="data-1")
                if header.pipeline_id == MANNERS.index("slow"):
                    await self.release.wait()
        except BaseException:
            self.cancelled += 1
            raise
        finally:
            self.streams_ended += 1
        return WriteStreamReply(size_bytes=size_bytes)

    def read_stream(self, header: ReadStreamHeader, call: Call) -> AsyncIterator[Buffer]:
        self.note(call)
        if header.block.local == 404:
            raise NoSuchBlock(local=404)
        return self._pieces(header)

    async def _pieces(self, header: ReadStreamHeader) -> AsyncIterator[Buffer]:
        try:
            left = header.length_bytes
            while left:
                if header.block.local == 500 and self.pieces_sent == self.fail_after_pieces:
                    raise ChecksumMismatch(offset_bytes=self.pieces_sent * self.piece_bytes)
                piece = bytes([self.pieces_sent % 256]) * min(left, self.piece_bytes)
                left -= len(piece)
                self.pieces_sent += 1
                yield memoryview(piece)
        finally:
            self.streams_ended += 1


@dataclass
class Setting:
    network: Network
    server: Server
    channel: Channel
    node: DataNodeDouble

    async def put(self, size_bytes: int = 0, timeout_ms: float = TIMEOUT_MS) -> int:
        reply = await self.channel.call(
            "DataNode/PutBlock",
            PutBlockRequest(block=BLOCK, size_bytes=size_bytes),
            PutBlockReply,
            timeout_ms=timeout_ms,
        )
        return reply.commit_sequence

    async def echo(self, size_bytes: int) -> int:
        reply = await self.channel.call(
            "DataNode/WriteSmallBlock",
            WriteSmallBlockRequest(block=BLOCK, data=bytes(size_bytes)),
            WriteSmallBlockReply,
            timeout_ms=TIMEOUT_MS,
        )
        return reply.commit_sequence

    async def fail(self, failure: TrioxygenError) -> TrioxygenError:
        self.node.failure = failure
        with pytest.raises(TrioxygenError) as raised:
            await self.channel.call(
                "DataNode/DescribeDataNode",
                DescribeDataNodeRequest(),
                DescribeDataNodeReply,
                timeout_ms=TIMEOUT_MS,
            )
        return raised.value

    async def upload(self, manner: str = "usual") -> Upload:
        """Args: manner: how the service is to take it."""
        pipeline_id = MANNERS.index(manner)
        header = WriteStreamHeader(block=BLOCK, pipeline_id=pipeline_id, size_bytes_max=7)
        return await self.channel.upload("DataNode/WriteStream", header)

    def download(
        self, length_bytes: int, *, local: int = 1, timeout_ms: float = TIMEOUT_MS
    ) -> AsyncIterator[Buffer]:
        header = ReadStreamHeader(
            block=BlockId(container=1, local=local), length_bytes=length_bytes
        )
        return self.channel.download("DataNode/ReadStream", header, timeout_ms=timeout_ms)


@asynccontextmanager
async def opened(kind: str, config: GrpcConfig | None = None) -> AsyncIterator[Setting]:
    node = DataNodeDouble()
    if kind != "grpc":
        calls_max = 10_000 if config is None else config.session.calls_max
        local = LocalNetwork(encode=kind == "local-encoding", calls_in_flight_max=calls_max)
        server: Server = await local.serve("datanode-1", [node.service()])
        yield Setting(local, server, local.channel("datanode-1"), node)
        return
    network = GrpcNetwork(config, cluster_id="cluster-1", peer="test")
    server = await network.serve("127.0.0.1:0", [node.service()])
    try:
        yield Setting(network, server, network.channel(server.address), node)
    finally:
        node.release.set()
        await network.close()
        await server.stop()


Test = Callable[[Setting], Coroutine[Any, Any, None]]


def run(kind: str, test: Test, config: GrpcConfig | None = None) -> None:
    async def main() -> None:
        async with asyncio.timeout(120), opened(kind, config) as setting:
            await test(setting)

    uvloop.run(main())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for is in the double's counters
        await asyncio.sleep(0.005)


async def refusal(awaitable: Awaitable[Any]) -> TrioxygenError:
    with pytest.raises(TrioxygenError) as raised:
        await awaitable
    return raised.value
