"""Serving an ASGI application over HTTP/1.1: uvicorn starts and stops it; the clock, and the
cut-off of what is under way at a stop, are ours."""

import asyncio
import socket
import ssl
from typing import Any, cast

from trioxygen.common import logs
from trioxygen.common.fair_share import FairShare
from trioxygen.common.rpc.network import CannotListen
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.http.connection import HttpConnection
from trioxygen.gateway.http.intake import READ_BYTES_MAX, Intake
from trioxygen.gateway.http.limits import (
    SERVER_NAME,
    AsgiApp,
    HttpLimits,
    HttpMetrics,
    Listening,
)
from trioxygen.gateway.http.refusal import Refusals, plain_refusal
from trioxygen.gateway.http.sockets import bound_sockets, url_of
from trioxygen.gateway.http.uvicorn_server import (
    HttpProtocol,
    Lifespan,
    LifespanApp,
    PortConfig,
    PortServer,
)
from trioxygen.gateway.protocol.dates import http_date

__all__ = ["CannotListen", "HttpLimits", "HttpMetrics", "HttpServer"]

log = logs.get(__name__)

_ANSWER_MS = 20


class HttpServer:
    """One listening port.

    Args:
        name: of the port, in logs and metrics: "s3", "admin".
        http: who speaks HTTP on its connections: ours, or uvicorn's own protocol.
    """

    def __init__(
        self,
        runtime: Runtime,
        name: str,
        limits: HttpLimits,
        metrics: HttpMetrics,
        *,
        http: HttpProtocol = "trioxygen",
    ) -> None:
        self._runtime = runtime
        self._name = name
        self._limits = limits
        self._metrics = metrics
        self._http: HttpProtocol = http
        self._listening: Listening | None = None
        self._host = ""
        self._sockets: list[socket.socket] = []
        self._server: PortServer | None = None
        self._ticker: asyncio.Task[None] | None = None
        self.connections: set[HttpConnection] = set()

    async def bind(self, host: str, port: int) -> None:
        """Takes the address; connections are refused until `start`.

        Args:
            port: 0 takes a free one.
        Raises:
            CannotListen: the address is in use, or not one of this machine.
        """
        self.adopt(host, await bound_sockets(host, port))

    def adopt(self, host: str, sockets: list[socket.socket]) -> None:
        """Takes sockets that are bound. Args: host: what they were bound to."""
        assert not self._sockets, "bound already"
        self._host, self._sockets = host, sockets
        for bound in self._sockets:
            # Connections inherit it.
            bound.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, self._limits.unsent_bytes_max
            )

    async def start(
        self,
        app: AsgiApp,
        *,
        refusals: Refusals = plain_refusal,
        tls: ssl.SSLContext | None = None,
        lifespan: Lifespan = "on",
    ) -> str:
        """Starts the application and listens on what is bound; returns the URL under which this
        machine reaches it.

        Args:
            refusals: makes the answers of the server's own.
            lifespan: whether the application takes ASGI's lifespan; what its start raises is raised
                here, what its end raises by `stop`.
        """
        assert self._sockets and self._listening is None, "bind first, start once"
        lived = LifespanApp(app)
        config = PortConfig(lived, self._limits, http=self._http, lifespan=lifespan, tls=tls)
        server = PortServer(lived, config, self._limits.tls_handshake_seconds_max)
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
            tasks=server.server_state.tasks,
            connections=cast(set[Any], server.server_state.connections),
        )
        self._server, self._listening = server, listening
        config.listening, self.connections = listening, listening.connections
        self._tick(listening)
        await server.open(self._sockets)
        self._ticker = self._runtime.tasks.start(
            self._keep_time(listening, server), name=f"http {self._name}"
        )
        return url_of(listening.scheme, self._host, self._sockets)

    def _tick(self, listening: Listening) -> None:
        clock = self._runtime.clock
        date = http_date(clock.wall_ms() // SECOND_MS)
        listening.common_head = b"date: %s\r\nserver: %s\r\n" % (date, SERVER_NAME)
        listening.now = clock.monotonic_ms() / SECOND_MS
        listening.metrics.connections.labels(self._name).set(len(self.connections))

    async def _keep_time(self, listening: Listening, server: PortServer) -> None:
        while True:
            await self._runtime.clock.sleep_ms(SECOND_MS)
            self._tick(listening)
            if self._http == "uvicorn":
                await server.on_tick(0)
            else:
                for connection in list(self.connections):
                    connection.check_time(listening.now)

    async def stop(self, drain_seconds: float) -> None:
        """Accepts nothing more, answers what is under way, closes idle connections, and ends the
        application.

        After `drain_seconds` the requests that are left are cancelled. Idempotent.
        """
        listening, server = self._listening, self._server
        if listening is None or server is None or not server.started:
            for bound in self._sockets:
                bound.close()
            self._sockets.clear()
            return
        if listening.stopping:
            return
        listening.stopping = True
        cut_off = self._runtime.tasks.start(
            self._cut_off(listening, drain_seconds), name=f"http {self._name} cut off"
        )
        try:
            await server.close(self._sockets)
        finally:
            ticker = [] if self._ticker is None else [self._ticker]
            await self._runtime.tasks.end(cut_off, *ticker)

    async def _cut_off(self, listening: Listening, drain_seconds: float) -> None:
        clock = self._runtime.clock
        await clock.sleep_ms(drain_seconds * SECOND_MS)
        tasks = list(listening.tasks)
        if tasks:
            log.warning("requests_cut_off", server=self._name, requests=len(tasks))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if tasks:
            # Whoever waited for an answer is told to try again; a moment for it to go out.
            await clock.sleep_ms(_ANSWER_MS)
        for connection in list(self.connections):
            connection.transport.abort()
