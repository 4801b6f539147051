"""A block on its way to its DataNodes, as whoever writes it sees it."""

from collections.abc import Sequence
from typing import Protocol

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ContainerNotOpen, NoSuchBlock, Unreachable
from trioxygen.common.rpc.network import Upload
from trioxygen.hdds.checksums import tag_of
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.datanode_pb2 import PutBlockReply, PutBlockRequest, WriteStreamReply
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline


class BlockStream(Protocol):
    """`finish` or `cancel` ends it.

    Attributes:
    tag: of the block, once it is finished: whoever refers to it keeps it.
    left: members that were left on the way: the rest had better go to a block without them.
    """

    @property
    def tag(self) -> int: ...
    @property
    def left(self) -> Sequence[DataNodeAddress]: ...

    async def send(self, piece: Buffer) -> None:
        """Waits while too much is under way. The piece must not change afterwards."""
        ...

    async def flush(self) -> None:
        """Nothing that was sent waits here for more to come, but for members that lag behind."""
        ...

    async def finish(self) -> int:
        """The block's size in bytes; it is on stable storage and readable.

        Raises: what the members raise; the block cannot be read then."""
        ...

    async def cancel(self) -> None:
        """The members drop what they got. Idempotent, also after `finish`."""
        ...


async def put_block(
    pool: DataNodePool,
    block: BlockId,
    pipeline: Pipeline,
    received: WriteStreamReply,
    holders: Sequence[str],
) -> int:
    """Makes what the members have received readable, through their ring; the block's tag.

    Args: holders: ids of those that have said so: the others fetch it from them."""
    request = PutBlockRequest(
        block=block,
        pipeline_id=pipeline.pipeline_id,
        size_bytes=received.size_bytes,
        checksums=received.checksums,
        holders=holders,
    )

    async def ask(leader: DataNodeAddress, timeout_ms: float) -> PutBlockReply:
        request.replica_index = leader.replica_index
        return await pool.channel(leader.address).call(
            "DataNode/PutBlock", request, PutBlockReply, timeout_ms=timeout_ms
        )

    try:
        # Safe to repeat: a block that was put is not put again.
        await pool.ask_leader(pipeline, ask)
    except ContainerNotOpen as error:
        raise Unreachable(
            "the container was closed in the middle of a block", container=block.container
        ) from error
    except NoSuchBlock as error:
        # Received, but the DataNode was started again before it was put: what it had is gone.
        raise Unreachable(
            "a DataNode dropped what it had received", container=block.container
        ) from error
    return tag_of(block.container, block.local, received.checksums)


class SoleStream:
    """To a pipeline of one member, by its `upload`."""

    def __init__(
        self, block: BlockId, pipeline: Pipeline, upload: Upload, pool: DataNodePool
    ) -> None:
        self._block, self._pipeline = block, pipeline
        self.upload, self._pool = upload, pool
        self.tag = 0
        self.left: Sequence[DataNodeAddress] = ()

    async def send(self, piece: Buffer) -> None:
        await self.upload.send(piece)

    async def flush(self) -> None:
        await self.upload.flush()

    async def finish(self) -> int:
        received = await self.upload.finish(self._pool.config.finish_timeout_ms)
        self.tag = await put_block(self._pool, self._block, self._pipeline, received, ())
        size_bytes: int = received.size_bytes
        return size_bytes

    async def cancel(self) -> None:
        await self.upload.cancel()
