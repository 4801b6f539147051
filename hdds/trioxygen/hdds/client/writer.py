"""Writing blocks into a pipeline: small ones in one call, others as a stream to every member."""

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    ChecksumMismatch,
    NoSuchBlock,
    NotEnoughDataNodes,
    Unreachable,
)
from trioxygen.common.rpc.network import Upload
from trioxygen.hdds.checksums import checksums_of, tag_of
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.datanode_pb2 import (
    PutBlockReply,
    PutBlockRequest,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
    WriteStreamReply,
)
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline

# The last bytes of a large block may have to reach the disk first.
_FINISH_TIMEOUT_MS: Final = 120_000.0
# Nothing is lost yet: after a while another pipeline may take the block.
_BEGIN_PATIENCE_MS: Final = 1_000.0


class BlockStream:
    """A block being streamed to all members of its pipeline. `finish` or `cancel` ends it.

    Attributes:
    tag: of the block, once it is finished: whoever refers to it keeps it.
    """

    def __init__(
        self,
        block: BlockId,
        pipeline: Pipeline,
        uploads: Sequence[Upload],
        pool: DataNodePool,
    ) -> None:
        self._block, self._pipeline = block, pipeline
        self._uploads, self._pool = uploads, pool
        self.tag = 0

    async def send(self, piece: Buffer) -> None:
        """Waits for the slowest member. The piece must not change afterwards."""
        if len(self._uploads) == 1:
            await self._uploads[0].send(piece)
            return
        await asyncio.gather(*(upload.send(piece) for upload in self._uploads))

    async def flush(self) -> None:
        """Nothing that was sent waits here for more to come."""
        if len(self._uploads) == 1:
            await self._uploads[0].flush()
            return
        await asyncio.gather(*(upload.flush() for upload in self._uploads))

    async def finish(self) -> int:
        """The block's size in bytes; it is on stable storage and readable.

        Raises: what the members raise; the block cannot be read then.
        """
        replies: list[WriteStreamReply] = await asyncio.gather(
            *(upload.finish(_FINISH_TIMEOUT_MS) for upload in self._uploads)
        )
        first = replies[0]
        for reply in replies[1:]:
            if reply.size_bytes != first.size_bytes or reply.checksums != first.checksums:
                raise ChecksumMismatch(
                    "members of the pipeline received different bytes",
                    container=self._block.container,
                    local=self._block.local,
                )
        put = partial(self._put, first)
        try:
            # Safe to repeat: a block that was put is not put again.
            await self._pool.ask_leader(self._pipeline, put)
        except NoSuchBlock as error:
            # Received, but the DataNode was started again before it was put: what it had is gone.
            raise Unreachable(
                "a DataNode dropped what it had received", container=self._block.container
            ) from error
        self.tag = tag_of(self._block.container, self._block.local, first.checksums)
        return first.size_bytes

    async def _put(self, received: WriteStreamReply, leader: DataNodeAddress) -> PutBlockReply:
        request = PutBlockRequest(
            block=self._block,
            pipeline_id=self._pipeline.pipeline_id,
            size_bytes=received.size_bytes,
            checksums=received.checksums,
            replica_index=leader.replica_index,
        )
        return await self._pool.channel(leader.address).call(
            "DataNode/PutBlock", request, PutBlockReply, timeout_ms=self._pool.call_timeout_ms
        )

    async def cancel(self) -> None:
        """The members drop what they got. Idempotent."""
        await asyncio.gather(*(upload.cancel() for upload in self._uploads))


class BlockWriter:
    def __init__(self, pool: DataNodePool) -> None:
        self._pool = pool

    async def write_small(self, block: BlockId, pipeline: Pipeline, data: bytes) -> int:
        """At most 64 KiB, through the ring's log: durable when it returns. Safe to repeat.

        Returns: the block's tag; whoever refers to the block keeps it.
        Raises: ContainerNotOpen (take another block), and what is Unavailable.
        """
        request = WriteSmallBlockRequest(block=block, data=data, pipeline_id=pipeline.pipeline_id)

        def write(leader: DataNodeAddress) -> Awaitable[WriteSmallBlockReply]:
            if leader.replica_index:
                request.replica_index = leader.replica_index
            return self._pool.channel(leader.address).call(
                "DataNode/WriteSmallBlock",
                request,
                WriteSmallBlockReply,
                timeout_ms=self._pool.call_timeout_ms,
            )

        await self._pool.ask_leader(pipeline, write, most_ms=_BEGIN_PATIENCE_MS)
        self._pool.learn(block.container, pipeline)
        return tag_of(block.container, block.local, checksums_of(data))

    async def open(self, block: BlockId, pipeline: Pipeline, size_bytes_max: int) -> BlockStream:
        """Args:
        size_bytes_max: reserved on every member: the length if it is known.
        """
        if not pipeline.datanodes:
            raise NotEnoughDataNodes(pipeline=pipeline.pipeline_id)
        if len(pipeline.datanodes) == 1:
            uploads = [await self._upload(block, pipeline, pipeline.datanodes[0], size_bytes_max)]
        else:
            uploads = await self._upload_to_all(block, pipeline, size_bytes_max)
        self._pool.learn(block.container, pipeline)
        return BlockStream(block, pipeline, uploads, self._pool)

    async def _upload_to_all(
        self, block: BlockId, pipeline: Pipeline, size_bytes_max: int
    ) -> list[Upload]:
        """At once: the others wait for what the leader makes."""
        opening = [
            asyncio.ensure_future(self._upload(block, pipeline, member, size_bytes_max))
            for member in pipeline.datanodes
        ]
        try:
            return await asyncio.gather(*opening)
        except BaseException:
            await _cancel_all(opening)
            raise

    async def _upload(
        self, block: BlockId, pipeline: Pipeline, member: DataNodeAddress, size_bytes_max: int
    ) -> Upload:
        header = WriteStreamHeader(
            block=block,
            pipeline_id=pipeline.pipeline_id,
            size_bytes_max=size_bytes_max,
            replica_index=member.replica_index,
        )
        channel = self._pool.channel(member.address)
        return await self._pool.retry(
            partial(channel.upload, "DataNode/WriteStream", header), most_ms=_BEGIN_PATIENCE_MS
        )


async def _cancel_all(opening: Sequence[asyncio.Future[Upload]]) -> None:
    """Of those that came about, the uploads too."""
    for task in opening:
        task.cancel()
    for upload in await asyncio.gather(*opening, return_exceptions=True):
        if not isinstance(upload, BaseException):
            await upload.cancel()
