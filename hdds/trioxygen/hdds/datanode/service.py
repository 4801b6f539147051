"""The DataNode's RPC service: finds a container's home and hands over."""

from collections.abc import AsyncIterator, Awaitable, Callable

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest, NoSuchContainer
from trioxygen.common.network import Service
from trioxygen.hdds.datanode.metrics import VolumeWork
from trioxygen.proto.v1 import datanode_pb2
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeDataNodeReply,
    DescribeDataNodeRequest,
    ListBlocksReply,
    ListBlocksRequest,
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


class DataNodeService:
    """Args:
    home: of a container that is here, or None; new_home: where a new one goes.
    """

    def __init__(
        self,
        *,
        home: Callable[[int], VolumeWork | None],
        new_home: Callable[[int], VolumeWork],
        describe: Callable[[bytes], DescribeDataNodeReply],
        list_blocks: Callable[[ListBlocksRequest], Awaitable[ListBlocksReply]],
        read_small_bytes_max: int,
    ) -> None:
        self._home, self._new_home, self._describe = home, new_home, describe
        self._list_blocks = list_blocks
        self._read_small_bytes_max = read_small_bytes_max

    def service(self) -> Service:
        return Service(
            descriptor=datanode_pb2.DESCRIPTOR.services_by_name["DataNode"],
            calls={
                "WriteSmallBlock": self.write_small_block,
                "PutBlock": self.put_block,
                "ReadSmallBlock": self.read_small_block,
                "DescribeDataNode": self.describe_data_node,
                "ListBlocks": self._list_blocks,
            },
            uploads={"WriteStream": self.write_stream},
            downloads={"ReadStream": self.read_stream},
        )

    async def write_small_block(self, request: WriteSmallBlockRequest) -> WriteSmallBlockReply:
        container = request.block.container
        work = self._home(container) or self._new_home(container)
        return WriteSmallBlockReply(commit_sequence=await work.pipeline.write_small(request))

    async def put_block(self, request: PutBlockRequest) -> PutBlockReply:
        work = self._work(request.block.container)
        return PutBlockReply(commit_sequence=await work.pipeline.put_block(request))

    async def read_small_block(self, request: ReadSmallBlockRequest) -> ReadSmallBlockReply:
        block = request.block
        container = block.container
        length_bytes = request.length_bytes
        if length_bytes > self._read_small_bytes_max:
            raise InvalidRequest("too much for one reply", length_bytes=length_bytes)
        data = await self._work(container).reads.read(
            container,
            block.local,
            request.offset_bytes,
            length_bytes,
            tag=request.tag if request.HasField("tag") else None,
        )
        return ReadSmallBlockReply(data=data if isinstance(data, bytes) else bytes(data))

    async def write_stream(
        self, header: WriteStreamHeader, pieces: AsyncIterator[Buffer]
    ) -> WriteStreamReply:
        container_id = header.block.container
        work = self._home(container_id) or self._new_home(container_id)
        container = work.volume.container(container_id, header.pipeline_id)
        size_bytes, checksums = await work.pipeline.streams.receive(
            container, header.block.local, header.size_bytes_max, pieces
        )
        return WriteStreamReply(size_bytes=size_bytes, checksums=checksums)

    def read_stream(self, header: ReadStreamHeader) -> AsyncIterator[Buffer]:
        block = header.block
        return self._work(block.container).reads.stream(
            block.container,
            block.local,
            header.offset_bytes,
            header.length_bytes,
            tag=header.tag if header.HasField("tag") else None,
        )

    async def describe_data_node(self, request: DescribeDataNodeRequest) -> DescribeDataNodeReply:
        return self._describe(request.after)

    def _work(self, container: int) -> VolumeWork:
        work = self._home(container)
        if work is None:
            raise NoSuchContainer(container=container)
        return work
