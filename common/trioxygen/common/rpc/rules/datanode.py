"""Rules of the DataNode's requests, which are also what its log holds."""

from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.rpc.rules.rule import (
    ANY,
    PART,
    REQUIRED_PART,
    MessageRules,
    Rule,
    each,
    known,
    number,
    raw,
    rules,
)
from trioxygen.common.rpc.rules.types import (
    BLOCK_BYTES,
    COUNT,
    ID,
    ID_OR_NONE,
    NAME,
    NODE_ID,
    NODE_ID_OR_NONE,
    PIPELINE_ID,
    RANGES_MAX,
    REPLICA_INDEX,
    SIZE_BYTES,
    TOKEN,
)
from trioxygen.common.units import GIB, MIB
from trioxygen.proto.v1 import datanode_pb2 as datanode

# Of a pipeline: those of the widest erasure code, and some.
_MEMBERS_MAX: Final = 32


def _range_fault(request: Any) -> str | None:
    if request.offset_bytes + request.length_bytes <= 16 * GIB:
        return None
    return "the range's end is beyond what a block can have"


_READ: Final[dict[str, Rule]] = {
    "block": REQUIRED_PART,
    "offset_bytes": BLOCK_BYTES,
    "length_bytes": BLOCK_BYTES,
    "tag": ANY,
    "replica_index": REPLICA_INDEX,
    "token": TOKEN,
}

DATANODE: Final[dict[type[Message], MessageRules]] = {
    datanode.BlockGroup: rules(tag=ANY, size_bytes=BLOCK_BYTES, data_cells=REPLICA_INDEX),
    datanode.WriteSmallBlockRequest: rules(
        block=REQUIRED_PART,
        data=raw(64 * MIB),
        pipeline_id=PIPELINE_ID,
        replica_index=REPLICA_INDEX,
        group=PART,
        token=TOKEN,
    ),
    datanode.WriteStreamHeader: rules(
        block=REQUIRED_PART,
        pipeline_id=PIPELINE_ID,
        size_bytes_max=BLOCK_BYTES,
        replica_index=REPLICA_INDEX,
        token=TOKEN,
    ),
    # Held to the bytes that were received.
    datanode.PutBlockRequest: rules(
        block=REQUIRED_PART,
        pipeline_id=PIPELINE_ID,
        size_bytes=BLOCK_BYTES,
        checksums=raw(4 * MIB),
        replica_index=REPLICA_INDEX,
        holders=each(NODE_ID, _MEMBERS_MAX),
        group=PART,
        token=TOKEN,
    ),
    datanode.ReadSmallBlockRequest: rules(_range_fault, **_READ),
    datanode.ReadStreamHeader: rules(_range_fault, **_READ, piece_bytes_max=BLOCK_BYTES),
    datanode.DescribeDataNodeRequest: rules(after=raw(2_000)),
    datanode.ListBlocksRequest: rules(after=raw(16), count_max=number(1, 10_000)),
    datanode.CreateContainerCommand: rules(container_id=ID, replica_index=REPLICA_INDEX),
    datanode.BeginCloseCommand: rules(container_id=ID),
    datanode.ListReplicaRequest: rules(
        container_id=ID,
        replica_index=REPLICA_INDEX,
        next_local=ID_OR_NONE,
        count_max=number(1, 1_000),
        token=TOKEN,
    ),
    datanode.DescribeImportRequest: rules(container_id=ID, transfer_id=NAME, token=TOKEN),
    datanode.ImportContainerHeader: rules(
        transfer_id=NAME,
        container_id=ID,
        state=known(is_required=True),
        pipeline_id=PIPELINE_ID,
        replica_index=REPLICA_INDEX,
        commit_sequence=COUNT,
        origin_node_id=NODE_ID_OR_NONE,
        highest_local=COUNT,
        used_bytes=SIZE_BYTES,
        next_local=ID_OR_NONE,
        completes=ANY,
        token=TOKEN,
    ),
    datanode.ImportFrame: rules(block=PART, end=PART, checksums=raw(4 * MIB)),
    # Held to the bytes that follow.
    datanode.ImportedBlock: rules(
        local=ID_OR_NONE,
        size_bytes=BLOCK_BYTES,
        commit_sequence=COUNT,
        checksums=raw(4 * MIB),
        group=PART,
    ),
    datanode.ImportEnd: rules(deleted=each(PART, RANGES_MAX)),
    datanode.ImportContainerCommand: rules(
        container_id=ID,
        pipeline_id=PIPELINE_ID,
        replica_index=REPLICA_INDEX,
        commit_sequence=COUNT,
        origin_node_id=NODE_ID_OR_NONE,
        highest_local=COUNT,
    ),
    datanode.MoveReplicaCommand: rules(container_id=ID, state=known(is_required=True)),
    datanode.RingEntry: rules(
        import_container=PART,
        move_replica=PART,
        create_container=PART,
        write_small_block=PART,
        put_block=PART,
        begin_close=PART,
        close_container=PART,
        delete_blocks=PART,
    ),
}
