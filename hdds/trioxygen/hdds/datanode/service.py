"""The DataNode's RPC service: finds a container's home and hands over."""

from collections.abc import AsyncIterator, Awaitable, Callable

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Service
from trioxygen.hdds.copying.imports import Imports
from trioxygen.hdds.datanode.homes import Homes
from trioxygen.hdds.datanode.replica_listing import list_replica
from trioxygen.proto.v1 import datanode_pb2
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeDataNodeReply,
    DescribeDataNodeRequest,
    DescribeImportReply,
    DescribeImportRequest,
    ImportContainerHeader,
    ImportContainerReply,
    ListBlocksReply,
    ListBlocksRequest,
    ListReplicaReply,
    ListReplicaRequest,
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
    def __init__(
        self,
        *,
        homes: Homes,
        imports: Imports,
        describe: Callable[[bytes], DescribeDataNodeReply],
        list_blocks: Callable[[ListBlocksRequest], Awaitable[ListBlocksReply]],
        read_small_bytes_max: int,
    ) -> None:
        self._homes, self._imports, self._describe = homes, imports, describe
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
                "ListBlocks": self.list_blocks,
                "DescribeImport": self.describe_import,
                "ListReplica": self.list_replica,
            },
            uploads={
                "WriteStream": self.write_stream,
                "ImportContainer": self.import_container,
            },
            downloads={"ReadStream": self.read_stream},
        )

    async def write_small_block(
        self, request: WriteSmallBlockRequest, call: Call
    ) -> WriteSmallBlockReply:
        # Gone into the log it would be of no use to anybody but a thief.
        request.ClearField("token")
        _, ring = self._homes.writing(request.pipeline_id)
        return WriteSmallBlockReply(commit_sequence=await ring.write_small(request))

    async def put_block(self, request: PutBlockRequest, call: Call) -> PutBlockReply:
        request.ClearField("token")
        _, ring = self._homes.writing(request.pipeline_id)
        return PutBlockReply(commit_sequence=await ring.put_block(request))

    async def read_small_block(
        self, request: ReadSmallBlockRequest, call: Call
    ) -> ReadSmallBlockReply:
        block = request.block
        container = block.container
        length_bytes = request.length_bytes
        if length_bytes > self._read_small_bytes_max:
            raise InvalidRequest("too much for one reply", length_bytes=length_bytes)
        data = await self._homes.replica(container, request.replica_index).reads.read(
            container,
            block.local,
            request.offset_bytes,
            length_bytes,
            tag=request.tag if request.HasField("tag") else None,
        )
        return ReadSmallBlockReply(data=data if isinstance(data, bytes) else bytes(data))

    async def write_stream(
        self, header: WriteStreamHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> WriteStreamReply:
        work, ring = self._homes.writing(header.pipeline_id)
        container = await ring.container(header.block.container, header.replica_index, waits=True)
        size_bytes, checksums = await work.streams.receive(
            container, header.block.local, header.size_bytes_max, pieces
        )
        return WriteStreamReply(size_bytes=size_bytes, checksums=checksums)

    async def describe_import(
        self, request: DescribeImportRequest, call: Call
    ) -> DescribeImportReply:
        return self._imports.describe(request)

    async def import_container(
        self, header: ImportContainerHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> ImportContainerReply:
        return await self._imports.receive(header, pieces)

    def read_stream(self, header: ReadStreamHeader, call: Call) -> AsyncIterator[Buffer]:
        block = header.block
        return self._homes.replica(block.container, header.replica_index).reads.stream(
            block.container,
            block.local,
            header.offset_bytes,
            header.length_bytes,
            tag=header.tag if header.HasField("tag") else None,
            piece_bytes_max=header.piece_bytes_max,
        )

    async def describe_data_node(
        self, request: DescribeDataNodeRequest, call: Call
    ) -> DescribeDataNodeReply:
        return self._describe(request.after)

    async def list_blocks(self, request: ListBlocksRequest, call: Call) -> ListBlocksReply:
        return await self._list_blocks(request)

    async def list_replica(self, request: ListReplicaRequest, call: Call) -> ListReplicaReply:
        return await list_replica(self._homes, request)
