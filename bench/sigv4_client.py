"""A raw HTTP/1.1 client: one keep-alive connection, one request at a time, bytes in and bytes out.

It knows nothing of S3 but signed heads. A body that nobody asked to keep is counted and dropped in
one fixed buffer, so that the client's own cost stays far under the server's.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from bench.signing import Endpoint

RECEIVE_BUFFER_BYTES: Final = 256 * 1024
WRITE_STEP_BYTES: Final = 1024 * 1024
HEAD_BYTES_MAX: Final = 64 * 1024

BodySink = Callable[[memoryview], object]


class ConnectionLost(Exception):
    """The connection ended before the answer did."""


class MalformedAnswer(Exception):
    """The answer is not HTTP/1.1 as this client reads it."""


class WrongAnswer(Exception):
    """A whole answer came, and it is not the right one."""


@dataclass(frozen=True, slots=True)
class Request:
    """One signed request. `is_head`: the answer announces a length but carries no body."""

    head: bytes
    body: bytes = b""
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`head` is in lower case, with its status line; `body` is empty when it went to a sink."""

    status: int
    head: bytes
    size_bytes: int
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        start = self.head.find(b"\r\n" + name + b":")
        if start < 0:
            return None
        start += len(name) + 3
        return self.head[start : self.head.index(b"\r\n", start)].strip()


class Wire(asyncio.BufferedProtocol):
    """The receiving state machine of one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray(RECEIVE_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.is_open = False
        self.answered_once = False
        # Of the exchange under way:
        self._answer: asyncio.Future[Answer] | None = None
        self._sink: BodySink | None = None
        self._is_head = False
        self._head = bytearray()
        self._final_head = b""
        self._status = 0
        self._closes = False
        self._wanted_bytes: int | None = 0  # None: chunked, the end is in the body
        self._size_bytes = 0
        self._collected = bytearray()
        self.received_anything = False

    # -- transport callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport, self.is_open = cast(asyncio.Transport, transport), True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._writable.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionLost(str(exc or "closed by the server")))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # bytes nobody asked for
            return
        self.received_anything = True
        try:
            if self._status == 0:
                self._head += self._view[:nbytes]
                self._read_head()
            else:
                self._read_body(self._view[:nbytes])
        except (ValueError, IndexError) as error:
            self._answer.set_exception(MalformedAnswer(repr(error)))
            self.close()

    # -- one exchange

    async def exchange(self, request: Request, sink: BodySink | None) -> Answer:
        """Write the request and await the whole answer.

        Args:
            sink: receives the body piecewise; None collects it in `Answer.body`.
        Raises:
            ConnectionLost, MalformedAnswer.
        """
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._head, self._status, self._size_bytes = bytearray(), 0, 0
        self._is_head, self._sink, self._collected = request.is_head, sink, bytearray()
        self.received_anything = False
        if len(request.head) + len(request.body) <= WRITE_STEP_BYTES:
            self._transport.write(request.head + request.body)
        else:
            await self._write_large(request)
        answer = await self._answer
        self.answered_once = True
        return answer

    async def _write_large(self, request: Request) -> None:
        assert self._transport is not None and self._answer is not None
        self._transport.write(request.head)
        body = memoryview(request.body)
        for offset in range(0, len(body), WRITE_STEP_BYTES):
            if self._answer.done():  # refused early: the rest of the body is not wanted
                self.close()
                return
            self._transport.write(body[offset : offset + WRITE_STEP_BYTES])
            await self._writable.wait()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        self.is_open = False

    def _read_head(self) -> None:
        while True:
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                if len(self._head) > HEAD_BYTES_MAX:
                    raise ValueError("endless head")
                return
            status = int(self._head[9:12])
            if status >= 200:
                break
            del self._head[: end + 4]  # 1xx: another head follows
        rest = bytes(self._head[end + 4 :])
        self._status, self._final_head = status, bytes(self._head[: end + 2]).lower()
        head = self._final_head
        self._closes = b"\r\nconnection: close" in head
        length = head.find(b"\r\ncontent-length:")
        if self._is_head or status in (204, 304):
            self._wanted_bytes = 0
        elif b"\r\ntransfer-encoding: chunked" in head:
            self._wanted_bytes = None
        elif length >= 0:
            self._wanted_bytes = int(head[length + 17 : head.index(b"\r\n", length + 17)])
        else:
            raise ValueError("an answer of unknown length")
        self._read_body(memoryview(rest))

    def _read_body(self, data: memoryview) -> None:
        if self._wanted_bytes is None:
            self._collected += data
            body = joined_chunks(self._collected)
            if body is not None:
                if self._sink is not None:
                    self._sink(memoryview(body))
                self._finish(body if self._sink is None else b"", len(body))
            return
        self._size_bytes += len(data)
        if self._sink is None:
            self._collected += data
        elif data:
            self._sink(data)
        if self._size_bytes > self._wanted_bytes:
            raise ValueError("more bytes than announced")
        if self._size_bytes == self._wanted_bytes:
            self._finish(bytes(self._collected), self._size_bytes)

    def _finish(self, body: bytes, size_bytes: int) -> None:
        assert self._answer is not None
        if self._closes:
            self.close()
        self._answer.set_result(Answer(self._status, self._final_head, size_bytes, body))


def joined_chunks(raw: bytes | bytearray) -> bytes | None:
    """The body of a chunked answer, or None while it is not whole.

    Raises ValueError: a chunk size that is not hexadecimal.
    """
    position, pieces = 0, list[bytes]()
    while True:
        line_end = raw.find(b"\r\n", position)
        if line_end < 0:
            return None
        size = int(raw[position:line_end].split(b";")[0], 16)
        if size == 0:
            return b"".join(pieces) if raw.find(b"\r\n", line_end + 2) >= 0 else None
        position = line_end + 2 + size + 2
        if len(raw) < position:
            return None
        pieces.append(bytes(raw[line_end + 2 : line_end + 2 + size]))


class Client:
    """One worker's connection, opened anew when the server has closed it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._wire: Wire | None = None
        self.reconnects = 0
        self.sent_bytes = 0
        self.received_bytes = 0

    async def connect(self) -> Wire:
        tls = ssl.create_default_context() if self._endpoint.tls else None
        _, wire = await asyncio.get_running_loop().create_connection(
            Wire, self._endpoint.host, self._endpoint.port, ssl=tls
        )
        self._wire = wire
        return wire

    async def send(self, request: Request, sink: BodySink | None = None) -> Answer:
        """One exchange; repeated once when an idle connection turns out to be closed already.

        Raises:
            OSError: no connection. ConnectionLost, MalformedAnswer.
        """
        wire = self._wire
        if wire is None or not wire.is_open:
            self.reconnects += wire is not None
            wire = await self.connect()
        try:
            answer = await wire.exchange(request, sink)
        except ConnectionLost:
            if not wire.answered_once or wire.received_anything:
                raise
            self.reconnects += 1
            wire = await self.connect()
            answer = await wire.exchange(request, sink)
        self.sent_bytes += len(request.body)
        self.received_bytes += answer.size_bytes
        return answer

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
