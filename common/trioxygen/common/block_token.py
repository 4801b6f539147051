"""Block tokens: what a client may do with blocks of one container, signed with a key of the SCM.

A token says which key it is signed with, the container, the blocks (a range of them, or all), the
operations, and the client: role and node id, as DataNodes see them of its connection. It is good as
long as its key counts: no clocks are compared. The signature is HMAC-SHA256 over what the token
says, in one encoding, behind a text that nothing else is signed with."""

import hmac
from collections.abc import Callable
from enum import Enum, IntFlag
from struct import Struct
from typing import Final, NamedTuple

from trioxygen.proto.v1.types_pb2 import BlockId

_DOMAIN: Final = b"trioxygen block token\0"
_VERSION: Final = 1
# Version, key id, container, first block, blocks, operations, bytes of the client's name.
_HEAD: Final = Struct(">BQQQQBB")
_CLIENT_BYTES_MAX: Final = 255
_SIGNATURE_BYTES: Final = 32
SECRET_BYTES: Final = 32
# Instead of their number: all of the container.
ALL_BLOCKS: Final = 0


class Operation(IntFlag):
    """READ, WRITE: bytes of blocks. COPY: whole replicas are listed and sent."""

    READ = 1
    WRITE = 2
    COPY = 4


class Refusal(Enum):
    """Why a token is refused. Values are for facts of errors."""

    MISSING = "there is none"
    MALFORMED = "it is no token"
    # It was retired, or was never made: a new token helps.
    KEY = "its key does not count"
    SIGNATURE = "its signature is wrong"
    CLIENT = "it is another client's"
    OPERATION = "it is for other operations"
    BLOCK = "it is for other blocks"


class BlockToken(NamedTuple):
    """What a token says. Attributes: blocks: so many, from `first_local` on; or ALL_BLOCKS."""

    key_id: int
    container: int
    first_local: int
    blocks: int
    operations: int
    client: str


class Access(NamedTuple):
    """What somebody wants to do. Attributes: local: None: with the container as a whole."""

    operation: Operation
    container: int
    local: int | None

    @classmethod
    def to(cls, operation: Operation, block: BlockId) -> "Access":
        return cls(operation, block.container, block.local)


# The secret of a key that counts; None: it does not.
FindSecret = Callable[[int], bytes | None]


def signed(token: BlockToken, secret: bytes) -> bytes:
    client = token.client.encode()
    assert len(client) <= _CLIENT_BYTES_MAX, token.client
    head = _HEAD.pack(
        _VERSION,
        token.key_id,
        token.container,
        token.first_local,
        token.blocks,
        token.operations,
        len(client),
    )
    said = head + client
    return said + hmac.digest(secret, _DOMAIN + said, "sha256")


def unchecked(data: bytes) -> BlockToken | None:
    """What it says, whoever has signed it. None: it is no token."""
    if len(data) < _HEAD.size + _SIGNATURE_BYTES:
        return None
    version, key_id, container, first_local, blocks, operations, size = _HEAD.unpack_from(data)
    if version != _VERSION or len(data) != _HEAD.size + size + _SIGNATURE_BYTES:
        return None
    try:
        client = data[_HEAD.size : _HEAD.size + size].decode()
    except UnicodeDecodeError:
        return None
    return BlockToken(key_id, container, first_local, blocks, operations, client)


def covers(token: BlockToken, access: Access) -> bool:
    if token.container != access.container or not token.operations & access.operation:
        return False
    if token.blocks == ALL_BLOCKS:
        return True
    local = access.local
    return local is not None and 0 <= local - token.first_local < token.blocks


def refusal(data: bytes, access: Access, client: str, secret_of: FindSecret) -> Refusal | None:
    """Why it does not let the client do that; None: it does."""
    if not data:
        return Refusal.MISSING
    token = unchecked(data)
    if token is None:
        return Refusal.MALFORMED
    secret = secret_of(token.key_id)
    if secret is None:
        return Refusal.KEY
    said, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
    if not hmac.compare_digest(hmac.digest(secret, _DOMAIN + said, "sha256"), signature):
        return Refusal.SIGNATURE
    if token.client != client:
        return Refusal.CLIENT
    if not token.operations & access.operation:
        return Refusal.OPERATION
    return None if covers(token, access) else Refusal.BLOCK
