"""A page of the blocks that a DataNode's indexes have, for operators."""

import heapq
from collections.abc import Sequence
from itertools import islice

from trioxygen.hdds.container.blocks import BLOCK_KEY_BYTES, block_of_key
from trioxygen.hdds.container.volume import Volume
from trioxygen.proto.v1.datanode_pb2 import ListBlocksReply, ListBlocksRequest, StoredBlock
from trioxygen.proto.v1.types_pb2 import BlockId


def listed_blocks(volumes: Sequence[Volume], request: ListBlocksRequest) -> ListBlocksReply:
    """Blocks (reads the indexes). Damaged rows are left out: their blocks are told as corrupt."""
    after = request.after or bytes(BLOCK_KEY_BYTES)
    count = request.count_max
    pages = [volume.index.whole_after(after, count_max=count) for volume in volumes]
    page = list(islice(heapq.merge(*pages), count))
    reply = ListBlocksReply(next=page[-1][0] if len(page) == count else b"")
    for key, block in page:
        container, local = block_of_key(key)
        reply.blocks.append(
            StoredBlock(
                block=BlockId(container=container, local=local), size_bytes=block.size_bytes
            )
        )
    return reply
