"""The network of the all-in-one mode: servers and clients in one process and event loop.

With `encode=True` (tests, simulation) every message is serialized and parsed on its way, so that a
field that is missing from a message fails here as it would between machines. Without it messages
are handed over."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    DeadlineExceeded,
    Overloaded,
    Stopping,
    TrioxygenError,
    UnknownMethod,
    Unreachable,
    error_from_detail,
)
from trioxygen.common.network import Handler, Reply, Service, UploadHandler
from trioxygen.common.rules.network import RULES
from trioxygen.proto.v1 import types_pb2

_PIECES_IN_FLIGHT_MAX: Final = 2


class LocalServer:
    def __init__(self, network: "LocalNetwork", address: str, services: list[Service]) -> None:
        self._network, self._address = network, address
        self._calls: dict[str, Handler] = {}
        self._services: dict[str, Service] = {}
        for service in services:
            self._services[service.descriptor.name] = service
            for name, handler in service.calls.items():
                self._calls[f"{service.descriptor.name}/{name}"] = handler
        self.calls_in_flight = 0
        self._stopping = False
        self._idle = asyncio.Event()

    @property
    def address(self) -> str:
        return self._address

    def begin(self) -> None:
        if self._stopping:
            raise Stopping(address=self._address)
        if self.calls_in_flight >= self._network.calls_in_flight_max:
            raise Overloaded("too many calls in flight", address=self._address)
        self.calls_in_flight += 1

    def end(self) -> None:
        self.calls_in_flight -= 1
        if self._stopping and self.calls_in_flight == 0:
            self._idle.set()

    def handler(self, method: str) -> Handler:
        handler = self._calls.get(method)
        if handler is None:
            raise UnknownMethod(method=method, address=self._address)
        return handler

    def service(self, method: str) -> tuple[Service, str]:
        name, _, rest = method.partition("/")
        service = self._services.get(name)
        if service is None:
            raise UnknownMethod(method=method, address=self._address)
        return service, rest

    async def stop(self) -> None:
        self._stopping = True
        self._network.forget(self)
        if self.calls_in_flight:
            await self._idle.wait()


class LocalNetwork:
    """Args:
    encode: serialize and parse every message.
    calls_in_flight_max: for each server; one more is refused with Overloaded."""

    def __init__(self, *, encode: bool = False, calls_in_flight_max: int = 10_000) -> None:
        self.encode = encode
        self.calls_in_flight_max = calls_in_flight_max
        self._servers: dict[str, LocalServer] = {}

    async def serve(self, address: str, services: list[Service]) -> LocalServer:
        assert address not in self._servers, f"{address} is served already"
        self._servers[address] = LocalServer(self, address, services)
        return self._servers[address]

    def forget(self, server: LocalServer) -> None:
        if self._servers.get(server.address) is server:
            del self._servers[server.address]

    def server(self, address: str) -> LocalServer:
        server = self._servers.get(address)
        if server is None:
            raise Unreachable(address=address)
        return server

    def channel(self, address: str) -> "LocalChannel":
        return LocalChannel(self, address)


def _copy(message: Message) -> Message:
    copy = type(message)()
    copy.ParseFromString(message.SerializeToString())
    return copy


def _copy_error(error: TrioxygenError) -> TrioxygenError:
    return error_from_detail(types_pb2.ErrorDetail.FromString(error.detail().SerializeToString()))


class LocalChannel:
    def __init__(self, network: LocalNetwork, address: str) -> None:
        self._network, self._address = network, address

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        server = self._network.server(self._address)
        handler = server.handler(method)
        RULES.check(request, method)
        encode = self._network.encode
        server.begin()
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                reply = await handler(_copy(request) if encode else request)
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
        server = self._network.server(self._address)
        service, name = server.service(method)
        handler = service.uploads.get(name)
        if handler is None:
            raise UnknownMethod(method=method)
        RULES.check(header, method)
        server.begin()
        upload = LocalUpload()
        encode = self._network.encode
        upload.task = asyncio.get_running_loop().create_task(
            _receive(handler, _copy(header) if encode else header, upload, encode=encode),
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
        server = self._network.server(self._address)
        service, name = server.service(method)
        handler = service.downloads.get(name)
        if handler is None:
            raise UnknownMethod(method=method)
        RULES.check(header, method)
        server.begin()
        encode = self._network.encode
        pieces = handler(_copy(header) if encode else header)
        try:
            while True:
                try:
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
            server.end()
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()


async def _receive(
    handler: UploadHandler, header: Message, upload: "LocalUpload", *, encode: bool
) -> Message:
    try:
        reply = await handler(header, upload.pieces())
    except TrioxygenError as error:
        if encode:
            raise _copy_error(error) from error
        raise
    return _copy(reply) if encode else reply


def _upload_ended(server: LocalServer, upload: "LocalUpload") -> None:
    server.end()
    upload.end()


class LocalUpload:
    """A bounded queue between the sender and the handler's task."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Buffer | None] = asyncio.Queue(maxsize=_PIECES_IN_FLIGHT_MAX)
        # The handler has begun to take pieces, or has ended.
        self.accepted = asyncio.Event()
        self.receiver_ended = asyncio.Event()
        self._taken = asyncio.Event()
        self.task: asyncio.Task[Message] | None = None
        self._finished = False

    async def pieces(self) -> AsyncIterator[Buffer]:
        self.accepted.set()
        while (piece := await self._queue.get()) is not None:
            if self._queue.empty():
                self._taken.set()
            yield piece
            del piece  # not kept while the next one comes, which may take long

    def end(self) -> None:
        self.receiver_ended.set()
        self.accepted.set()
        self._taken.set()

    async def _put(self, piece: Buffer | None) -> None:
        if not self._queue.full():
            self._queue.put_nowait(piece)
            return
        # The handler may fail while the queue is full: wait for either.
        putting = asyncio.ensure_future(self._queue.put(piece))
        ended = asyncio.ensure_future(self.receiver_ended.wait())
        try:
            await asyncio.wait((putting, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
            ended.cancel()

    async def send(self, piece: Buffer) -> None:
        assert self.task is not None and not self._finished
        if self.task.done():
            await self.task
            raise Unreachable("the receiver ended the stream early")
        await self._put(piece)

    async def flush(self) -> None:
        """Returns when the receiver has taken all: then it is the receiver's to count."""
        while not (self._queue.empty() or self.receiver_ended.is_set()):
            self._taken.clear()
            await self._taken.wait()

    async def finish(self, timeout_ms: float) -> Any:
        assert self.task is not None and not self._finished
        self._finished = True
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                if not self.task.done():
                    await self._put(None)
                return await self.task
        except TimeoutError as error:
            raise DeadlineExceeded(timeout_ms=int(timeout_ms)) from error

    async def cancel(self) -> None:
        self._finished = True
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
