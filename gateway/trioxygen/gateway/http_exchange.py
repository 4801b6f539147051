"""One HTTP request and its answer, as ASGI sees them. `http_connection` moves the bytes."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.units import KIB
from trioxygen.gateway.http_limits import AnswerCutShort, ClientGone, ClientTooSlow, Message, Scope
from trioxygen.gateway.http_refusal import Reason

if TYPE_CHECKING:
    from trioxygen.gateway.http_connection import HttpConnection

log = logs.get(__name__)

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
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODYLESS: Final = frozenset((204, 304))
# Of the reasons why a request ends: nobody reads its answer.
_UNREACHABLE: Final = frozenset(("gone", "slow"))
# Joining a small body to its head costs less than a second buffer in the write.
_JOINED_BYTES_MAX: Final = 64 * KIB

Headers = Iterable[tuple[bytes, bytes]]


def status_line(status: int) -> bytes:
    return _STATUS_LINES[status]


class Exchange:
    """A request and its answer.

    The ASGI event `http.disconnect` carries one more key, `reason`: "gone" (nobody will read an
    answer), "slow" (the same, because the client was cut off), "incomplete" (the body ended early
    but the client still reads), "idle" (the body stopped coming, or came too slowly), "malformed"
    (its framing is broken) or "answered". In all but "gone", "slow" and "answered" an answer can
    still be sent.

    Attributes:
        holder: whose body it is, for `Intake`: the application writes it into the scope before it
            asks for the body; else the client's address.
        is_read: the application has asked for the body.
        had_bytes: of the body, so far.
        unread_bytes: of those, what the application has not taken.
    """

    __slots__ = (
        "_body",
        "_connection",
        "_disconnect",
        "_end_delivered",
        "_expects_continue",
        "_given_bytes",
        "_head",
        "_intake",
        "_is_chunked",
        "_is_head_request",
        "_is_http_10",
        "_left_bytes",
        "_waiter",
        "_is_settled",
        "answered",
        "body_complete",
        "had_bytes",
        "holder",
        "is_read",
        "is_started",
        "keep_alive",
        "scope",
        "unread_bytes",
    )

    def __init__(
        self,
        connection: "HttpConnection",
        scope: Scope,
        *,
        keep_alive: bool,
        expects_continue: bool,
    ) -> None:
        self._connection = connection
        self.scope = scope
        self.keep_alive = keep_alive
        self.body_complete = False
        self.answered = False
        self._expects_continue = expects_continue
        self._body: deque[bytes] = deque()
        self.unread_bytes = 0
        # The piece that the application works on.
        self._given_bytes = 0
        self._intake = connection.listening.intake
        self._is_settled = False
        self.holder = ""
        self.had_bytes = 0
        self.is_read = self.is_started = False
        self._end_delivered = False
        self._disconnect = ""
        self._waiter: asyncio.Future[None] | None = None
        # The head waits for the first bytes of the body: both go out in one write.
        self._head: bytes | None = None
        self._is_head_request: bool = scope["method"] == "HEAD"
        self._is_http_10: bool = scope["http_version"] == "1.0"
        # Of the answer's body: bytes that are announced and not sent; -1 before `start`.
        self._left_bytes = -1
        self._is_chunked = False

    # ---- from the connection ----

    @property
    def is_waiting_for_body(self) -> bool:
        return self._waiter is not None and not self.body_complete and not self._disconnect

    def add_body(self, piece: bytes) -> int:
        """Returns how many bytes the application has not taken."""
        if self._is_settled:
            return 0
        size_bytes = len(piece)
        self._body.append(piece)
        self.unread_bytes += size_bytes
        self.had_bytes += size_bytes
        if self.is_read:
            self._intake.add(self.holder, size_bytes)
        else:
            self._intake.unasked_bytes += size_bytes
        self._expects_continue = False
        self._wake()
        return self.unread_bytes

    def end_body(self) -> None:
        self.body_complete = True
        self._wake()

    def disconnect(self, reason: str) -> None:
        """No more of the body comes; "gone", "slow": and nobody reads the answer."""
        if not self._disconnect or reason in _UNREACHABLE:
            self._disconnect = reason
        self.keep_alive = False
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ---- the application's side ----

    def _begin_body(self) -> None:
        client = self.scope["client"]
        self.holder = self.scope.get("holder") or f"address {client[0] if client else ''}"
        self.is_read = True
        self._intake.unasked_bytes -= self.unread_bytes
        if self.unread_bytes:
            self._intake.add(self.holder, self.unread_bytes)

    def _release(self, size_bytes: int) -> None:
        if size_bytes:
            self._intake.release(self.holder, size_bytes)

    async def receive(self) -> Message:
        if not self.is_read:
            self._begin_body()
        elif self._given_bytes:
            given_bytes, self._given_bytes = self._given_bytes, 0
            self._release(given_bytes)
        while True:
            if self._body:
                piece = self._body.popleft()
                self.unread_bytes -= len(piece)
                if not self._body:
                    self._connection.body_taken(self, is_wanted=False)
                more = bool(self._body) or not self.body_complete
                self._end_delivered = not more
                if more:
                    self._given_bytes = len(piece)
                else:
                    self._release(len(piece))
                return {"type": "http.request", "body": piece, "more_body": more}
            if self._disconnect:
                return {"type": "http.disconnect", "reason": self._disconnect}
            if self.answered:
                return {"type": "http.disconnect", "reason": "answered"}
            if self.body_complete and not self._end_delivered:
                self._end_delivered = True
                return {"type": "http.request", "body": b"", "more_body": False}
            if self._expects_continue and not self.body_complete:
                self._expects_continue = False
                self._connection.outlet.write(_CONTINUE)
            assert self._waiter is None, "two tasks receive one request"
            self._connection.body_taken(self, is_wanted=True)
            self._waiter = self._connection.listening.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    async def send(self, message: Message) -> None:
        """Returns when the client has taken nearly all of it: who makes the next piece only then
        holds one at most. Raises ClientGone when nobody can read it."""
        self._check_reachable()
        if message["type"] == "http.response.start":
            self._start(message["status"], message.get("headers", ()))
            return
        assert message["type"] == "http.response.body", message["type"]
        outlet = self._connection.outlet
        if outlet.is_paused:
            # Of an answer before this one.
            await outlet.drained()
            self._check_reachable()
        more = bool(message.get("more_body", False))
        self._send_body(message.get("body", b""), more)
        if more and outlet.is_paused:
            await outlet.drained()
            self._check_reachable()

    def _check_reachable(self) -> None:
        if self._disconnect == "slow":
            raise ClientTooSlow("the client took its answer too slowly")
        if self._disconnect == "gone":
            raise ClientGone("the client closed the connection")

    def _start(self, status: int, headers: Headers) -> None:
        assert self._left_bytes == -1, "the answer has started already"
        listening = self._connection.listening
        # A body that is still on its way would be taken for the next request.
        if not self.body_complete or listening.stopping:
            self.keep_alive = False
        parts = [_STATUS_LINES[status], listening.common_head]
        lines = 3
        if self._expects_continue and self.body_complete:
            # An empty body is asked for as well: botocore takes the status of an answer that comes
            # instead of 100 for that of the next such request too, unless the connection closes.
            parts.insert(0, _CONTINUE)
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
                    self.keep_alive = False
            assert name != b"transfer-encoding", "the server frames the answer"
        if self._is_head_request or status in _BODYLESS:
            length = 0
        elif length < 0:
            length = 0
            self._is_chunked = True
            if not self._is_http_10:  # there, the end of the connection is the end of the body
                parts.append(b"transfer-encoding: chunked\r\n")
                lines += 1
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
            lines += 1
        head = b"".join(parts)
        # One look for all fields: a line break inside a value would forge a header.
        assert head.count(b"\n") == lines == head.count(b"\r") and b"\0" not in head, headers
        self._head = head + b"\r\n"
        self._left_bytes = length

    def _send_body(self, body: Buffer, more: bool) -> None:
        assert self._left_bytes >= 0, "the answer has not started"
        assert not self.answered, "the answer is complete"
        size_bytes = len(body)
        if self._is_head_request:
            body, size_bytes = b"", 0
        if self._is_chunked:
            if not self._is_http_10:
                self._write_chunk(body, size_bytes, more)
            else:
                self._write(body, size_bytes)
        else:
            assert size_bytes <= self._left_bytes, "the body is longer than its content-length"
            self._left_bytes -= size_bytes
            self._write(body, size_bytes)
        if not more:
            assert self._left_bytes == 0, "the body is shorter than its content-length"
            self.answered = True
            self._wake()
            self._connection.exchange_answered(self)

    def _write(self, body: Buffer, size_bytes: int) -> None:
        head = self._head
        if head is None:
            if size_bytes:
                self._connection.outlet.write(body)
            return
        self._head = None
        if size_bytes <= _JOINED_BYTES_MAX:
            self._connection.outlet.write(head + body if size_bytes else head)
        else:
            self._connection.outlet.write_lines((head, body))

    def _write_chunk(self, body: Buffer, size_bytes: int, more: bool) -> None:
        pieces: list[Buffer] = []
        if self._head is not None:
            pieces.append(self._head)
            self._head = None
        if size_bytes:
            pieces += (b"%x\r\n" % size_bytes, body, b"\r\n")
        if not more:
            pieces.append(b"0\r\n\r\n")
        if pieces:
            self._connection.outlet.write_lines(pieces)

    # ---- the end ----

    def drop(self) -> None:
        """The connection answers it no more. One whose application runs ends with it."""
        if not self.is_started:
            self._settle()

    def _settle(self) -> None:
        """Nothing of its body stays in memory."""
        if self._is_settled:
            return
        self._is_settled = True
        if self.is_read:
            self._release(self.unread_bytes + self._given_bytes)
        else:
            self._intake.unasked_bytes -= self.unread_bytes
        self.unread_bytes = self._given_bytes = 0
        self._body.clear()

    def task_ended(self, task: "asyncio.Task[None]") -> None:
        listening = self._connection.listening
        listening.tasks.discard(task)
        self._settle()
        error = None if task.cancelled() else task.exception()
        if self.answered:
            if error is not None:
                listening.metrics.failures.labels(listening.name).inc()
                log.error("request_failed_after_answer", path=self.scope["path"], error=error)
            return
        if task.cancelled() and not self._disconnect:
            # By `stop`.
            self._refuse(Reason.STOPPING)
            return
        if self._disconnect:
            # The client ended it: nobody waits for an answer.
            self._connection.close()
            if error is not None and not isinstance(error, (ClientGone, AnswerCutShort)):
                listening.metrics.failures.labels(listening.name).inc()
                log.error("request_failed", path=self.scope["path"], error=error)
            return
        listening.metrics.failures.labels(listening.name).inc()
        if not isinstance(error, AnswerCutShort):
            log.error("request_failed", path=self.scope["path"], error=error)
        self._refuse(Reason.FAILED)

    def _refuse(self, reason: Reason) -> None:
        """In the application's place."""
        if self._left_bytes == -1 or self._head is not None:
            method = self.scope["method"]
            silent = self.body_complete
            self._connection.refuse(reason, method=method, is_client_silent=silent)
        else:
            # Part of the answer is sent: only an early end tells the client.
            self._connection.close()
