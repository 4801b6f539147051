"""A page of the blocks of one replica, for whoever rebuilds another one of the container."""

from typing import Final

from trioxygen.common.units import MIB
from trioxygen.hdds.container.blocks import (
    Block,
    BlockIndex,
    block_key,
    block_of_key,
    container_key,
)
from trioxygen.hdds.datanode.homes import Homes
from trioxygen.proto.v1.datanode_pb2 import ListReplicaReply, ListReplicaRequest, StoredBlock
from trioxygen.proto.v1.types_pb2 import BlockId

_CHECKSUMS_BYTES_MAX: Final = 1 * MIB


async def list_replica(homes: Homes, request: ListReplicaRequest) -> ListReplicaReply:
    """Blocks that the log has brought are among them. Damaged rows are left out.

    Raises: NoSuchContainer, NoSuchBlock: another replica is here; what the volume raises."""
    container_id = request.container_id
    work = homes.replica(container_id, request.replica_index)
    container = work.volume.containers[container_id]
    await work.flusher.flush_container(container_id)
    reply = ListReplicaReply(
        state=container.state.proto,
        used_bytes=container.used_bytes,
        highest_local=container.highest_local,
        commit_sequence=container.commit_sequence,
    )
    first = request.next_local
    after = block_key(container_id, first - 1) if first else container_key(container_id)
    index = work.volume.index
    rows = await work.volume.blocking.run(_rows, index, after, request.count_max)
    checksums_bytes = 0
    for key, block in rows:
        container_of_block, local = block_of_key(key)
        if container_of_block != container_id:
            return reply
        if checksums_bytes > _CHECKSUMS_BYTES_MAX:
            reply.next_local = local
            return reply
        reply.blocks.append(_stored(container_id, local, block))
        checksums_bytes += len(block.checksums)
    if len(rows) == request.count_max:
        reply.next_local = reply.blocks[-1].block.local + 1
    return reply


def _rows(index: BlockIndex, after: bytes, count_max: int) -> list[tuple[bytes, Block]]:
    return index.whole_after(after, count_max=count_max)


def _stored(container_id: int, local: int, block: Block) -> StoredBlock:
    return StoredBlock(
        block=BlockId(container=container_id, local=local),
        size_bytes=block.size_bytes,
        checksums=block.checksums,
        group=None if block.group is None else block.group.message,
    )
