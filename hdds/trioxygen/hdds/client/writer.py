"""Writing blocks into a pipeline: small ones in one call, others as a stream to every member."""

from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

from trioxygen.common.errors import NotEnoughDataNodes
from trioxygen.common.rpc.network import Upload
from trioxygen.hdds.checksums import checksums_of, tag_of
from trioxygen.hdds.client.away_nodes import AwayNodes
from trioxygen.hdds.client.block_stream import BlockStream, SoleStream
from trioxygen.hdds.client.ec_containers import CodedContainers
from trioxygen.hdds.client.ec_put import write_small_parts
from trioxygen.hdds.client.ec_stream import EcStream
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.ring_stream import RingStream
from trioxygen.proto.v1.datanode_pb2 import (
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
)
from trioxygen.proto.v1.types_pb2 import EC, BlockId, DataNodeAddress, Pipeline


class BlockWriter:
    def __init__(self, pool: DataNodePool) -> None:
        self._pool, self._coded = pool, CodedContainers(pool)

    @property
    def away(self) -> AwayNodes:
        """Members that were left lately: blocks without them come first."""
        return self._pool.unwritable

    async def write_small(self, block: BlockId, pipeline: Pipeline, data: bytes) -> int:
        """At most 64 KiB, through the ring's log: durable when it returns. Safe to repeat.

        Returns: the block's tag; whoever refers to the block keeps it.
        Raises: ContainerNotOpen (take another block), and what is Unavailable.
        """
        pool = self._pool
        if pipeline.replication.type == EC:
            tag, filled = await write_small_parts(pool, block, pipeline, data)
            self._coded.written(block, pipeline, filled)
            pool.locations.learn(block.container, pipeline, pipeline.datanodes[0])
            return tag
        request = WriteSmallBlockRequest(block=block, data=data, pipeline_id=pipeline.pipeline_id)

        def write(leader: DataNodeAddress, timeout_ms: float) -> Awaitable[WriteSmallBlockReply]:
            if leader.replica_index:
                request.replica_index = leader.replica_index
            return pool.channel(leader.address).call(
                "DataNode/WriteSmallBlock", request, WriteSmallBlockReply, timeout_ms=timeout_ms
            )

        await pool.ask_leader(pipeline, write, most_ms=pool.config.begin_patience_ms)
        pool.locations.learn(block.container, pipeline, pool.leaders.of(pipeline))
        return tag_of(block.container, block.local, checksums_of(data))

    async def open(self, block: BlockId, pipeline: Pipeline, size_bytes_max: int) -> BlockStream:
        """Args:
        size_bytes_max: reserved on every member: the length if it is known.
        """
        pool, members = self._pool, pipeline.datanodes
        if not members:
            raise NotEnoughDataNodes(pipeline=pipeline.pipeline_id)
        begin = partial(self._begin, block, pipeline)
        stream: BlockStream
        if pipeline.replication.type == EC:
            ec_stream = await _opened(EcStream(block, pipeline, size_bytes_max, begin, pool))
            self._coded.written(block, pipeline, ec_stream.filled)
            stream = ec_stream
        elif len(members) == 1:
            stream = SoleStream(block, pipeline, await begin(size_bytes_max, members[0]), pool)
        else:
            stream = await _opened(
                RingStream(block, pipeline, partial(begin, size_bytes_max), pool)
            )
        pool.locations.learn(block.container, pipeline, pool.leaders.of(pipeline))
        return stream

    async def _begin(
        self, block: BlockId, pipeline: Pipeline, size_bytes_max: int, member: DataNodeAddress
    ) -> Upload:
        pool = self._pool
        header = WriteStreamHeader(
            block=block,
            pipeline_id=pipeline.pipeline_id,
            size_bytes_max=size_bytes_max,
            replica_index=member.replica_index,
        )
        channel = pool.channel(member.address)
        return await pool.retry(
            partial(channel.upload, "DataNode/WriteStream", header),
            most_ms=pool.config.begin_patience_ms,
        )

    async def stop(self) -> None:
        """What goes on behind finished blocks has ended."""
        await self._pool.stop()


_Stream = TypeVar("_Stream", RingStream, EcStream)


async def _opened(stream: _Stream) -> _Stream:
    try:
        await stream.opened()
    except BaseException:
        await stream.cancel()
        raise
    return stream
