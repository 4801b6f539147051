"""Downloads of the simulated network: pieces arrive in order, or the stream breaks for both."""

import asyncio
from typing import Any, Final

from trioxygen.common.errors import (
    DeadlineExceeded,
    Internal,
    Stopping,
    TrioxygenError,
    Unreachable,
    error_from_detail,
)
from trioxygen.common.rpc.call import Call
from trioxygen.proto.v1 import types_pb2
from trioxygen.sim.fabric import Fabric, SimServer
from trioxygen.sim.loop import DEAD, Life

_PIECES_AHEAD_MAX: Final = 2
_PING_S: Final = 1.0
# What the reader is given: a piece, the end, or what it ended with.
_Arrived = bytes | None | TrioxygenError


class SimDownload:
    """One download. The sending end is a task of the server's life."""

    def __init__(
        self, fabric: Fabric, life: Life, host: str, server: SimServer, method: str, call: Call
    ) -> None:
        self._fabric, self._life, self._host = fabric, life, host
        self._server, self._method, self._call = server, method, call
        # At the reader.
        self._arrived: asyncio.Queue[_Arrived] = asyncio.Queue()
        self._ping = fabric.loop.call_later(_PING_S, self._check)
        # At the sender.
        self._task: asyncio.Task[None] | None = None
        self._ahead = 0
        self._room: asyncio.Future[None] | None = None
        self._last_arrival = fabric.loop.time()
        # What follows a lost piece does not arrive either: the connection has a hole.
        self._has_hole = False
        self._is_closed = False
        self._reader_ping: asyncio.TimerHandle | None = None

    def begin(self, header: bytes) -> None:
        delay_ms = self._fabric.links.delay_ms(self._host, self._server.host)
        if delay_ms is None:
            self._break_later()
            return
        when = self._fabric.loop.time() + delay_ms / 1_000
        self._fabric.loop.call_at_of(self._server.life, when, self._serve, header)

    async def next(self, timeout_ms: float) -> bytes | None:
        """A piece; None: that was all. Raises: what the sender raises, DeadlineExceeded."""
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                arrived = await self._arrived.get()
        except TimeoutError as error:
            raise DeadlineExceeded(method=self._method, timeout_ms=int(timeout_ms)) from error
        if isinstance(arrived, TrioxygenError):
            raise arrived
        if arrived is not None:
            self._tell_sender(self._taken)
        return arrived

    def close(self) -> None:
        """The sender stops, when it hears."""
        self._is_closed = True
        self._ping.cancel()
        self._tell_sender(self._stop)

    def _tell_sender(self, callback: Any) -> None:
        fabric = self._fabric
        fabric.send(self._server.life, self._host, self._server.host, callback)

    def _break_later(self) -> None:
        when = self._fabric.loop.time() + self._fabric.links.silence_ms() / 1_000
        self._fabric.loop.call_at_of(self._life, when, self._broken)

    def _broken(self) -> None:
        self._arrived.put_nowait(Unreachable("the stream broke"))

    def _check(self) -> None:
        """Pings: a sender that died is noticed."""
        if self._server.life.state == DEAD:
            self._broken()
        else:
            self._ping = self._fabric.loop.call_later(_PING_S, self._check)

    # ---- at the sender ----

    def _serve(self, header: bytes) -> None:
        try:
            self._server.begin()
        except Stopping as error:
            self._send(error)
            return
        self._task = self._fabric.loop.create_task(self._send_all(header), name=self._method)
        self._task.add_done_callback(self._sent)
        self._reader_ping = self._fabric.loop.call_later(_PING_S, self._check_reader)

    def _sent(self, task: "asyncio.Task[None]") -> None:
        if self._reader_ping is not None:
            self._reader_ping.cancel()
        self._server.end()

    def _check_reader(self) -> None:
        """Pings: a reader that died, or has stopped without being heard, is noticed."""
        if self._life.state == DEAD or self._is_closed:
            self._stop()
        else:
            self._reader_ping = self._fabric.loop.call_later(_PING_S, self._check_reader)

    async def _send_all(self, header: bytes) -> None:
        end: _Arrived = None
        try:
            pieces = self._server.routes.send(self._method, header, self._call)
            try:
                async for piece in pieces:
                    await self._until_room()
                    self._send(bytes(piece))
            finally:
                await pieces.aclose()
        except TrioxygenError as error:
            detail = error.detail().SerializeToString(deterministic=True)
            end = error_from_detail(types_pb2.ErrorDetail.FromString(detail))
        except Exception as error:  # a defect of the handler, which a server would log
            self._fabric.loop.fail(error)
            end = Internal(type(error).__name__)
        self._send(end)

    async def _until_room(self) -> None:
        while self._ahead >= _PIECES_AHEAD_MAX:
            self._room = self._fabric.loop.create_future()
            await self._room
        self._ahead += 1

    def _taken(self) -> None:
        self._ahead -= 1
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _send(self, what: _Arrived) -> None:
        if self._has_hole:
            return
        loop, links = self._fabric.loop, self._fabric.links
        delay_ms = links.delay_ms(self._server.host, self._host)
        if delay_ms is None:
            self._has_hole = True
            self._break_later()
            return
        self._last_arrival = max(self._last_arrival, loop.time() + delay_ms / 1_000)
        loop.call_at_of(self._life, self._last_arrival, self._arrived.put_nowait, what)
