"""In front of the admin application: the token first, then a bounded body. Nothing of a stranger's
body is received, and the application never waits for one.

What needs no token is listed; all else does, whether it exists or not.
"""

import hmac
import json
from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trioxygen.common.units import KIB

OPEN_PATHS: Final = frozenset({"/_health/live", "/_health/ready", "/metrics"})
BODY_BYTES_MAX: Final = 64 * KIB

_UNAUTHORIZED: Final = "send `Authorization: Bearer <token>` with this server's admin token"
_TOO_LARGE: Final = "the body is too large"


class AdminGuard:
    """Args:
    token: of the admin API; None: there is none, only what is open.
    """

    def __init__(
        self, app: ASGIApp, *, token: str | None, body_bytes_max: int = BODY_BYTES_MAX
    ) -> None:
        self._app, self._body_bytes_max = app, body_bytes_max
        self._expected = None if token is None else f"bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in OPEN_PATHS or self._expected is None:
            await self._app(scope, _nothing, send)
            return
        headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        if not self._is_authorized(headers):
            bearer = (b"www-authenticate", b"Bearer")
            await _answer(send, 401, "UNAUTHORIZED", _UNAUTHORIZED, [bearer])
            return
        body = await self._body(headers, receive)
        if body is None:
            await _answer(send, 413, "INVALID_REQUEST", _TOO_LARGE)
            return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, again, send)

    def _is_authorized(self, headers: Sequence[tuple[bytes, bytes]]) -> bool:
        assert self._expected is not None
        credentials = [value for name, value in headers if name == b"authorization"]
        if len(credentials) != 1:
            return False
        scheme, _, token = credentials[0].partition(b" ")
        return hmac.compare_digest(scheme.lower() + b" " + token.strip(), self._expected)

    async def _body(self, headers: Sequence[tuple[bytes, bytes]], receive: Receive) -> bytes | None:
        """None: it is longer than the bound; no more of it is received then."""
        for name, value in headers:
            # As the server has read it: a number.
            if name == b"content-length" and int(value) > self._body_bytes_max:
                return None
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return bytes(body)  # the application's own `receive` tells it
            body += message.get("body", b"")
            if len(body) > self._body_bytes_max:
                return None
            if not message.get("more_body", False):
                return bytes(body)


async def _nothing() -> Message:
    """Health and metrics take no body; what comes is left to the server."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def _answer(
    send: Send,
    status: int,
    code: str,
    message: str,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    body = json.dumps({"code": code, "message": message}).encode()
    fields = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
