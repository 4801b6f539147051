"""`/_health/live` and `/_health/ready` on the S3 port; no bucket can have this name."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final

from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.names import bucket_in_host
from trioxygen.gateway.readiness import Readiness

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PREFIX: Final = b"/_health/"
_BODIES: Final = {
    200: b"ok\n",
    404: b"not found\n",
    405: b"method not allowed\n",
    503: b"not ready\n",
}


class Health:
    def __init__(self, readiness: Readiness, domains: Sequence[str]) -> None:
        self._readiness, self._domains = readiness, domains

    def is_asked_by(self, head: RequestHead) -> bool:
        """Where the host names a bucket, all paths are keys."""
        return (
            head.raw_path.startswith(_PREFIX)
            and bucket_in_host(head.header("host"), self._domains) is None
        )

    async def answer(self, head: RequestHead, send: Send) -> None:
        """GET and HEAD of the two paths."""
        status = 404
        if head.raw_path == _PREFIX + b"live":
            status = 200
        elif head.raw_path == _PREFIX + b"ready":
            status = 200 if self._readiness.get() else 503
        headers = [(b"content-type", b"text/plain")]
        if status != 404 and head.method not in ("GET", "HEAD"):
            status = 405
            headers.append((b"allow", b"GET, HEAD"))
        body = _BODIES[status]
        if status == 200 and self._readiness.is_full():
            body = b"full\n"
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
