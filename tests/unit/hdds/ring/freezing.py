"""A network in memory where one node stands still, as a process does that was sent SIGSTOP: who is
connected to it hears nothing, and nothing is refused. Or it is dead: everything is refused."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, Unreachable
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.local import LocalNetwork, LocalServer
from trioxygen.common.rpc.network import Channel, Reply, Service, Upload


class Frozen:
    """Which nodes stand still, and which are dead."""

    def __init__(self) -> None:
        self._gates: dict[str, asyncio.Event] = {}
        self._dead: set[str] = set()

    def kill(self, name: str) -> None:
        self._dead.add(name)

    def freeze(self, name: str) -> None:
        self._gates[name] = asyncio.Event()

    def thaw(self, name: str) -> None:
        self._gates.pop(name).set()

    def thaw_all(self) -> None:
        for name in list(self._gates):
            self.thaw(name)

    async def passed(self, *names: str) -> None:
        """All of them go on. Raises: Unreachable: one is dead."""
        if self._dead.intersection(names):
            raise Unreachable("the connection is reset")
        while gates := [self._gates[name] for name in names if name in self._gates]:
            await gates[0].wait()


class FreezableNetwork(LocalNetwork):
    """As one of its nodes sees it. Args: own: the node; empty: a client, which never freezes."""

    def __init__(self, network: LocalNetwork, frozen: Frozen, own: str = "") -> None:
        self._network, self._frozen, self._own = network, frozen, own

    async def serve(self, address: str, services: list[Service]) -> LocalServer:
        return await self._network.serve(address, services)

    def forget(self, server: LocalServer) -> None:
        self._network.forget(server)

    def server(self, address: str) -> LocalServer:
        return self._network.server(address)

    def channel(self, address: str) -> Any:
        return _Channel(self._network.channel(address), self._frozen, (self._own, address))

    def as_role(self, role: Role, node_id: str = "") -> "FreezableNetwork":
        return FreezableNetwork(self._network.as_role(role, node_id), self._frozen, self._own)


class _Channel:
    def __init__(self, channel: Channel, frozen: Frozen, ends: tuple[str, str]) -> None:
        self._channel, self._frozen, self._ends = channel, frozen, ends

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                await self._frozen.passed(*self._ends)
                reply = await self._channel.call(method, request, reply_type, timeout_ms=timeout_ms)
                await self._frozen.passed(*self._ends)
                return reply
        except TimeoutError as error:
            raise DeadlineExceeded(method=method, timeout_ms=int(timeout_ms)) from error

    async def upload(self, method: str, header: Message) -> Upload:
        await self._frozen.passed(*self._ends)
        upload = await self._channel.upload(method, header)
        await self._frozen.passed(*self._ends)
        return _Upload(upload, self._frozen, self._ends)

    async def download(
        self, method: str, header: Message, *, timeout_ms: float
    ) -> AsyncIterator[Buffer]:
        await self._frozen.passed(*self._ends)
        pieces = self._channel.download(method, header, timeout_ms=timeout_ms)
        try:
            async for piece in pieces:
                await self._frozen.passed(*self._ends)
                yield piece
        finally:
            await pieces.aclose()  # type: ignore[attr-defined]


class _Upload:
    def __init__(self, upload: Upload, frozen: Frozen, ends: tuple[str, str]) -> None:
        self._upload, self._frozen, self._ends = upload, frozen, ends

    async def send(self, piece: Buffer) -> None:
        await self._frozen.passed(*self._ends)
        await self._upload.send(piece)

    async def flush(self) -> None:
        await self._frozen.passed(*self._ends)
        await self._upload.flush()

    async def finish(self, timeout_ms: float) -> Any:
        await self._frozen.passed(*self._ends)
        reply = await self._upload.finish(timeout_ms)
        await self._frozen.passed(*self._ends)
        return reply

    async def cancel(self) -> None:
        await self._upload.cancel()
