"""Rules of values that several services share, and kinds of fields that many messages have."""

from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.rules.rule import (
    ANY,
    NUMBER_MAX,
    PART,
    MessageRules,
    each,
    known,
    number,
    raw,
    rules,
    text,
    utf8,
)
from trioxygen.common.units import GIB, TIB
from trioxygen.proto.v1 import types_pb2 as types

# Of rows and positions of every kind. Zero is what a missing one looks like.
ID: Final = number(1, NUMBER_MAX)
# One that may be left out, or is chosen later.
ID_OR_NONE: Final = number(0, NUMBER_MAX)
COUNT: Final = number(0, NUMBER_MAX)
TIME_MS: Final = number(0, NUMBER_MAX)
SIZE_BYTES: Final = number(0, NUMBER_MAX)
# What a configured block may have at most, and more than any object.
BLOCK_BYTES: Final = number(0, 16 * GIB)
OBJECT_BYTES: Final = number(0, 5 * TIB)

# Names of nodes, clusters, pipelines, ...: parts of rows' keys, hence short.
NAME: Final = text(255, low=1)
NAME_OR_NONE: Final = text(255)
PIPELINE_ID: Final = text(1_800)
ADDRESS: Final = text(300, low=1)
ADDRESS_OR_NONE: Final = text(300)
# What S3 clients send as header, tag or query: bounded by the gateway's request head.
SENT: Final = text(65_536)
# A bucket that is asked for may have any name; none but a proper one is made.
BUCKET: Final = text(65_536, low=1)
# A key that is asked for, or where a listing goes on; the handler refuses what is no key.
KEY: Final = utf8(65_536)
CHECKSUM: Final = raw(64)
REASON: Final = text(65_536)

# Of one request; what is stored is bounded by the size of its row.
SLICES_MAX: Final = 200_000
RANGES_MAX: Final = 100_000


def _range_fault(blocks: Any) -> str | None:
    if blocks.first_local + blocks.count <= NUMBER_MAX:
        return None
    return f"its end is beyond {NUMBER_MAX:,}"


def _slice_fault(piece: Any) -> str | None:
    if piece.offset_bytes + piece.length_bytes <= 16 * GIB:
        return None
    return "its end is beyond what a block can have"


TYPES: Final[dict[type[Message], MessageRules]] = {
    # No container is number zero: reports of one would be refused, and its DataNode with them.
    types.BlockId: rules(container=ID, local=ID_OR_NONE),
    types.BlockRange: rules(
        _range_fault, container=ID, first_local=ID_OR_NONE, count=number(1, 2**32 - 1)
    ),
    types.BlockSlice: rules(
        _slice_fault,
        container=ID,
        local=ID_OR_NONE,
        length_bytes=BLOCK_BYTES,
        offset_bytes=BLOCK_BYTES,
        lease_id=ID_OR_NONE,
        tag=ANY,
    ),
    types.DataNodeAddress: rules(node_id=NAME, address=ADDRESS_OR_NONE),
    types.Checksum: rules(algorithm=known(), type=known(), value=CHECKSUM),
    types.Account: rules(
        account_id=text(256),
        canonical_id=text(256),
        display_name=text(256),
        email=text(256),
        created_ms=TIME_MS,
    ),
    types.Pipeline: rules(pipeline_id=PIPELINE_ID, datanodes=each(PART, 100)),
}
