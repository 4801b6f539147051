"""An erasure-coded block as a reader is asked for it, and single reads of its parts."""

from dataclasses import dataclass

from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.hdds.ec.part_stream import ELSEWHERE, PartLost
from trioxygen.proto.v1.datanode_pb2 import ReadSmallBlockReply, ReadSmallBlockRequest
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress


@dataclass(frozen=True, slots=True)
class CodedBlock:
    """Attributes: tag: None: the reader's reference has none."""

    container: int
    local: int
    tag: int | None
    layout: GroupLayout

    @property
    def block(self) -> BlockId:
        return BlockId(container=self.container, local=self.local)


async def read_part(
    pool: DataNodePool,
    source: DataNodeAddress,
    coded: CodedBlock,
    index: int,
    offset_bytes: int,
    length_bytes: int,
    silence_ms: float,
) -> bytes:
    """At most 1 MiB. Raises: PartLost."""
    request = ReadSmallBlockRequest(
        block=coded.block,
        offset_bytes=offset_bytes,
        length_bytes=length_bytes,
        tag=coded.tag,
        replica_index=index,
    )
    try:
        reply = await pool.channel(source.address).call(
            "DataNode/ReadSmallBlock", request, ReadSmallBlockReply, timeout_ms=silence_ms
        )
    except ELSEWHERE as error:
        raise PartLost(index, error) from error
    return reply.data
