"""Documents that take long to make: white space now and then keeps proxies and clients waiting."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, NamedTuple

from trioxygen.common.errors import TrioxygenError
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml.document import DECLARATION
from trioxygen.gateway.s3.error_response import error_body, s3_error
from trioxygen.gateway.s3.request import Headers, Response, S3Request, xml_response


class Made(NamedTuple):
    """document: without its declaration. headers: what is only known with it; an answer that began
    before has none of them."""

    document: bytes
    headers: Headers


async def patient_response(
    request: S3Request, making: Coroutine[Any, Any, Made], *, space_ms: float
) -> Response:
    """The document, at once when it is made within `space_ms`; else a stream of spaces, then it.

    Args:
        making: ends with the request: when its client leaves, it is cancelled.
    Raises: what `making` raises within `space_ms`; later a 200 is out already, and the error is
    the document.
    """
    task = asyncio.ensure_future(making)
    try:
        await asyncio.wait((task,), timeout=space_ms / 1_000)
    except asyncio.CancelledError:
        await _ended(task)
        raise
    if task.done():
        made = task.result()
        return xml_response(DECLARATION.encode() + made.document, made.headers)
    spaces = _spaces(request, task, space_ms)
    return Response(200, [(b"content-type", b"application/xml")], stream=spaces)


async def _spaces(
    request: S3Request, task: "asyncio.Task[Made]", space_ms: float
) -> AsyncGenerator[bytes, None]:
    try:
        yield DECLARATION.encode()
        while not task.done():
            yield b" "
            await asyncio.wait((task,), timeout=space_ms / 1_000)
        try:
            yield task.result().document
        except (S3Error, TrioxygenError) as error:
            answer = s3_error(error, request)
            request.late_error_code = answer.code
            yield error_body(request, answer, with_declaration=False)
    finally:
        await _ended(task)


async def _ended(task: "asyncio.Task[Made]") -> None:
    """Nobody waits for it any more."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
