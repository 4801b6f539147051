"""A running HttpServer, raw clients for it, and small ASGI applications to serve."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.common.units import MIB
from trioxygen.gateway.http.intake import Intake
from trioxygen.gateway.http.limits import AsgiApp, HttpLimits, HttpMetrics, Receive, Scope, Send
from trioxygen.gateway.http.server import HttpServer

# For what is there at once on a machine that is not busy.
_PATIENCE_SECONDS: Final = 30


class Client:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, is_head: bool = False) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, header fields and body of the next answer."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head[:-4].split(b"\r\n")
            fields = dict(line.split(b": ", 1) for line in lines[1:])
            body = b""
            if is_head:
                pass
            elif fields.get(b"transfer-encoding") == b"chunked":
                while size := int(await self.reader.readuntil(b"\r\n"), 16):
                    body += (await self.reader.readexactly(size + 2))[:-2]
                assert await self.reader.readexactly(2) == b"\r\n"
            elif b"content-length" in fields:
                body = await self.reader.readexactly(int(fields[b"content-length"]))
            return int(lines[0].split()[1]), fields, body

    async def at_end(self) -> bytes:
        """What comes until the server closes."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()


@dataclass(frozen=True, slots=True)
class TlsEnds:
    server: ssl.SSLContext
    client: ssl.SSLContext


class Served:
    """A running server and what its application saw."""

    def __init__(self, server: HttpServer, url: str, tls: TlsEnds | None) -> None:
        self.server, self.url, self._tls = server, url, tls
        self.port = int(url.rsplit(":", 1)[1])
        self._clients: list[Client] = []

    @property
    def intake(self) -> Intake:
        """While there is a connection."""
        return next(iter(self.server.connections)).listening.intake

    async def client(self) -> Client:
        tls = None if self._tls is None else self._tls.client
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, limit=MIB, ssl=tls))
        self._clients.append(client)
        return client

    async def closed(self) -> None:
        for client in self._clients:
            await client.close()


@asynccontextmanager
async def served(
    app: AsgiApp, limits: HttpLimits, tls: TlsEnds | None = None
) -> AsyncIterator[Served]:
    runtime = system_runtime(LocalNetwork())
    server = HttpServer(runtime, "test", limits, HttpMetrics(runtime.registry))
    await server.bind("127.0.0.1", 0)
    url = await server.start(app, lifespan="off", tls=None if tls is None else tls.server)
    running = Served(server, url, tls)
    try:
        yield running
    finally:
        await running.closed()
        await server.stop(1)
        await runtime.stop()


def run(
    app: AsgiApp,
    steps: Callable[[Served], Coroutine[Any, Any, None]],
    tls: TlsEnds | None = None,
    /,
    **limits: float,
) -> None:
    async def all_of_it() -> None:
        async with served(app, HttpLimits(**limits), tls) as running:  # type: ignore[arg-type]
            await steps(running)

    uvloop.run(all_of_it())


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - of servers and applications, which tell nobody
            await asyncio.sleep(0.01)


def refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def answer(
    send: Send, status: int, body: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        assert message["type"] == "http.request", message
        body += message["body"]
        if not message["more_body"]:
            return body


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers `path?query:` and the body."""
    body = await body_of(receive)
    await answer(send, 200, scope["raw_path"] + b"?" + scope["query_string"] + b":" + body)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers without reading the body."""
    await answer(send, 403, b"no")


def request(method: str, path: str, body: bytes = b"", *fields: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: s3.test", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def drop_quietly(scope: Scope, receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            await answer(send, 400, message["reason"].encode())
            return
