"""Containers of erasure codes are there at all members of their pipelines: one that a block has no
bytes for would not have it, and count as lost."""

from collections import OrderedDict
from collections.abc import Set
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.ec.part_stream import all_of
from trioxygen.proto.v1.datanode_pb2 import WriteStreamHeader
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline

log = logs.get(__name__)

_CONTAINERS_MAX: Final = 10_000


class CodedContainers:
    """Of one client. Args: containers_max: those that were written to last are remembered."""

    def __init__(self, pool: DataNodePool, *, containers_max: int = _CONTAINERS_MAX) -> None:
        self._pool, self._containers_max = pool, containers_max
        # Made everywhere, or being made.
        self._made: OrderedDict[int, None] = OrderedDict()

    def written(self, block: BlockId, pipeline: Pipeline, filled: Set[int]) -> None:
        """A block of it is there, or on its way, at the members of these indexes. Nobody waits for
        the others; where they fail, the next block asks them again."""
        container = block.container
        if container in self._made:
            return
        others = [each for each in pipeline.datanodes if each.replica_index not in filled]
        self._made[container] = None
        if len(self._made) > self._containers_max:
            self._made.popitem(last=False)
        if others:
            self._pool.finishing.begin(self._make(block, pipeline, others))

    async def _make(
        self, block: BlockId, pipeline: Pipeline, members: list[DataNodeAddress]
    ) -> None:
        try:
            await all_of([self._make_at(block, pipeline, member) for member in members])
        except TrioxygenError as error:
            self._made.pop(block.container, None)
            log.info("container_not_made", container=block.container, reason=error)

    async def _make_at(self, block: BlockId, pipeline: Pipeline, member: DataNodeAddress) -> None:
        """By a stream that nothing is sent in."""
        header = WriteStreamHeader(
            block=block,
            pipeline_id=pipeline.pipeline_id,
            size_bytes_max=1,
            replica_index=member.replica_index,
        )
        channel = self._pool.channel(member.address)
        upload = await channel.upload("DataNode/WriteStream", header)
        await upload.cancel()
