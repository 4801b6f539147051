"""Checks block tokens before a DataNode's handlers see what is asked."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.block_token import Refusal, refusal
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import TokenRefused
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import DownloadHandler, Handler, Service, UploadHandler
from trioxygen.common.token_keys import KeyRing
from trioxygen.hdds.tokens.doors import DOORS, Door

log = logs.get(__name__)


class TokenGate:
    """Args: refresh: asks the SCM for the keys that count, unless that was done a moment ago;
        whether it was.

    Attributes: passed, refused: calls and streams, since the start."""

    def __init__(self, ring: KeyRing, refresh: Callable[[], Awaitable[bool]]) -> None:
        self._ring, self._refresh = ring, refresh
        self.passed = 0
        self.refused: dict[Refusal, int] = dict.fromkeys(Refusal, 0)

    async def check(self, door: Door, request: Any, call: Call) -> None:
        """Raises: TokenRefused; Unavailable: keys that may be new cannot be asked for."""
        access, token, client = door.access(request), request.token, str(call.peer)
        reason = refusal(token, access, client, self._ring.secret)
        if reason is Refusal.KEY and await self._refresh():
            reason = refusal(token, access, client, self._ring.secret)
        if reason is None:
            self.passed += 1
            return
        self.refused[reason] += 1
        # One whose time is over is nothing special.
        say = log.info if reason is Refusal.KEY else log.warning
        say(
            "token_refused",
            peer=client,
            container=access.container,
            operation=access.operation.name,
            reason=reason.value,
        )
        raise TokenRefused(
            "no block token that lets this client do it",
            container=access.container,
            operation=access.operation.name or "",
            reason=reason.value,
        )

    def guarding(self, service: Service) -> Service:
        """The same service, whose handlers are reached with tokens alone."""
        names = [*service.calls, *service.uploads, *service.downloads]
        undecided = sorted(set(names) - DOORS.keys())
        assert not undecided, f"methods without a door: {undecided}"
        return replace(
            service,
            calls={name: self._call(DOORS[name], each) for name, each in service.calls.items()},
            uploads={
                name: self._upload(DOORS[name], each) for name, each in service.uploads.items()
            },
            downloads={
                name: self._download(DOORS[name], each) for name, each in service.downloads.items()
            },
        )

    def _call(self, door: Door | None, handler: Handler) -> Handler:
        if door is None:
            return handler

        async def handle(request: Any, call: Call) -> Message:
            await self.check(door, request, call)
            return await handler(request, call)

        return handle

    def _upload(self, door: Door | None, handler: UploadHandler) -> UploadHandler:
        if door is None:
            return handler

        async def receive(header: Any, pieces: AsyncIterator[Buffer], call: Call) -> Message:
            await self.check(door, header, call)
            return await handler(header, pieces, call)

        return receive

    def _download(self, door: Door | None, handler: DownloadHandler) -> DownloadHandler:
        if door is None:
            return handler

        async def send(header: Any, call: Call) -> AsyncGenerator[Buffer, None]:
            await self.check(door, header, call)
            pieces = cast(AsyncGenerator[Buffer, None], handler(header, call))
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece

        return send
