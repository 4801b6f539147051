"""Serving an ASGI application over HTTP/1.1: sockets, start, time, graceful stop."""

import asyncio
import errno
import socket
import ssl

from trioxygen.common import logs
from trioxygen.common.fair_share import FairShare
from trioxygen.common.network import CannotListen
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.http_connection import HttpConnection
from trioxygen.gateway.http_intake import READ_BYTES_MAX, Intake
from trioxygen.gateway.http_limits import (
    SERVER_NAME,
    AsgiApp,
    HttpLimits,
    HttpMetrics,
    Listening,
)
from trioxygen.gateway.http_refusal import Refusals, plain_refusal
from trioxygen.gateway.s3.dates import http_date

__all__ = ["CannotListen", "HttpLimits", "HttpMetrics", "HttpServer"]

log = logs.get(__name__)

# Idle connections get this long at a stop: a request that is on its way is still answered.
_IDLE_GRACE_MS = 200
_POLL_MS = 20
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class HttpServer:
    """One listening port.

    Args:
        name: of the port, in logs and metrics: "s3", "admin".
    """

    def __init__(
        self, runtime: Runtime, name: str, limits: HttpLimits, metrics: HttpMetrics
    ) -> None:
        self._runtime = runtime
        self._name = name
        self._limits = limits
        self._metrics = metrics
        self._listening: Listening | None = None
        self._host = ""
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._ticker: asyncio.Task[None] | None = None
        self.connections: set[HttpConnection] = set()

    async def bind(self, host: str, port: int) -> None:
        """Takes the address; connections are refused until `start`.

        Args:
            port: 0 takes a free one.
        Raises:
            CannotListen: the address is in use, or not one of this machine.
        """
        assert not self._sockets, "bound already"
        self._sockets = await _bind(host, port)
        for bound in self._sockets:
            # Connections inherit it.
            bound.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, self._limits.unsent_bytes_max
            )
        self._host = host

    async def start(
        self,
        app: AsgiApp,
        *,
        refusals: Refusals = plain_refusal,
        tls: ssl.SSLContext | None = None,
    ) -> str:
        """Listens on what is bound; returns the URL under which this machine reaches it.

        Args:
            refusals: makes the answers of the server's own.
        """
        assert self._sockets and self._listening is None, "bind first, start once"
        loop = asyncio.get_running_loop()
        listening = Listening(
            app=app,
            limits=self._limits,
            loop=loop,
            metrics=self._metrics,
            name=self._name,
            scheme="https" if tls else "http",
            addresses=FairShare(self._limits.connections_max),
            intake=Intake(self._limits.intake_bytes_max, loop.call_later),
            refusals=refusals,
            scratch=memoryview(bytearray(READ_BYTES_MAX)),
        )
        self._listening = listening
        self._tick(listening)
        # Connections are counted from the end of their handshake: it must not take long.
        handshake_seconds = self._limits.tls_handshake_seconds_max if tls else None
        for bound in self._sockets:
            server = await loop.create_server(
                lambda: HttpConnection(listening, self.connections),
                sock=bound,
                ssl=tls,
                backlog=self._limits.backlog,
                ssl_handshake_timeout=handshake_seconds,
            )
            self._servers.append(server)
        self._ticker = self._runtime.tasks.start(
            self._keep_time(listening), name=f"http {self._name}"
        )
        shown = _WILDCARDS.get(self._host, self._host)
        port = self._sockets[0].getsockname()[1]
        return f"{listening.scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}"

    def _tick(self, listening: Listening) -> None:
        clock = self._runtime.clock
        date = http_date(clock.wall_ms() // SECOND_MS)
        listening.common_head = b"date: %s\r\nserver: %s\r\n" % (date, SERVER_NAME)
        listening.now = clock.monotonic_ms() / SECOND_MS
        listening.metrics.connections.labels(self._name).set(len(self.connections))

    async def _keep_time(self, listening: Listening) -> None:
        while True:
            await self._runtime.clock.sleep_ms(SECOND_MS)
            self._tick(listening)
            for connection in list(self.connections):
                connection.check_time(listening.now)

    async def stop(self, drain_seconds: float) -> None:
        """Accepts nothing more, answers what is under way, closes idle connections.

        After `drain_seconds` the requests that are left are cancelled. Idempotent.
        """
        listening = self._listening
        if listening is None:
            for bound in self._sockets:
                bound.close()
            self._sockets.clear()
            return
        if listening.stopping:
            return
        clock = self._runtime.clock
        listening.stopping = True
        for server in self._servers:
            server.close()
        deadline_ms = clock.monotonic_ms() + drain_seconds * SECOND_MS
        grace_ms = min(clock.monotonic_ms() + _IDLE_GRACE_MS, deadline_ms)
        while self.connections or listening.tasks:
            now_ms = clock.monotonic_ms()
            if now_ms >= deadline_ms:
                break
            if now_ms >= grace_ms:
                for connection in [each for each in self.connections if each.is_idle]:
                    connection.close()
            await clock.sleep_ms(_POLL_MS)
        await self._cut_off(listening)

    async def _cut_off(self, listening: Listening) -> None:
        if listening.tasks:
            log.warning("requests_cut_off", server=self._name, requests=len(listening.tasks))
        tasks = list(listening.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if tasks:
            # Whoever waited for an answer is told to try again; a moment for it to go out.
            await self._runtime.clock.sleep_ms(_POLL_MS)
        for connection in list(self.connections):
            connection.abort()
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)


async def _bind(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host, all on one port."""
    loop = asyncio.get_running_loop()
    bound: list[socket.socket] = []
    failure: OSError | None = None
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            try:
                listener = _bound(family, kind, protocol, (address[0], port, *address[2:]))
            except OSError as error:
                # A name may also stand for an address that this machine lacks (IPv6 switched off).
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                failure = error
                continue
            bound.append(listener)
            port = listener.getsockname()[1]
        if not bound and failure is not None:
            raise failure
    except OSError as error:
        for listener in bound:
            listener.close()
        reason = (error.strerror or str(error)).lower()
        raise CannotListen(f"cannot listen on {host}:{port}: {reason}") from error
    return bound


def _bound(family: int, kind: int, protocol: int, address: tuple[str | int, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
