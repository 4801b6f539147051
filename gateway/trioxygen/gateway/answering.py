"""An S3 answer on its way out: head and body, or an error in its place while that is possible."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from trioxygen.common.errors import TrioxygenError
from trioxygen.common.units import KIB
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.error_response import error_response, s3_error
from trioxygen.gateway.s3.request import Headers, Response, S3Request

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Of an answer that is made at once; of more, all together are bounded.
_HELD_FREELY_BYTES_MAX: Final = 64 * KIB


async def send_response(request: S3Request, response: Response, send: Send) -> S3Error | None:
    """The error that was answered instead of `response`.

    Raises: TrioxygenError, when the status is out already."""
    headers: Headers = [
        (b"x-amz-request-id", request.request_id.encode()),
        (b"x-amz-id-2", request.host_id.encode()),
    ]
    if response.headers:
        headers += response.headers
    if request.cors:
        headers += request.cors
    stream = response.stream
    if stream is None:
        if (
            request.head.method != "HEAD"
            and response.status not in (204, 304)
            and response.length_bytes is None
        ):
            headers.append((b"content-length", str(len(response.body)).encode()))
            if len(response.body) > _HELD_FREELY_BYTES_MAX:
                stream = request.held(response.body)
    start = {"type": "http.response.start", "status": response.status, "headers": headers}
    if stream is None:
        await send(start)
        await send({"type": "http.response.body", "body": response.body})
        request.bytes_out = len(response.body)
        return None
    is_started = False
    try:
        async for piece in stream:
            # The head goes out with the first piece: an object that cannot be read at all is an
            # error.
            if not is_started:
                is_started = True
                await send(start)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            request.bytes_out += len(piece)
    except TrioxygenError as error:
        if is_started:
            # Part of the answer is out: only an early end tells the client. The server closes.
            raise
        answer = s3_error(error, request)
        await send_response(request, error_response(request, answer), send)
        return answer
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
    await send({"type": "http.response.body", "body": b""})
    return None
