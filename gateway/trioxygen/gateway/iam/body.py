"""The body of a query-API request: a form of a bounded size, read before it is known who asks."""

from typing import Final

from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.protocol.numbers import read_natural
from trioxygen.gateway.s3.request import S3Request

BODY_BYTES_MAX: Final = MIB
# What each body may always hold, and in what steps it asks for more.
_FREE_BYTES: Final = 64 * KIB
_STEP_BYTES: Final = 128 * KIB


async def read_form(request: S3Request) -> bytes:
    """Raises: IamError RequestEntityTooLarge, MalformedInput (it ended early), Throttling."""
    length = read_natural(request.head.header("content-length") or "")
    if length is not None and length > BODY_BYTES_MAX:
        raise _too_large()
    pieces: list[bytes] = []
    granted_bytes, buffers = 0, request.buffers
    try:
        while True:
            message = await request.receive()
            if message["type"] != "http.request":
                raise IamError("MalformedInput", "The request's body ended early.")
            pieces.append(bytes(message["body"]))
            request.bytes_in += len(pieces[-1])
            if request.bytes_in > BODY_BYTES_MAX:
                raise _too_large()
            if request.bytes_in > _FREE_BYTES + granted_bytes:
                more_bytes = max(_STEP_BYTES, len(pieces[-1]))
                if not buffers.take(more_bytes):
                    raise IamError("Throttling", "Rate exceeded")
                granted_bytes += more_bytes
            if not message["more_body"]:
                return b"".join(pieces)
    finally:
        buffers.give_back(granted_bytes)


def _too_large() -> IamError:
    return IamError(
        "RequestEntityTooLarge", f"A request has at most {BODY_BYTES_MAX} bytes of parameters."
    )
