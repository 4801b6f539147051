"""A port as uvicorn serves it. The gateway's one file that imports uvicorn's server.

uvicorn owns the listening sockets, the connections' lives, the application's lifespan and the
process's signals; what speaks HTTP on a connection is `HttpConnection`, or uvicorn's own protocol.
"""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, Final, Literal, cast

import uvicorn
from uvicorn.server import ServerState

from trioxygen.common import logs
from trioxygen.common.rpc.network import CannotListen
from trioxygen.gateway.http.connection import HttpConnection
from trioxygen.gateway.http.limits import (
    SERVER_NAME,
    AsgiApp,
    HttpLimits,
    Listening,
    Message,
    Receive,
    Scope,
    Send,
)

log = logs.get(__name__)

HttpProtocol = Literal["trioxygen", "uvicorn"]
Lifespan = Literal["on", "off"]

EXIT_CODE_INTERRUPTED: Final = 128 + signal.SIGINT


class PortConnection(HttpConnection):
    """Our connection, made as uvicorn makes a protocol."""

    __slots__ = ()

    def __init__(
        self,
        config: "PortConfig",
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config.listening)


class PortConfig(uvicorn.Config):
    """Attributes: listening: what the port's connections share, before the first of them."""

    listening: Listening

    def __init__(
        self,
        app: "LifespanApp",
        limits: HttpLimits,
        *,
        http: HttpProtocol,
        lifespan: Lifespan,
        tls: ssl.SSLContext | None,
    ) -> None:
        # uvicorn names asyncio.Protocol; the loop takes a BufferedProtocol as well.
        ours = cast(type[asyncio.Protocol], PortConnection)
        super().__init__(
            cast(Any, app),
            http=ours if http == "trioxygen" else "httptools",
            ws="none",
            interface="asgi3",
            lifespan=lifespan,
            ssl_context_factory=(lambda _config, _default: tls) if tls is not None else None,
            backlog=limits.backlog,
            # Nothing from the environment, and one logging configuration: `logs.configure`.
            workers=1,
            forwarded_allow_ips="",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            # What uvicorn's own protocol can keep of our limits; ours reads `listening`.
            server_header=False,
            headers=[("Server", SERVER_NAME.decode())],
            timeout_keep_alive=int(limits.keep_alive_seconds),
            limit_concurrency=limits.connections_max + 1,
        )


async def answer_safely(app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Closes the connection behind an answer to a client that waits to be asked for its body: it
    may leave the body out, and uvicorn's protocol would take its next request for that. A body that
    comes although nobody wants it is read and dropped there."""
    is_waiting = any(
        name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"]
    )

    async def receive_body() -> Message:
        nonlocal is_waiting
        is_waiting = False
        return await receive()

    async def send_answer(message: Message) -> None:
        if is_waiting and message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    await app(scope, receive_body, send_answer)


class LifespanApp:
    """The application as uvicorn sees it. Attributes: failure: why its lifespan broke off."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.failure: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            # Of uvicorn's own protocol alone: ours calls the application itself.
            await answer_safely(self._app, scope, receive, send)
            return

        async def without_traceback(message: Message) -> None:
            # `failure` is raised where the server was started or stopped: nothing is told twice.
            await send({"type": message["type"]})

        try:
            await self._app(scope, receive, without_traceback)
        except Exception as error:  # uvicorn would only log it
            self.failure = error
            raise


class PortServer(uvicorn.Server):
    """Of one port; `open` and `close` are `serve` in two pieces, so that several live in one loop.

    Args:
        handshake_seconds_max: of TLS.
    """

    def __init__(self, app: LifespanApp, config: PortConfig, handshake_seconds_max: float) -> None:
        super().__init__(config)
        self._app = app
        self._handshake_seconds_max = handshake_seconds_max

    async def open(self, sockets: list[socket.socket]) -> None:
        """Starts the application, then listens. Raises what the application's start raises, and
        CannotListen: another took the address between its bind and this."""
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        host, port = sockets[0].getsockname()[:2]
        cannot_listen = f"cannot listen on {host}:{port}"
        try:
            await self.startup(sockets)
        except SystemExit:
            if self._app.failure is None:
                raise
            raise self._app.failure from None
        except OSError as error:
            await self._break_off()
            reason = (error.strerror or str(error)).lower()
            raise CannotListen(f"{cannot_listen}: {reason}") from error
        # Where listening fails, uvloop raises nothing and closes the socket.
        if any(bound.fileno() < 0 for bound in sockets):
            await self._break_off()
            raise CannotListen(f"{cannot_listen}: address already in use")
        # The Date of uvicorn's own protocol.
        await self.on_tick(0)

    async def _break_off(self) -> None:
        """Ends the application that was started before somebody took the address."""
        self.started = False
        for server in self.servers:
            server.close()
        await self.lifespan.shutdown()
        if self._app.failure is not None:
            log.error("application_end_failed", error=self._app.failure)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        tls = self.config.ssl
        if tls is None:
            await super().startup(sockets)
            return
        # uvicorn sets no bound for handshakes: connections are counted from their end.
        await super().startup([])
        loop = asyncio.get_running_loop()
        protocol = partial(
            cast(Any, self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        for bound in sockets or []:
            server = await loop.create_server(
                protocol,
                sock=bound,
                ssl=tls,
                backlog=self.config.backlog,
                ssl_handshake_timeout=self._handshake_seconds_max,
            )
            self.servers.append(server)

    async def close(self, sockets: list[socket.socket]) -> None:
        """Refuses what is new, waits until the last connection is gone, stops the application.
        Raises what that raises."""
        await self.shutdown(sockets)
        if self._app.failure is not None:
            raise self._app.failure


@contextmanager
def stop_signals(
    *, is_worker: bool = False, at_once: Callable[[], None] = lambda: None
) -> Iterator[asyncio.Event]:
    """While it lasts, the first SIGTERM or SIGINT sets the event; the second one ends the process
    where it stands.

    Args:
        is_worker: of a supervisor, which may have got the same Ctrl-C and hand it on: a second one
            is nothing new.
        at_once: what the second one ends besides.
    """
    server = _SignalServer(is_worker, at_once)
    with server.capture_signals():
        yield server.stop_asked


class _SignalServer(uvicorn.Server):
    """uvicorn's signals, of a process with several ports: none of them stops by itself."""

    def __init__(self, is_worker: bool, at_once: Callable[[], None]) -> None:
        super().__init__(uvicorn.Config("", workers=1, log_config=None))
        _check_signals_wake()
        self._is_worker, self._at_once = is_worker, at_once
        self._loop = asyncio.get_running_loop()
        self.stop_asked = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit and not self._is_worker:
            # Nothing is lost that was answered: the store survives a kill at any time.
            self._at_once()
            os._exit(EXIT_CODE_INTERRUPTED)
        self.should_exit = True
        self._loop.call_soon_threadsafe(self.stop_asked.set)


def _check_signals_wake() -> None:
    """Python runs a handler when its main thread next does something. Another thread may be the one
    that the system interrupts, or the main thread a moment before it goes to sleep: only a loop
    that signals wake (uvloop's do, asyncio's do not by themselves) surely hears of it then."""
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    assert wakeup != -1, "signals do not wake this event loop"
