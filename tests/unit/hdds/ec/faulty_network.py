"""A network on which some nodes are dead, or stand still."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, Unreachable
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network import Channel, Network, Reply, Server, Service, Upload


@dataclass
class Faults:
    """Addresses. Attributes: given_up: calls to frozen ones, at the end of their time."""

    dead: set[str] = field(default_factory=set)
    frozen: set[str] = field(default_factory=set)
    given_up: int = 0

    async def meet(self, address: str, timeout_ms: float = 600_000) -> None:
        if address in self.dead:
            raise Unreachable("it is dead", address=address)
        if address in self.frozen:
            await asyncio.sleep(timeout_ms / 1_000)
            self.given_up += 1
            raise DeadlineExceeded("it stands still", address=address)


class FaultyNetwork:
    """Implements `Network`, over another one."""

    def __init__(self, network: Network, faults: Faults) -> None:
        self._network, self._faults = network, faults

    async def serve(self, address: str, services: list[Service]) -> Server:
        return await self._network.serve(address, services)

    def channel(self, address: str) -> Channel:
        return FaultyChannel(self._network.channel(address), address, self._faults)

    def as_role(self, role: Role, node_id: str = "") -> Network:
        return FaultyNetwork(self._network.as_role(role, node_id), self._faults)


class FaultyChannel:
    def __init__(self, channel: Channel, address: str, faults: Faults) -> None:
        self._channel, self._address, self._faults = channel, address, faults

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        await self._faults.meet(self._address, timeout_ms)
        return await self._channel.call(method, request, reply_type, timeout_ms=timeout_ms)

    async def upload(self, method: str, header: Message) -> Upload:
        await self._faults.meet(self._address)
        return FaultyUpload(await self._channel.upload(method, header), self._address, self._faults)

    async def download(
        self, method: str, header: Message, *, timeout_ms: float
    ) -> AsyncIterator[Buffer]:
        pieces: Any = self._channel.download(method, header, timeout_ms=timeout_ms)
        async with aclosing(pieces):
            await self._faults.meet(self._address, timeout_ms)
            async for piece in pieces:
                yield piece
                await self._faults.meet(self._address, timeout_ms)


class FaultyUpload:
    def __init__(self, upload: Upload, address: str, faults: Faults) -> None:
        self._upload, self._address, self._faults = upload, address, faults

    async def send(self, piece: Buffer) -> None:
        await self._faults.meet(self._address)
        await self._upload.send(piece)

    async def flush(self) -> None:
        await self._faults.meet(self._address)
        await self._upload.flush()

    async def finish(self, timeout_ms: float) -> Any:
        await self._faults.meet(self._address, timeout_ms)
        return await self._upload.finish(timeout_ms)

    async def cancel(self) -> None:
        await self._upload.cancel()
