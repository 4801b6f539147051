"""Session tokens: what a session is, sealed under a key of the OM's, so that nothing of it is kept.

A token is base64 of: version (1 byte), id of the key (8, big-endian), nonce (12), AES-256-GCM of
the packed content and its tag (16), with all before the nonce as associated data."""

import binascii
import random
import zlib
from base64 import b64decode, b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

from trioxygen.common.errors import InvalidToken, LimitExceeded
from trioxygen.common.iam_limits import SESSION_TOKEN_BYTES_MAX
from trioxygen.proto.v1.iam_pb2 import SessionContent, SessionKeyRow

_VERSION: Final = b"\1"
_KEY_END: Final = 9
_NONCE_END: Final = 21
_TAG_BYTES: Final = 16
# Of a content that is unpacked: none that was sealed has more.
_CONTENT_BYTES_MAX: Final = 1 << 20


def sealed_token(key: SessionKeyRow, content: SessionContent, rng: random.Random) -> str:
    """Raises: LimitExceeded: its policies and tags are too many for a token."""
    head = _VERSION + key.key_id.to_bytes(8, "big")
    nonce = rng.randbytes(_NONCE_END - _KEY_END)
    plain = content.SerializeToString()
    sealed = AESGCM(key.secret).encrypt(nonce, zlib.compress(plain, 9), head)
    token = b64encode(head + nonce + sealed).decode()
    if len(token) > SESSION_TOKEN_BYTES_MAX or len(plain) > _CONTENT_BYTES_MAX:
        raise LimitExceeded(
            "session policies and tags take more than a token has room for",
            quota="PackedPolicySize",
            most=SESSION_TOKEN_BYTES_MAX,
        )
    return token


def token_parts(token: str) -> bytes:
    """Its bytes. Raises: InvalidToken: it is none of ours."""
    if len(token) > SESSION_TOKEN_BYTES_MAX:
        raise InvalidToken()
    try:
        raw = b64decode(token, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidToken() from error
    if raw[:1] != _VERSION or len(raw) < _NONCE_END + _TAG_BYTES:
        raise InvalidToken()
    return raw


def key_id_of(raw: bytes) -> int:
    return int.from_bytes(raw[1:_KEY_END], "big")


def opened(key: SessionKeyRow, raw: bytes) -> SessionContent:
    """Raises: InvalidToken: it was not sealed under the key."""
    head, nonce = raw[:_KEY_END], raw[_KEY_END:_NONCE_END]
    try:
        packed = AESGCM(key.secret).decrypt(nonce, raw[_NONCE_END:], head)
    except InvalidTag as error:
        raise InvalidToken() from error
    plain = zlib.decompressobj().decompress(packed, _CONTENT_BYTES_MAX)
    try:
        return SessionContent.FromString(plain)
    except DecodeError as error:  # another version of this software made it
        raise InvalidToken() from error
