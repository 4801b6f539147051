"""One HTTP/1.1 connection of a client: order of answers, limits, back-pressure, closing.

It starts a task of the ASGI application (`http_exchange`) for each request that `http_requests`
reads. Why not uvicorn's protocol: docs/design/http-server.md. Copies of a body of known length:
one, by the event loop's read.
"""

import asyncio
from collections import deque
from typing import cast

from trioxygen.gateway.http_exchange import Exchange, status_line
from trioxygen.gateway.http_intake import READ_BYTES_MAX, SIP_BYTES
from trioxygen.gateway.http_limits import Listening
from trioxygen.gateway.http_outlet import Outlet
from trioxygen.gateway.http_pace import Pace
from trioxygen.gateway.http_refusal import Reason, Refusal, Refused
from trioxygen.gateway.http_requests import RequestReader
from trioxygen.gateway.http_scope import HttpHead, asgi_scope
from trioxygen.gateway.http_target import BadTarget


class HttpConnection(asyncio.BufferedProtocol):
    """Attributes:
    active: `listening.now` when a byte last came, or an answer was complete.
    """

    __slots__ = (
        "_address",
        "_client",
        "_connections",
        "_discarded_bytes",
        "_exchanges",
        "_has_more",
        "_ignores_input",
        "_is_read_paused",
        "_is_too_slow",
        "_linger_until",
        "_pace",
        "_received",
        "_received_bytes",
        "_refused",
        "_requests",
        "_room_bytes",
        "_server",
        "_transport",
        "active",
        "listening",
        "outlet",
    )

    def __init__(self, listening: Listening, connections: set["HttpConnection"]) -> None:
        self.listening = listening
        self._connections = connections
        self._exchanges: deque[Exchange] = deque()
        # The request whose body comes in.
        self._received: Exchange | None = None
        self._ignores_input = False
        self._discarded_bytes = 0
        self._linger_until = 0.0
        self._refused: Refused | None = None
        self._is_read_paused = False
        # Of the read under way; whether there was more to read than that.
        self._room_bytes = 0
        self._has_more = False
        self._received_bytes = 0
        self._address = ""
        self._is_too_slow = False
        limits = listening.limits
        self._pace = Pace(limits.rate_bytes_per_second_min, limits.rate_window_seconds)
        self.active = listening.now
        self._requests = RequestReader(self, listening)

    # ---- the transport's side ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        listening = self.listening
        self._server = _address(transport, "sockname")
        self._client = _address(transport, "peername")
        queued_bytes = listening.limits.write_buffer_bytes
        self.outlet = Outlet(self._transport, listening.loop, queued_bytes=queued_bytes)
        self._connections.add(self)
        address = self._client[0] if self._client else "?"
        if listening.addresses.take(address):
            self._address = address
        else:
            listening.metrics.refused.labels(listening.name).inc()
            self._ignores_input = True
            self.refuse(Reason.TOO_MANY_CONNECTIONS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self.listening.intake.forget(self)
        if self._address:
            self.listening.addresses.give_back(self._address)
            self._address = ""
        for exchange in self._exchanges:
            exchange.disconnect("slow" if self._is_too_slow else "gone")
        self._drop_exchanges()
        self.outlet.resume()

    def eof_received(self) -> bool:
        """True keeps the connection open to write: a client may end its side first."""
        if not self._exchanges or self.listening.scheme == "https":
            return False
        newest = self._exchanges[-1]
        newest.keep_alive = False
        if not newest.body_complete:
            newest.disconnect("incomplete")
        self._received = None
        self._ignores_input = True
        return True

    def pause_writing(self) -> None:
        self.outlet.pause()

    def resume_writing(self) -> None:
        self.outlet.resume()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Room for the next read: it decides how much a connection may bring to memory."""
        intake, exchange = self.listening.intake, self._received
        if exchange is None:
            self._room_bytes = intake.unasked_bytes_max
        elif exchange.is_read:
            self._room_bytes = intake.read_bytes(self)
        else:
            room_bytes = intake.unasked_bytes_max - exchange.unread_bytes
            self._room_bytes = max(SIP_BYTES, room_bytes)
        return self.listening.scratch[: self._room_bytes]

    def buffer_updated(self, nbytes: int) -> None:
        # Whether the socket holds more than it was allowed to bring.
        self._has_more = nbytes == self._room_bytes < READ_BYTES_MAX
        self.active = self.listening.now
        self._received_bytes += nbytes
        if self._ignores_input:
            self._discard(nbytes)
            return
        reason = self._requests.feed(self.listening.scratch[:nbytes].tobytes())
        if reason is not None:
            self._fail(reason)

    # ---- requests ----

    def begin_request(self, head: HttpHead) -> None:
        if len(self._exchanges) > self.listening.limits.pipelined_max:
            raise Refusal(Reason.TOO_MANY_REQUESTS)
        try:
            scope = asgi_scope(
                head,
                scheme=self.listening.scheme,
                server=self._server,
                client=self._client,
            )
        except BadTarget:
            raise Refusal(Reason.MALFORMED) from None
        exchange = Exchange(
            self, scope, keep_alive=head.keep_alive, expects_continue=head.expects_continue
        )
        self._exchanges.append(exchange)
        self._received = exchange
        if len(self._exchanges) == 1:
            self._start(exchange)
        else:
            self._pause_reading()

    def _start(self, exchange: Exchange) -> None:
        listening = self.listening
        self._pace.begin()
        exchange.is_started = True
        # The application gets bound methods of the exchange: nothing is wrapped.
        task = listening.loop.create_task(
            listening.app(exchange.scope, exchange.receive, exchange.send)
        )
        listening.tasks.add(task)
        task.add_done_callback(exchange.task_ended)

    def take_body(self, piece: bytes) -> None:
        exchange = self._received
        if exchange is None or exchange.answered:
            return
        unread_bytes = exchange.add_body(piece)
        if exchange.is_read:
            if self._has_more or unread_bytes > self.listening.limits.body_buffer_bytes:
                self._pause_reading()
        elif unread_bytes >= self.listening.intake.unasked_bytes_max:
            self._pause_reading()

    def end_body(self) -> bool:
        if self._received is not None:
            self._received.end_body()
            if not self._received.keep_alive:
                self._ignores_input = True
            self._received = None
        return not self._ignores_input

    def body_taken(self, exchange: Exchange, *, is_wanted: bool) -> None:
        """The application has taken all that had come. Args: is_wanted: it waits for more."""
        if not self._is_read_paused or not self._exchanges or self._exchanges[-1] is not exchange:
            return
        intake = self.listening.intake
        if not intake.is_full:
            self._resume_reading()
        elif is_wanted:
            if self._has_more and self._received is exchange:
                intake.wait(self)
            else:
                self._resume_reading()

    # What `Intake` asks of a sender.

    @property
    def holder(self) -> str:
        return self._received.holder if self._received is not None else self._address

    @property
    def had_bytes(self) -> int:
        return self._received.had_bytes if self._received is not None else 0

    def resume_body(self) -> None:
        self._resume_reading()

    def exchange_answered(self, exchange: Exchange) -> None:
        assert self._exchanges[0] is exchange, "answers go out in the order of requests"
        self._exchanges.popleft()
        self.active = self.listening.now
        if not exchange.keep_alive:
            self._drop_exchanges()
            self._end(is_client_silent=exchange.body_complete)
        elif self._exchanges:
            self._start(self._exchanges[0])
        elif self._refused is not None:
            self._answer_refusal(self._refused)
        elif self.listening.stopping:
            self.close()
        else:
            self._resume_reading()

    def _drop_exchanges(self) -> None:
        for exchange in self._exchanges:
            exchange.drop()
        self._exchanges.clear()

    def _fail(self, reason: Reason) -> None:
        """What came is not HTTP: the requests before it are answered, then it."""
        if self._ignores_input:
            return  # bytes after a last request are nobody's
        self.listening.metrics.malformed.labels(self.listening.name).inc()
        self._ignores_input = True
        if self._received is not None:
            # The application answers for the broken body.
            self._received.disconnect("malformed")
            self._received = None
            return
        self._refused = self._refusal(reason, method=self._requests.method)
        if not self._exchanges:
            self._answer_refusal(self._refused)

    def _refusal(self, reason: Reason, *, method: str = "", waited_seconds: float = 0.0) -> Refused:
        return Refused(
            reason=reason,
            method=method,
            remote=self._client[0] if self._client else "",
            waited_seconds=waited_seconds,
            head_bytes_max=self.listening.limits.head_bytes_max,
        )

    def refuse(self, reason: Reason, *, method: str = "", is_client_silent: bool = False) -> None:
        """An answer of the server's own, then the end."""
        refused = self._refusal(reason, method=method)
        self._answer_refusal(refused, is_client_silent=is_client_silent)

    def _answer_refusal(self, refused: Refused, *, is_client_silent: bool = False) -> None:
        answer = self.listening.refusals(refused)
        parts = [status_line(answer.status), self.listening.common_head]
        for name, value in answer.fields:
            parts += (name, b": ", value, b"\r\n")
        if refused.method == "HEAD":
            parts.append(b"connection: close\r\n\r\n")
        else:
            length = b"content-length: %d\r\n" % len(answer.body)
            parts += (length, b"connection: close\r\n\r\n", answer.body)
        self.outlet.write(b"".join(parts))
        self._end(is_client_silent=is_client_silent)

    # ---- flow ----

    def _pause_reading(self) -> None:
        if not self._is_read_paused and not self._transport.is_closing():
            self._is_read_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._is_read_paused and not self._transport.is_closing():
            self._is_read_paused = False
            self._transport.resume_reading()

    def _discard(self, size_bytes: int) -> None:
        self._discarded_bytes += size_bytes
        if self._discarded_bytes > self.listening.limits.linger_bytes_max:
            if self._linger_until:
                self.close()
            else:
                self._pause_reading()

    # ---- the end ----

    @property
    def is_idle(self) -> bool:
        return not (self._exchanges or self._requests.is_in_head or self._linger_until)

    def _end(self, *, is_client_silent: bool) -> None:
        """Closes when the answer is out.

        A connection that is closed while the client still sends is reset, and the client may
        lose the answer; so the sending side is ended and input is dropped for a while.
        """
        self._ignores_input = True
        if is_client_silent or not self._transport.can_write_eof() or self._transport.is_closing():
            self._transport.close()
            return
        self._linger_until = self.listening.now + self.listening.limits.linger_seconds
        self._transport.write_eof()
        self._is_read_paused = True
        self._resume_reading()

    def close(self) -> None:
        """After what is queued has been sent."""
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def check_time(self, now: float) -> None:
        """Ends what takes too long; called each second."""
        limits, pace = self.listening.limits, self._pace
        unsent_bytes = self.outlet.unsent_bytes
        if self._linger_until:
            if now >= self._linger_until:
                self.abort()
        elif unsent_bytes:
            # Also of an answer that is complete, on a connection that is being closed.
            self.active = now
            if pace.is_late(
                now,
                is_sending=False,
                moved_bytes=self.outlet.written_bytes - unsent_bytes,
                idle_seconds_max=limits.write_idle_seconds_max,
            ):
                self._is_too_slow = True
                self._time_out()
        elif self._exchanges:
            waiting = self._exchanges[0]
            if not waiting.is_waiting_for_body or self._is_read_paused:
                # Its turn to be read has not come: that is the store's time.
                pace.rest(now)
            elif pace.is_late(
                now,
                is_sending=True,
                moved_bytes=self._received_bytes,
                idle_seconds_max=limits.body_idle_seconds_max,
            ):
                self.listening.metrics.timed_out.labels(self.listening.name).inc()
                self._ignores_input = True
                self._received = None
                waiting.disconnect("idle")
        elif self._requests.is_in_head:
            waited_seconds = now - self._requests.head_since
            if waited_seconds > limits.head_seconds_max:
                self._give_up_head(waited_seconds)
        # `active` may be one second old when it is noted.
        elif now - self.active > limits.keep_alive_seconds + 1:
            self.close()

    def _give_up_head(self, waited_seconds: float) -> None:
        self.listening.metrics.timed_out.labels(self.listening.name).inc()
        method = self._requests.method
        refused = self._refusal(Reason.HEAD_TOO_SLOW, method=method, waited_seconds=waited_seconds)
        self._answer_refusal(refused)

    def _time_out(self) -> None:
        self.listening.metrics.timed_out.labels(self.listening.name).inc()
        self.abort()


def _address(transport: asyncio.BaseTransport, which: str) -> tuple[str, int] | None:
    found = transport.get_extra_info(which)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) else None
