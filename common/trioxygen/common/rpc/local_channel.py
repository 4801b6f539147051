"""A channel of the local network: the handler runs in the caller's task, as part of its call."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Protocol

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    DeadlineExceeded,
    TrioxygenError,
    error_from_detail,
)
from trioxygen.common.origin import current_origin
from trioxygen.common.rpc.call import Call, Peer
from trioxygen.common.rpc.local_server import LocalServer
from trioxygen.common.rpc.local_upload import LocalUpload
from trioxygen.common.rpc.network import Handler, Reply, UploadHandler
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.rpc.serving import Serving
from trioxygen.common.rpc.serving import log as served_log
from trioxygen.proto.v1 import types_pb2


class Servers(Protocol):
    def server(self, address: str) -> LocalServer: ...


def _copy(message: Message) -> Message:
    copy = type(message)()
    copy.ParseFromString(message.SerializeToString())
    return copy


def _copy_error(error: TrioxygenError) -> TrioxygenError:
    return error_from_detail(types_pb2.ErrorDetail.FromString(error.detail().SerializeToString()))


class LocalChannel:
    """Args:
    servers: finds one by its address, or raises Unreachable.
    peer: who calls.
    encode: serialize and parse every message.
    """

    def __init__(self, servers: Servers, address: str, peer: Peer, *, encode: bool) -> None:
        self._servers, self._address = servers, address
        self._peer, self._encode = peer, encode
        self._loop: asyncio.AbstractEventLoop | None = None
        # Handlers that this caller may call, of the server that was reached last.
        self._server: LocalServer | None = None
        self._handlers: dict[str, Handler] = {}
        # Whether the log wants each call, as it did when that server was first reached.
        self._is_logged = False

    def _call(self, timeout_ms: float) -> Call:
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        origin = current_origin()
        deadline_ms = loop.time() * 1_000 + timeout_ms
        return Call(self._peer, deadline_ms, origin.request_id, origin.trace)

    def _handler(self, server: LocalServer, method: str) -> Handler:
        """Raises: UnknownMethod, CallerNotAllowed."""
        if server is not self._server:
            self._server, self._handlers = server, {}
            self._is_logged = served_log.is_debug
        handler = self._handlers.get(method)
        if handler is None:
            handler = self._handlers[method] = server.handler(method, self._peer)
        return handler

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        server = self._servers.server(self._address)
        handler = self._handler(server, method)
        RULES.check(request, method)
        encode = self._encode
        call = self._call(timeout_ms)
        server.begin()
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                served = _copy(request) if encode else request
                if self._is_logged:
                    with Serving(method, call):
                        reply = await handler(served, call)
                else:
                    reply = await handler(served, call)
        except TimeoutError as error:
            raise DeadlineExceeded(method=method, timeout_ms=int(timeout_ms)) from error
        except TrioxygenError as error:
            if encode:
                raise _copy_error(error) from error
            raise
        finally:
            server.end()
        assert isinstance(reply, reply_type), (method, type(reply))
        return reply_type.FromString(reply.SerializeToString()) if encode else reply

    async def upload(self, method: str, header: Message) -> "LocalUpload":
        server = self._servers.server(self._address)
        call = self._call(math.inf)
        handler = server.upload(method, self._peer)
        RULES.check(header, method)
        server.begin()
        upload = LocalUpload()
        encode = self._encode
        upload.task = asyncio.get_running_loop().create_task(
            _receive(
                handler,
                _copy(header) if encode else header,
                upload,
                call,
                encode=encode,
            ),
            name=f"upload {method}",
        )
        # Not in the task: one that is cancelled before it first runs never gets to its end.
        upload.task.add_done_callback(lambda _: _upload_ended(server, upload))
        try:
            await upload.accepted.wait()
        except BaseException:
            await upload.cancel()
            raise
        if upload.task.done():
            await upload.task
        return upload

    async def download(
        self, method: str, header: Message, *, timeout_ms: float
    ) -> AsyncIterator[Buffer]:
        server = self._servers.server(self._address)
        call = self._call(math.inf)
        handler = server.download(method, self._peer)
        RULES.check(header, method)
        server.begin()
        encode = self._encode
        pieces: AsyncIterator[Buffer] | None = None
        try:
            while True:
                try:
                    if pieces is None:
                        # It may refuse before there is anything to iterate over.
                        pieces = handler(_copy(header) if encode else header, call)
                    async with asyncio.timeout(timeout_ms / 1_000):
                        piece = await anext(pieces, None)
                except TimeoutError as error:
                    raise DeadlineExceeded(method=method, timeout_ms=int(timeout_ms)) from error
                except TrioxygenError as error:
                    if encode:
                        raise _copy_error(error) from error
                    raise
                if piece is None:
                    return
                yield piece
        finally:
            # The server has stopped when the handler has: its end is part of the call.
            try:
                close = getattr(pieces, "aclose", None)
                if close is not None:
                    await close()
            finally:
                server.end()


async def _receive(
    handler: UploadHandler, header: Message, upload: "LocalUpload", call: Call, *, encode: bool
) -> Message:
    try:
        reply = await handler(header, upload.pieces(), call)
    except TrioxygenError as error:
        if encode:
            raise _copy_error(error) from error
        raise
    return _copy(reply) if encode else reply


def _upload_ended(server: LocalServer, upload: "LocalUpload") -> None:
    server.end()
    upload.end()
