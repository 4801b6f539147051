"""The hosts of a simulation, what is served where, and the messages between them."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from google.protobuf.message import Message

from trioxygen.common.errors import Stopping
from trioxygen.common.rpc.network import Service
from trioxygen.common.rpc.routes import Routes
from trioxygen.sim.links import Links
from trioxygen.sim.loop import DEAD, Life, VirtualLoop

Tap = Callable[[str, str, str, Message], None]
ReplyTap = Callable[[str, str, str, bytes], None]


class Fabric:
    """All hosts, and what is served where.

    Args:
    tap, reply_tap: see (from, to, method, message) of every request and reply that is sent.
    doubled: names of services whose requests may arrive twice.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        links: Links,
        tap: Tap,
        reply_tap: ReplyTap,
        doubled: frozenset[str] = frozenset(),
    ) -> None:
        self.loop, self.links, self.doubled = loop, links, doubled
        self.tap, self.reply_tap = tap, reply_tap
        self._servers: dict[str, SimServer] = {}
        self._hosts: dict[str, str] = {}
        self.messages = self.uploads = 0

    def name_address(self, address: str, host: str) -> None:
        """An address leads to its host even when nothing is served there."""
        self._hosts[address] = host

    def host_of(self, address: str) -> str:
        return self._hosts[address]

    def put(self, server: "SimServer") -> None:
        self._hosts[server.address] = server.host
        self._servers[server.address] = server

    def forget(self, server: "SimServer") -> None:
        if self._servers.get(server.address) is server:
            del self._servers[server.address]

    def died(self, life: Life) -> None:
        """Whoever waits for an answer of this life learns, sooner or later, that none will come."""
        for server in [each for each in self._servers.values() if each.life is life]:
            del self._servers[server.address]
            for call in server.calls:
                call.break_later()

    def server(self, address: str) -> "SimServer | None":
        server = self._servers.get(address)
        return None if server is None or server.life.state == DEAD else server

    def send(
        self, owner: Life, source: str, target: str, callback: Callable[..., object], *args: Any
    ) -> bool:
        """Runs `callback` as `owner` when the message arrives; False: it will not."""
        self.messages += 1
        delay_ms = self.links.delay_ms(source, target)
        if delay_ms is None:
            return False
        self.loop.call_at_of(owner, self.loop.time() + delay_ms / 1_000, callback, *args)
        return True


class OpenCall(Protocol):
    """A call that a server is at."""

    def break_later(self) -> None:
        """Its caller learns, sooner or later, that no answer will come."""
        ...


class SimServer:
    def __init__(
        self, fabric: Fabric, life: Life, host: str, address: str, services: list[Service]
    ) -> None:
        self._fabric, self.life, self.host, self._address = fabric, life, host, address
        self.routes = Routes(services)
        self.calls_in_flight = 0
        self.calls: dict[OpenCall, None] = {}
        self._stopping = False
        self._idle = asyncio.Event()

    @property
    def address(self) -> str:
        return self._address

    def begin(self) -> None:
        """Raises: Stopping."""
        if self._stopping:
            raise Stopping(address=self._address)
        self.calls_in_flight += 1

    def end(self) -> None:
        self.calls_in_flight -= 1
        if self._stopping and not self.calls_in_flight:
            self._idle.set()

    async def stop(self) -> None:
        self._stopping = True
        self._fabric.forget(self)
        if self.calls_in_flight:
            await self._idle.wait()
