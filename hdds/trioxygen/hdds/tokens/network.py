"""A network whose channels bring block tokens to the methods of DataNodes that need one.

Whoever reads, writes and copies knows nothing of tokens. One that is missing, or whose key does not
count any more, is replaced by a new one, once for each call: nothing was done by then."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final, cast

from google.protobuf.message import Message

from trioxygen.common.block_token import Access, Refusal
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import TokenRefused
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network import Channel, Network, Reply, Server, Service, Upload
from trioxygen.hdds.tokens.doors import access_to
from trioxygen.hdds.tokens.ports import TokenSource

# Reasons.
_HELPED: Final = frozenset((Refusal.KEY.value, Refusal.MISSING.value))


class TokenNetwork:
    """Implements `Network` over another one."""

    def __init__(self, network: Network, source: TokenSource) -> None:
        self._network, self._source = network, source

    async def serve(self, address: str, services: list[Service]) -> Server:
        return await self._network.serve(address, services)

    def channel(self, address: str) -> "TokenChannel":
        return TokenChannel(self._network.channel(address), self._source)

    def as_role(self, role: Role, node_id: str = "") -> "TokenNetwork":
        return TokenNetwork(self._network.as_role(role, node_id), self._source)


class TokenChannel:
    """Implements `Channel` over another one."""

    def __init__(self, channel: Channel, source: TokenSource) -> None:
        self._channel, self._source = channel, source

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        channel = self._channel
        access = access_to(method, request)
        if access is None:
            return await channel.call(method, request, reply_type, timeout_ms=timeout_ms)
        token = await self._bring(request, access)
        try:
            return await channel.call(method, request, reply_type, timeout_ms=timeout_ms)
        except TokenRefused as error:
            await self._renew(request, access, token, error)
        return await channel.call(method, request, reply_type, timeout_ms=timeout_ms)

    async def upload(self, method: str, header: Message) -> Upload:
        access = access_to(method, header)
        if access is None:
            return await self._channel.upload(method, header)
        token = await self._bring(header, access)
        try:
            return await self._channel.upload(method, header)
        except TokenRefused as error:
            await self._renew(header, access, token, error)
        return await self._channel.upload(method, header)

    def download(self, method: str, header: Message, *, timeout_ms: float) -> AsyncIterator[Buffer]:
        access = access_to(method, header)
        if access is None:
            return self._channel.download(method, header, timeout_ms=timeout_ms)
        return self._download(method, header, access, timeout_ms)

    async def _download(
        self, method: str, header: Message, access: Access, timeout_ms: float
    ) -> AsyncGenerator[Buffer, None]:
        token = await self._bring(header, access)
        try:
            async with aclosing(self._pieces(method, header, timeout_ms)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        except TokenRefused as error:
            # It is checked before a first piece.
            await self._renew(header, access, token, error)
        async with aclosing(self._pieces(method, header, timeout_ms)) as pieces:
            async for piece in pieces:
                yield piece

    def _pieces(
        self, method: str, header: Message, timeout_ms: float
    ) -> AsyncGenerator[Buffer, None]:
        pieces = self._channel.download(method, header, timeout_ms=timeout_ms)
        return cast(AsyncGenerator[Buffer, None], pieces)

    async def _bring(self, request: Any, access: Access) -> bytes:
        token = await self._source.token(access)
        request.token = token
        return token

    async def _renew(
        self, request: Any, access: Access, refused: bytes, error: TokenRefused
    ) -> None:
        """Raises: the error, where a new one would be no better."""
        if error.facts.get("reason") not in _HELPED:
            raise error
        request.token = await self._source.renewed(access, refused)
