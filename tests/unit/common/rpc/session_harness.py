"""Both ends of a session over a pipe in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from trioxygen.common.errors import (
    NoSuchKey,
    TrioxygenError,
)
from trioxygen.common.rpc.admission import Admission
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.session import SessionLimits
from trioxygen.common.rpc.session_client import ClientSession
from trioxygen.common.rpc.session_server import ServerSession
from trioxygen.proto.v1.session_pb2 import Batch, Hello

HELLO = Hello(protocol_version=1, cluster_id="cluster-1", peer="test")
LIMITS = SessionLimits()
TIMEOUT_MS = 60_000.0


class End:
    """One end of a pipe. `open_gate` off: writes wait, as with a peer that does not read."""

    def __init__(self, incoming: "asyncio.Queue[bytes | None]", outgoing: "End | None") -> None:
        self._incoming = incoming
        self.other = outgoing
        self.gate = asyncio.Event()
        self.gate.set()
        self.written: list[Batch] = []
        self.failure: TrioxygenError | None = None

    async def write(self, message: bytes) -> None:
        await self.gate.wait()
        assert self.other is not None
        self.written.append(Batch.FromString(message))
        self.other._incoming.put_nowait(message)

    async def read(self) -> bytes | None:
        message = await self._incoming.get()
        if message is None and self.failure is not None:
            raise self.failure
        return message

    def feed(self, message: bytes | None) -> None:
        """What this end reads next; None ends the stream, or breaks it with `failure`."""
        self._incoming.put_nowait(message)

    def close(self) -> None:
        assert self.other is not None
        self.other._incoming.put_nowait(None)


def pipe() -> tuple[End, End]:
    first = End(asyncio.Queue(), None)
    two = End(asyncio.Queue(), first)
    first.other = two
    return first, two


@dataclass
class Answerer:
    """Methods: echo, wait (until released), refuse, break, cancelled, big."""

    release: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    begun: int = 0
    cancelled: int = 0

    async def handle(self, method: str, body: bytes, call: Call) -> bytes:
        self.begun += 1
        self.running += 1
        try:
            match method:
                case "wait":
                    await self.release.wait()
                case "refuse":
                    raise NoSuchKey("nothing there", key="k")
                case "break":
                    raise ZeroDivisionError
                case "cancelled":
                    raise asyncio.CancelledError
                case "big":
                    return bytes(int(body))
            return body
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1


@dataclass
class Pair:
    client: ClientSession
    server: ServerSession
    client_end: End
    server_end: End
    answerer: Answerer
    client_life: "asyncio.Task[TrioxygenError]"
    server_life: "asyncio.Task[None]"

    def calls(self, method: str, count: int) -> "list[asyncio.Task[bytes]]":
        loop = asyncio.get_running_loop()
        return [
            loop.create_task(self.client.call(method, str(number).encode(), TIMEOUT_MS))
            for number in range(count)
        ]


@asynccontextmanager
async def paired(
    *,
    client_limits: SessionLimits = LIMITS,
    server_limits: SessionLimits = LIMITS,
    server_hello: Hello = HELLO,
    calls_max: int = 10_000,
) -> AsyncIterator[Pair]:
    client_end, server_end = pipe()
    answerer = Answerer()
    client = ClientSession(client_end, HELLO, client_limits)
    admission = Admission(calls_max)
    server = ServerSession(server_end, answerer.handle, server_hello, server_limits, admission)
    loop = asyncio.get_running_loop()
    lives = loop.create_task(client.run()), loop.create_task(server.run())
    yield Pair(client, server, client_end, server_end, answerer, *lives)
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    assert (answerer.running, admission.calls) == (0, 0)


def run(test: Coroutine[Any, Any, None]) -> None:
    async def main() -> None:
        async with asyncio.timeout(120):
            await test

    asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for is in the double's counters
        await asyncio.sleep(0)


async def turns() -> None:
    """So many of the loop that all has happened which waits for nothing: however slow the machine
    is, and no time passes."""
    for _ in range(50):
        await asyncio.sleep(0)


async def refusal(awaitable: Awaitable[Any]) -> TrioxygenError:
    with pytest.raises(TrioxygenError) as raised:
        await awaitable
    return raised.value
