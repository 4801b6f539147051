"""One HTTP/1.1 connection of a client: parsing (httptools), limits, back-pressure, closing.

It starts a task of the ASGI application for each request (`http_exchange`). Why not uvicorn's
protocol: docs/design/http-server.md. Copies of a body of known length: one, by the event loop's
read.
"""

import asyncio
from collections import deque
from typing import Final, NoReturn, cast

import httptools

from trioxygen.common.disk import Buffer
from trioxygen.gateway.http_exchange import Exchange, status_line
from trioxygen.gateway.http_limits import Listening, Scope
from trioxygen.gateway.http_pace import Pace
from trioxygen.gateway.http_scope import asgi_scope
from trioxygen.gateway.http_target import BadTarget, is_authority
from trioxygen.gateway.s3.numbers import read_natural

_WATCHED: Final = frozenset(
    (b"content-length", b"transfer-encoding", b"host", b"expect", b"upgrade")
)
_BROKEN: Final = 400


class HttpConnection(asyncio.Protocol):
    """Attributes:
    active: `listening.now` when a byte last came, or an answer was complete.
    """

    __slots__ = (
        "_client",
        "_connections",
        "_discarded_bytes",
        "_drained",
        "_exchanges",
        "_holder",
        "_expects_continue",
        "_final_status",
        "_has_upgrade",
        "_head_since",
        "_headers",
        "_hosts",
        "_ignores_input",
        "_is_in_head",
        "_is_read_paused",
        "_length_bytes",
        "_is_too_slow",
        "_linger_until",
        "_pace",
        "_parser",
        "_quiet_bytes",
        "_received",
        "_received_bytes",
        "_segment_bytes",
        "_server",
        "_target",
        "_transport",
        "_written_bytes",
        "active",
        "is_write_paused",
        "listening",
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
        self._final_status = 0
        self._is_read_paused = False
        self.is_write_paused = False
        self._drained: asyncio.Future[None] | None = None
        self._received_bytes = 0
        self._written_bytes = 0
        self._holder = ""
        self._is_too_slow = False
        limits = listening.limits
        self._pace = Pace(limits.rate_bytes_per_second_min, limits.rate_window_seconds)
        self.active = listening.now
        self._is_in_head = False
        self._head_since = 0.0
        self._segment_bytes = 0
        self._quiet_bytes = 0
        self._length_bytes = 0
        self._parser = httptools.HttpRequestParser(self)

    # ---- the transport's side ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        listening = self.listening
        self._server = _address(transport, "sockname")
        self._client = _address(transport, "peername")
        high = listening.limits.write_buffer_bytes
        # Down to nothing: the rest of a piece keeps all of it in memory.
        self._transport.set_write_buffer_limits(high=high, low=0)
        self._connections.add(self)
        holder = self._client[0] if self._client else "?"
        if listening.addresses.take(holder):
            self._holder = holder
        else:
            listening.metrics.refused.labels(listening.name).inc()
            self._ignores_input = True
            self.refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self.listening.intake.forget(self)
        if self._holder:
            self.listening.addresses.give_back(self._holder)
            self._holder = ""
        for exchange in self._exchanges:
            exchange.disconnect("slow" if self._is_too_slow else "gone")
        self._exchanges.clear()
        self._resume_writers()

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
        self.is_write_paused = True

    def resume_writing(self) -> None:
        self._resume_writers()

    def _resume_writers(self) -> None:
        self.is_write_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def data_received(self, data: bytes) -> None:
        self.active = self.listening.now
        self._received_bytes += len(data)
        if self._ignores_input:
            self._discard(len(data))
            return
        left = self._length_bytes
        if left and self._received is not None:
            # Inside a body of known length there is nothing to parse.
            size_bytes = len(data)
            if size_bytes < left:
                self._length_bytes = left - size_bytes
                self._take_body(data)
                return
            self._length_bytes = 0
            self._take_body(data if size_bytes == left else data[:left])
            self._end_body()
            self._parser = httptools.HttpRequestParser(self)
            if size_bytes == left:
                return
            data = data[left:]
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        self._segment_bytes = len(data)
        self._quiet_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_without_upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserCallbackError:
            if not self._final_status:
                raise  # not a `_Refusal`: a defect of ours
            self._fail(self._final_status)
            return
        except httptools.HttpParserError:
            self._fail(_BROKEN)
            return
        if self._quiet_bytes > self.listening.limits.head_bytes_max:
            self._fail(431)

    def _go_on_without_upgrade(self, rest: bytes) -> None:
        """The parser stops where another protocol would begin; HTTP/1.1 goes on (RFC 9110, 7.8)."""
        if self._ignores_input:
            return
        self._parser = httptools.HttpRequestParser(self)
        if rest:
            self.data_received(rest)

    # ---- the parser's callbacks ----

    def on_message_begin(self) -> None:
        self._is_in_head = True
        self._head_since = self.listening.now
        self._quiet_bytes = 0
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._hosts = 0
        self._length_bytes = 0
        self._expects_continue = False
        self._has_upgrade = False

    def on_url(self, target: bytes) -> None:
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_head:
            return  # a trailer field: bounded with the rest, and of no use to S3
        name = name.lower()
        value = value.strip()
        self._headers.append((name, value))
        if name in _WATCHED:
            self._watch(name, value)

    def _watch(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            length_bytes = read_natural(value.decode("latin-1"))
            if length_bytes is None:
                self._refuse_while_parsing(_BROKEN)
            self._length_bytes = length_bytes
        elif name == b"host":
            self._hosts += 1
            if value and not is_authority(value):
                self._refuse_while_parsing(_BROKEN)
        elif name == b"expect":
            self._expects_continue = value.lower() == b"100-continue"
        elif name == b"upgrade":
            self._has_upgrade = True
        elif value.lower() != b"chunked":
            self._refuse_while_parsing(501)

    def on_headers_complete(self) -> None:
        parser = self._parser
        self._is_in_head = False
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            self._refuse_while_parsing(505)
        if self._hosts != 1 and (version == "1.1" or self._hosts):
            self._refuse_while_parsing(400)
        limits = self.listening.limits
        if self._quiet_bytes + self._segment_bytes > limits.head_bytes_max:
            size_bytes = len(self._target) + sum(len(n) + len(v) + 4 for n, v in self._headers)
            if size_bytes > limits.head_bytes_max:
                self._refuse_while_parsing(431)
        self._quiet_bytes = 0
        if len(self._exchanges) > limits.pipelined_max:
            self._refuse_while_parsing(503)
        is_upgrade = parser.should_upgrade()
        if is_upgrade and any(name == b"transfer-encoding" for name, _ in self._headers):
            self._refuse_while_parsing(501)
        exchange = Exchange(
            self,
            self._scope(parser.get_method(), version),
            keep_alive=version == "1.1" and parser.should_keep_alive(),
            expects_continue=self._expects_continue and version == "1.1",
        )
        self._exchanges.append(exchange)
        self._received = exchange
        if len(self._exchanges) == 1:
            self._start(exchange)
        else:
            self._pause_reading()

    def _scope(self, method: bytes, version: str) -> Scope:
        try:
            return asgi_scope(
                method,
                self._target,
                self._headers,
                version=version,
                scheme=self.listening.scheme,
                server=self._server,
                client=self._client,
            )
        except BadTarget:
            self._refuse_while_parsing(_BROKEN)

    def on_body(self, body: bytes) -> None:
        self._quiet_bytes = 0
        if self._length_bytes:
            self._length_bytes -= len(body)
        self._take_body(body)

    def on_message_complete(self) -> None:
        # An upgrade's body is not parsed: it comes by length, below the parser.
        if not (self._has_upgrade and self._length_bytes):
            self._end_body()

    def _refuse_while_parsing(self, status: int) -> NoReturn:
        """Makes the parser stop."""
        self._final_status = status
        raise _Refusal(status)

    # ---- requests ----

    def _start(self, exchange: Exchange) -> None:
        listening = self.listening
        self._pace.begin()
        # The application gets bound methods of the exchange: nothing is wrapped.
        task = listening.loop.create_task(
            listening.app(exchange.scope, exchange.receive, exchange.send)
        )
        listening.tasks.add(task)
        task.add_done_callback(exchange.task_ended)

    def _take_body(self, piece: bytes) -> None:
        exchange = self._received
        if exchange is None or exchange.answered:
            return
        listening = self.listening
        unread_bytes = exchange.add_body(piece)
        if unread_bytes > listening.limits.body_buffer_bytes or listening.intake.is_full:
            self._pause_reading()

    def _end_body(self) -> None:
        if self._received is not None:
            self._received.end_body()
            if not self._received.keep_alive:
                self._ignores_input = True
            self._received = None

    def body_taken(self, exchange: Exchange, *, is_wanted: bool) -> None:
        """The application has taken all that had come. Args: is_wanted: it waits for more."""
        if self._is_read_paused and self._exchanges and self._exchanges[-1] is exchange:
            if not self.listening.intake.is_full:
                self._resume_reading()
            elif is_wanted:
                self.listening.intake.wait(self)

    def resume_body(self) -> None:
        self._resume_reading()

    def exchange_answered(self, exchange: Exchange) -> None:
        assert self._exchanges[0] is exchange, "answers go out in the order of requests"
        self._exchanges.popleft()
        self.active = self.listening.now
        if not exchange.keep_alive:
            self._exchanges.clear()
            self._end(is_client_silent=exchange.body_complete)
        elif self._exchanges:
            self._start(self._exchanges[0])
        elif self._final_status:
            self.refuse(self._final_status)
        elif self.listening.stopping:
            self.close()
        else:
            self._resume_reading()

    def _fail(self, status: int) -> None:
        """What came is not HTTP: the requests before it are answered, then it."""
        if self._ignores_input:
            self._final_status = 0
            return  # bytes after a last request are nobody's
        self.listening.metrics.malformed.labels(self.listening.name).inc()
        self._ignores_input = True
        self._final_status = status
        if self._received is not None:
            # The application answers for the broken body.
            self._received.disconnect("malformed")
            self._received = None
        elif not self._exchanges:
            self.refuse(status)

    def refuse(self, status: int, *, is_client_silent: bool = False) -> None:
        """An answer of the server's own, then the end."""
        line = status_line(status)
        text = line[9:].strip() + b"\n"
        common = self.listening.common_head
        self.write(
            b"%s%scontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
            % (line, common, len(text), text)
        )
        self._end(is_client_silent=is_client_silent)

    # ---- flow ----

    def write(self, data: Buffer) -> None:
        if not self._transport.is_closing():
            self._written_bytes += len(data)
            self._transport.write(data)

    def write_lines(self, pieces: "list[Buffer] | tuple[Buffer, ...]") -> None:
        if not self._transport.is_closing():
            self._written_bytes += sum(map(len, pieces))
            self._transport.writelines(pieces)

    async def drained(self) -> None:
        """Returns when the client has taken most of it, or is gone."""
        while self.is_write_paused:
            if self._drained is None or self._drained.done():
                self._drained = self.listening.loop.create_future()
            await self._drained

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
        return not (self._exchanges or self._is_in_head or self._linger_until)

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
        unsent_bytes = self._transport.get_write_buffer_size()
        if self._linger_until:
            if now >= self._linger_until:
                self.abort()
        elif unsent_bytes:
            # Also of an answer that is complete, on a connection that is being closed.
            self.active = now
            if pace.is_late(
                now,
                is_sending=False,
                moved_bytes=self._written_bytes - unsent_bytes,
                idle_seconds_max=limits.write_idle_seconds_max,
            ):
                self._is_too_slow = True
                self._time_out()
        elif self._exchanges:
            waiting = self._exchanges[0]
            if not waiting.is_waiting_for_body:
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
        elif self._is_in_head:
            if now - self._head_since > limits.head_seconds_max:
                self._time_out()
        # `active` may be one second old when it is noted.
        elif now - self.active > limits.keep_alive_seconds + 1:
            self.close()

    def _time_out(self) -> None:
        self.listening.metrics.timed_out.labels(self.listening.name).inc()
        self.abort()


class _Refusal(Exception):
    """Leaves the parser; it turns into an HttpParserError there."""


def _address(transport: asyncio.BaseTransport, which: str) -> tuple[str, int] | None:
    found = transport.get_extra_info(which)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) else None
