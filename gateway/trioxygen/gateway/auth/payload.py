"""How a request's body travels and is vouched for, from x-amz-content-sha256.

Source: S3 API reference, "Authenticating Requests: Using the Authorization Header", its table of
values of x-amz-content-sha256.
"""

import enum
import re
from typing import Final

from trioxygen.gateway.auth.claim import (
    ALGORITHM_V4A,
    STREAMING,
    UNSIGNED_PAYLOAD,
    SignatureClaim,
    v4a_refused,
)
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.head import RequestHead

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_INVALID: Final = (
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER,"
    " STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER,"
    " STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
    " or a valid sha256 value."
)


class PayloadMode(enum.Enum):
    """How the body is framed and what protects it.

    UNSIGNED: plain body. SIGNED: plain body whose hex SHA-256 is `declared_payload_hash`, to be
    checked by whoever reads it. The STREAMING ones are aws-chunked, see `auth.streaming`.
    """

    UNSIGNED = UNSIGNED_PAYLOAD
    SIGNED = "SIGNED"
    STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    @property
    def is_chunked(self) -> bool:
        """Whether the body is aws-chunked."""
        return self not in (PayloadMode.UNSIGNED, PayloadMode.SIGNED)

    @property
    def has_signed_chunks(self) -> bool:
        """Whether every chunk carries a signature."""
        return self in (PayloadMode.STREAMING_SIGNED, PayloadMode.STREAMING_SIGNED_TRAILER)


_BY_VALUE: Final = {mode.value: mode for mode in PayloadMode if mode is not PayloadMode.SIGNED}


def declared_payload_hash(head: RequestHead, claim: SignatureClaim | None) -> str | None:
    """The value of x-amz-content-sha256 that binds this request's body, None if there is none.

    What was signed decides. Only where a presigned request left the body open may its unsigned
    header say how the body travels, or promise a hash.
    """
    if claim is None or (claim.presigned and claim.payload_hash == UNSIGNED_PAYLOAD):
        value = head.header("x-amz-content-sha256")
        if value is not None or claim is None:
            return value
    return claim.payload_hash


def payload_mode(head: RequestHead, claim: SignatureClaim | None) -> PayloadMode:
    """The mode of the body; a request that says nothing is UNSIGNED.

    An anonymous request usually has no x-amz-content-sha256; it is aws-chunked when
    Content-Encoding says so and a trailer is announced, as boto3 does it.

    Raises:
        S3Error: InvalidArgument (unknown value), NotImplemented (SigV4A chunks), AccessDenied
            (chunks signed by nobody).
    """
    value = declared_payload_hash(head, claim)
    if value is None:
        encoding = head.header("content-encoding")
        if encoding and "aws-chunked" in encoding.lower() and head.header("x-amz-trailer"):
            return PayloadMode.STREAMING_UNSIGNED_TRAILER
        return PayloadMode.UNSIGNED
    mode = read_mode(value)
    if mode.has_signed_chunks and claim is None:
        raise S3Error("AccessDenied", "An anonymous request cannot have signed chunks")
    return mode


def read_mode(value: str) -> PayloadMode:
    """What a value of x-amz-content-sha256 says of the body.

    Raises:
        S3Error: InvalidArgument (unknown value), NotImplemented (SigV4A chunks).
    """
    if _SHA256.fullmatch(value):
        return PayloadMode.SIGNED
    mode = _BY_VALUE.get(value)
    if mode is None:
        if value.startswith(f"{STREAMING}{ALGORITHM_V4A}-PAYLOAD"):
            raise v4a_refused(value, header="x-amz-content-sha256")
        raise invalid_argument(_INVALID, "x-amz-content-sha256", value)
    return mode
