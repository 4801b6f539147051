"""Bulk streams of the simulated network: pieces arrive in order, or the stream breaks for both."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    DeadlineExceeded,
    Internal,
    TrioxygenError,
    Unreachable,
    error_from_detail,
)
from trioxygen.common.finishing import joined
from trioxygen.common.rpc.call import Call
from trioxygen.proto.v1 import types_pb2
from trioxygen.sim.fabric import Fabric, SimServer
from trioxygen.sim.loop import DEAD, Life

_PIECES_IN_FLIGHT_MAX: Final = 2
_PING_S: Final = 1.0


class SimUpload:
    """Implements `network.Upload`. The receiving end is a task of the server's life."""

    def __init__(
        self,
        fabric: Fabric,
        life: Life,
        host: str,
        server: SimServer,
        method: str,
        call: Call,
    ) -> None:
        self._fabric, self._life, self._host = fabric, life, host
        self._server, self._method, self._call = server, method, call
        loop = fabric.loop
        # At the sender.
        self._accepted: asyncio.Future[None] = loop.create_future()
        self._reply: asyncio.Future[Any] = loop.create_future()
        self._in_flight = 0
        self._room: asyncio.Future[None] | None = None
        self._last_arrival = loop.time()
        self._finished = False
        # What follows a lost piece does not arrive either: the connection has a hole.
        self._has_hole = False
        # At the receiver.
        self._task: asyncio.Task[Message] | None = None
        self._pieces: asyncio.Queue[bytes | None | TrioxygenError] = asyncio.Queue()
        self._sender_ping: asyncio.TimerHandle | None = None
        self._ping = loop.call_later(_PING_S, self._check)

    async def open(self, header: bytes) -> None:
        """Raises: what the receiver refuses; Unreachable."""
        self._send(self._begin, header)
        try:
            await asyncio.wait((self._accepted, self._reply), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.cancel()
            raise
        if self._reply.done():
            self._ping.cancel()
            self._reply.result()

    def _send(self, callback: Any, *args: Any) -> None:
        """To the receiver, in order. A lost piece breaks the stream."""
        if self._has_hole:
            return
        loop, target = self._fabric.loop, self._server.host
        delay_ms = self._fabric.links.delay_ms(self._host, target)
        if delay_ms is None:
            self._has_hole = True
            self._break_later()
            return
        self._last_arrival = max(self._last_arrival, loop.time() + delay_ms / 1_000)
        loop.call_at_of(self._server.life, self._last_arrival, callback, *args)

    def _send_back(self, callback: Any, *args: Any) -> None:
        loop = self._fabric.loop
        delay_ms = self._fabric.links.delay_ms(self._server.host, self._host)
        if delay_ms is None:
            self._break_later()
            return
        loop.call_at_of(self._life, loop.time() + delay_ms / 1_000, callback, *args)

    def _break_later(self) -> None:
        """For both: a receiver would else wait for a sender that was never told it may begin."""
        loop = self._fabric.loop
        when = loop.time() + self._fabric.links.silence_ms() / 1_000
        loop.call_at_of(self._life, when, self._broken)
        loop.call_at_of(self._server.life, when, self._receiver_broken)

    # ---- at the receiver ----

    def _begin(self, header: bytes) -> None:
        self._server.begin()
        receiving = self._server.routes.receive(self._method, header, self._received(), self._call)
        self._task = self._fabric.loop.create_task(receiving, name=self._method)
        self._task.add_done_callback(self._ended)
        self._sender_ping = self._fabric.loop.call_later(_PING_S, self._check_sender)

    def _check_sender(self) -> None:
        """Pings: a sender that died is noticed."""
        if self._life.state == DEAD:
            self._receiver_broken()
        else:
            self._sender_ping = self._fabric.loop.call_later(_PING_S, self._check_sender)

    async def _received(self) -> AsyncIterator[Buffer]:
        self._send_back(self._accept)
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, TrioxygenError):
                raise piece
            self._send_back(self._taken)
            yield piece

    def _receiver_broken(self) -> None:
        self._pieces.put_nowait(Unreachable("the stream broke"))

    def _ended(self, task: "asyncio.Task[Message]") -> None:
        if self._sender_ping is not None:
            self._sender_ping.cancel()
        self._server.end()
        detail, body, reply_type = b"", b"", None
        if task.cancelled():
            detail = Unreachable("the receiver was cancelled").detail().SerializeToString()
        elif (error := task.exception()) is None:
            reply = task.result()
            body, reply_type = reply.SerializeToString(deterministic=True), type(reply)
        elif isinstance(error, TrioxygenError):
            detail = error.detail().SerializeToString(deterministic=True)
        else:
            self._fabric.loop.lost_errors.append(f"upload: {error!r}")
            detail = Internal(type(error).__name__).detail().SerializeToString()
        self._send_back(self._replied, detail, body, reply_type)

    # ---- at the sender ----

    def _accept(self) -> None:
        if not self._accepted.done():
            self._accepted.set_result(None)

    def _taken(self) -> None:
        self._in_flight -= 1
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _replied(self, detail: bytes, body: bytes, reply_type: type[Message] | None) -> None:
        if self._reply.done():
            return
        if detail:
            error = error_from_detail(types_pb2.ErrorDetail.FromString(detail))
            self._reply.set_exception(error)
        else:
            assert reply_type is not None
            self._reply.set_result(reply_type.FromString(body))

    def _broken(self) -> None:
        if not self._reply.done():
            self._reply.set_exception(Unreachable("the stream broke"))

    def _check(self) -> None:
        """Pings: a receiver that died is noticed."""
        if self._server.life.state == DEAD:
            self._broken()
        elif not self._reply.done():
            self._ping = self._fabric.loop.call_later(_PING_S, self._check)

    async def send(self, piece: Buffer) -> None:
        assert not self._finished
        while self._in_flight >= _PIECES_IN_FLIGHT_MAX and not self._reply.done():
            self._room = self._fabric.loop.create_future()
            await asyncio.wait((self._room, self._reply), return_when=asyncio.FIRST_COMPLETED)
        if self._reply.done():
            self._reply.result()
            raise Unreachable("the receiver ended the stream early")
        self._in_flight += 1
        self._send(self._pieces.put_nowait, bytes(piece))

    async def flush(self) -> None:
        """Every piece is sent as it comes."""

    async def finish(self, timeout_ms: float) -> Any:
        assert not self._finished
        self._finished = True
        self._send(self._pieces.put_nowait, None)
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                return await joined(self._reply)
        except TimeoutError as error:
            raise DeadlineExceeded(timeout_ms=int(timeout_ms)) from error
        finally:
            self._ping.cancel()

    async def cancel(self) -> None:
        self._ping.cancel()
        if not self._finished:
            self._finished = True
            self._send(self._receiver_broken)
