"""Rules of values that several services share, and kinds of fields that many messages have."""

import re
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.rpc.rules.rule import (
    ANY,
    NUMBER_MAX,
    PART,
    MessageRules,
    Rule,
    each,
    is_line,
    known,
    line,
    matching,
    number,
    raw,
    rules,
    text,
    utf8,
)
from trioxygen.common.units import GIB, MIB, TIB
from trioxygen.proto.v1 import types_pb2 as types

_NODE_ID: Final = r"[A-Za-z0-9._-]+"
# Of the local network a name alone; never another scheme of gRPC's (`unix:`, `dns:`).
_ADDRESS: Final = re.compile(
    r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[^\s:/\[\]@%?#\\]{1,255})(?::([0-9]{1,5}))?"
)
# As Ozone says it: labels of DNS.
VOLUME_NAME: Final = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_VOLUME: Final = re.compile(VOLUME_NAME)


def is_address(value: str) -> bool:
    match = _ADDRESS.fullmatch(value) if is_line(value) else None
    return match is not None and (match[1] is None or 1 <= int(match[1]) <= 65_535)


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
NAME: Final = line(255, low=1)
NAME_OR_NONE: Final = line(255)
# As configured, and as nodes choose it themselves.
NODE_ID: Final = matching(
    "a node id: 1 to 255 letters, digits and '.', '_', '-'", _NODE_ID, 255, is_required=True
)
NODE_ID_OR_NONE: Final = matching(
    "a node id, or nothing: letters, digits and '.', '_', '-'", f"({_NODE_ID})?", 255
)
# 0: of a log of before pipelines had numbers.
PIPELINE_ID: Final = ID_OR_NONE
# 0: a whole replica; else which of an erasure code's.
REPLICA_INDEX: Final = number(0, 255)
ADDRESS: Final = Rule("an address: HOST:PORT", is_address, is_required=True)
ADDRESS_OR_NONE: Final = Rule(
    "an address, or nothing: HOST:PORT", lambda value: not value or is_address(value)
)
# As one segment of a path and between the colons of an ARN. Empty: chosen by the OM.
NEW_ACCOUNT_ID: Final = matching(
    "1 to 64 letters, digits, '-', '_' and '.', neither '.' nor '..'",
    r"(?!\.{1,2}$)[A-Za-z0-9._-]{0,64}",
    64,
)
_CANONICAL_ID: Final = re.compile("[0-9a-f]{64}")
# Whether mail arrives there nobody can tell of its form.
_EMAIL: Final = re.compile(r"(?:[^\s@,;:<>]+@[^\s@,;:<>]+)?")
# What S3 clients send as header, tag or query: bounded by the gateway's request head.
SENT: Final = text(65_536)
VOLUME: Final = Rule(
    "a volume's name: 3 to 63 lower-case letters, digits, '-' and '.'",
    lambda value: _VOLUME.fullmatch(value) is not None,
    is_required=True,
    expression="2 < len(value) < 64 and value.isascii() and value.isalnum() and value.islower()",
)
# A bucket that is asked for may have any name; none but a proper one is made.
BUCKET: Final = text(65_536, low=1)
# A key that is asked for, or where a listing goes on; the handler refuses what is no key.
KEY: Final = utf8(65_536)
CHECKSUM: Final = raw(64)
REASON: Final = text(65_536)

# Of a request whose answer is kept for retries.
RETRIED: Final[dict[str, Rule]] = {"client_id": ANY, "request_id": ANY, "is_retry": ANY}

# Signed; what they say is checked by who takes them.
TOKEN: Final = raw(1_024)

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


def _account_fault(account: Any) -> str | None:
    """Of one that is to be made."""
    canonical_id = account.canonical_id
    if canonical_id in ("", account.account_id) or _CANONICAL_ID.fullmatch(canonical_id):
        return None
    return "canonical_id is to be 64 hexadecimal digits in lower case, or the account's id"


TYPES: Final[dict[type[Message], MessageRules]] = {
    # No container is number zero: reports of one would be refused, and its DataNode with them.
    types.BlockId: rules(container=ID, local=ID_OR_NONE),
    types.BlockRange: rules(
        _range_fault,
        container=ID,
        first_local=ID_OR_NONE,
        count=number(1, 2**32 - 1),
        size_bytes=SIZE_BYTES,
    ),
    types.BlockSlice: rules(
        _slice_fault,
        container=ID,
        local=ID_OR_NONE,
        length_bytes=BLOCK_BYTES,
        offset_bytes=BLOCK_BYTES,
        lease_id=ID_OR_NONE,
        tag=ANY,
        replica_index=REPLICA_INDEX,
        block_bytes=BLOCK_BYTES,
    ),
    types.DataNodeAddress: rules(
        node_id=NODE_ID, address=ADDRESS_OR_NONE, replica_index=REPLICA_INDEX
    ),
    types.CodedBlocks: rules(data_cells=REPLICA_INDEX, count=COUNT, tag_sum=ANY),
    types.Checksum: rules(algorithm=known(), type=known(), value=CHECKSUM),
    types.Account: rules(
        _account_fault,
        account_id=NEW_ACCOUNT_ID,
        canonical_id=line(256),
        display_name=line(256),
        email=Rule(
            "an e-mail address, like ann@example.org",
            lambda value: len(value) <= 256 and is_line(value) and bool(_EMAIL.fullmatch(value)),
        ),
        created_ms=TIME_MS,
        alias=line(63),
    ),
    types.Replication: rules(
        type=known(), data=number(0, 100), parity=number(0, 100), cell_bytes=number(0, 16 * MIB)
    ),
    types.Pipeline: rules(
        pipeline_id=PIPELINE_ID,
        datanodes=each(PART, 100),
        replication=PART,
        without_spare=ANY,
    ),
}
