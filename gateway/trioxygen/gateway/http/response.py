"""One answer as bytes: its head, and its body in the framing that HTTP/1.1 has for it. It writes to
an `Outlet`; no tasks here.
"""

from collections.abc import Iterable
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.states import move
from trioxygen.common.units import KIB
from trioxygen.gateway.http.outlet import Outlet
from trioxygen.gateway.http.refusal import Answer
from trioxygen.gateway.http.states import RESPONSE_MOVES, ResponseState

_REASONS: Final = {
    **{200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content"},
    **{301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified"},
    **{307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request"},
    **{401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"},
    **{408: "Request Timeout", 409: "Conflict", 411: "Length Required"},
    **{412: "Precondition Failed", 413: "Content Too Large", 416: "Range Not Satisfiable"},
    **{417: "Expectation Failed", 422: "Unprocessable Content", 429: "Too Many Requests"},
    **{431: "Request Header Fields Too Large", 500: "Internal Server Error"},
    **{501: "Not Implemented", 503: "Service Unavailable", 505: "HTTP Version Not Supported"},
}
_STATUS_LINES: Final = {
    status: f"HTTP/1.1 {status} {_REASONS.get(status, '')}\r\n".encode()
    for status in range(200, 600)
}
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODYLESS: Final = frozenset((204, 304))
# Joining a small body to its head costs less than a second buffer in the write.
_JOINED_BYTES_MAX: Final = 64 * KIB

_AWAITED: Final = ResponseState.AWAITED
_HEAD_HELD: Final = ResponseState.HEAD_HELD
_BEGUN: Final = ResponseState.BEGUN
_COMPLETE: Final = ResponseState.COMPLETE

Headers = Iterable[tuple[bytes, bytes]]


class Response:
    """Attributes: state: moved here alone."""

    __slots__ = (
        "_head",
        "_is_chunked",
        "_is_head_request",
        "_is_http_10",
        "_left_bytes",
        "_outlet",
        "state",
    )

    def __init__(self, outlet: Outlet, *, is_head_request: bool, is_http_10: bool) -> None:
        self._outlet = outlet
        self._is_head_request, self._is_http_10 = is_head_request, is_http_10
        self.state = _AWAITED
        self._head = b""
        # Of the body: bytes that are announced and not sent.
        self._left_bytes = 0
        self._is_chunked = False

    @property
    def is_complete(self) -> bool:
        return self.state is _COMPLETE

    @property
    def is_out(self) -> bool:
        """A part of it, or all, was sent: nothing else can be answered in its place."""
        return self.state is _BEGUN or self.state is _COMPLETE

    def begin(
        self,
        status: int,
        headers: Headers,
        *,
        common_head: bytes,
        keep_alive: bool,
        asks_continue: bool,
    ) -> bool:
        """Makes its head. Returns whether the connection may stay.

        Args:
            common_head: the fields that every answer has.
            asks_continue: 100 goes before it.
        """
        parts = [_STATUS_LINES[status], common_head]
        lines = 3
        if asks_continue:
            parts.insert(0, CONTINUE)
            lines += 2
        length = -1
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
            lines += 1
            if name == b"content-length":
                length = int(value)
            elif name == b"connection":
                # Only this server says it; what it knows of the connection decides.
                del parts[-4:]
                lines -= 1
                if b"close" in value.lower():
                    keep_alive = False
            assert name != b"transfer-encoding", "the server frames the answer"
        if self._is_head_request or status in _BODYLESS:
            length = 0
        elif length < 0:
            length = 0
            self._is_chunked = True
            if not self._is_http_10:  # there, the end of the connection is the end of the body
                parts.append(b"transfer-encoding: chunked\r\n")
                lines += 1
        if not keep_alive:
            parts.append(b"connection: close\r\n")
            lines += 1
        head = b"".join(parts)
        # One look for all fields: a line break inside a value would forge a header.
        assert head.count(b"\n") == lines == head.count(b"\r") and b"\0" not in head, headers
        self._head = head + b"\r\n"
        self._left_bytes = length
        self.state = move(RESPONSE_MOVES, self.state, _HEAD_HELD)
        return keep_alive

    def send(self, body: Buffer, more: bool) -> None:
        """Writes a piece of the body, the head before the first one; the last one completes it."""
        assert self.state is _HEAD_HELD or self.state is _BEGUN, self.state
        size_bytes = len(body)
        if self._is_head_request:
            body, size_bytes = b"", 0
        if self._is_chunked and not self._is_http_10:
            self._write_chunk(body, size_bytes, more)
        else:
            if not self._is_chunked:
                assert size_bytes <= self._left_bytes, "the body is longer than its content-length"
                self._left_bytes -= size_bytes
            self._write(body, size_bytes)
        if not more and not self._left_bytes:
            self.state = move(RESPONSE_MOVES, self.state, _COMPLETE)
            return
        if self.state is _HEAD_HELD:
            self.state = move(RESPONSE_MOVES, self.state, _BEGUN)
        assert more, "the body is shorter than its content-length"

    def _write(self, body: Buffer, size_bytes: int) -> None:
        outlet = self._outlet
        if self.state is _BEGUN:
            if size_bytes:
                outlet.write(body)
        elif size_bytes <= _JOINED_BYTES_MAX:
            outlet.write(self._head + body if size_bytes else self._head)
        else:
            outlet.write_lines((self._head, body))

    def _write_chunk(self, body: Buffer, size_bytes: int, more: bool) -> None:
        pieces: list[Buffer] = []
        if self.state is _HEAD_HELD:
            pieces.append(self._head)
        if size_bytes:
            pieces += (b"%x\r\n" % size_bytes, body, b"\r\n")
        if not more:
            pieces.append(b"0\r\n\r\n")
        if pieces:
            self._outlet.write_lines(pieces)


def refusal_bytes(answer: Answer, *, common_head: bytes, is_head_request: bool) -> bytes:
    """An answer of the server's own, whole; the connection ends with it."""
    parts = [_STATUS_LINES[answer.status], common_head]
    for name, value in answer.fields:
        parts += (name, b": ", value, b"\r\n")
    if is_head_request:
        parts.append(b"connection: close\r\n\r\n")
    else:
        length = b"content-length: %d\r\n" % len(answer.body)
        parts += (length, b"connection: close\r\n\r\n", answer.body)
    return b"".join(parts)
