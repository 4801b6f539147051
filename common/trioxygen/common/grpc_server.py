"""A server of the gRPC network: sessions, calls outside them, streams of blocks, health."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, NoReturn

import grpc
import grpc.aio
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from trioxygen.common import logs
from trioxygen.common.bulk import LAST_MESSAGE, messages_of
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest, Stopping, TrioxygenError, Unreachable
from trioxygen.common.grpc_metadata import (
    ACCEPTED_KEY,
    CLUSTER_KEY,
    HEADER_KEY,
    PEER_KEY,
    status_of,
)
from trioxygen.common.grpc_peer import EXCHANGE, GrpcPeer, path_of
from trioxygen.common.network import CannotListen, DownloadHandler, Service, UploadHandler
from trioxygen.common.routes import PACKAGE, Routes, parse
from trioxygen.common.session import check_cluster
from trioxygen.common.session_server import Admission, ServerSession

log = logs.get(__name__)

_CLOSE_GRACE_SECONDS: Final = 0.5


async def _refuse(context: Any, error: TrioxygenError) -> NoReturn:
    """Ends the call with the error."""
    name, text, trailing = status_of(error)
    await context.abort(grpc.StatusCode[name], text, trailing)
    raise AssertionError("abort raises")


class _ServerStream:
    """Of a session, or of a download, at the server."""

    def __init__(self, context: Any) -> None:
        self._context = context

    async def write(self, message: bytes) -> None:
        try:
            await self._context.write(message)
        except grpc.aio.BaseError as error:
            raise Unreachable("the client has gone") from error

    async def read(self) -> bytes | None:
        message = await self._context.read()
        return None if message is grpc.aio.EOF else message


class _Methods(grpc.GenericRpcHandler):
    def __init__(self, handlers: dict[str, Any]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return self._handlers.get(handler_call_details.method)


class GrpcServer:
    """Of one address. Made by `GrpcNetwork.serve`."""

    def __init__(self, network: GrpcPeer, services: list[Service]) -> None:
        self._network, self._config = network, network.config
        self._admission = Admission(network.config.calls_in_flight_max)
        self._routes = Routes(services)
        self._sessions: dict[ServerSession, asyncio.Event] = {}
        self._address = ""
        self._stopped: asyncio.Task[None] | None = None
        self._server = grpc.aio.server(options=network.config.server_options())
        self._health = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._served = [f"{PACKAGE}.Session", *(it.descriptor.full_name for it in services)]
        names = [health.SERVICE_NAME, reflection.SERVICE_NAME, *self._served]
        reflection.enable_server_reflection(names, self._server)
        self._server.add_generic_rpc_handlers((_Methods(self._handlers()),))

    def _handlers(self) -> dict[str, Any]:
        """By path."""
        handlers: dict[str, Any] = {
            path_of(EXCHANGE): grpc.stream_stream_rpc_method_handler(self._exchange)
        }
        for name in self._routes.calls:
            handlers[path_of(name)] = grpc.unary_unary_rpc_method_handler(self._unary(name))
        for name, (upload, header_type) in self._routes.uploads.items():
            handlers[path_of(name)] = grpc.stream_unary_rpc_method_handler(
                self._upload(name, upload, header_type)
            )
        for name, (download, header_type) in self._routes.downloads.items():
            handlers[path_of(name)] = grpc.unary_stream_rpc_method_handler(
                self._download(name, download, header_type)
            )
        return handlers

    @property
    def address(self) -> str:
        """With the port that was chosen when 0 was asked for."""
        return self._address

    async def start(self, address: str) -> None:
        tls = self._network.tls
        try:
            if tls is None:
                port = self._server.add_insecure_port(address)
            else:
                credentials = grpc.ssl_server_credentials(
                    [(tls.private_key, tls.certificate)],
                    root_certificates=tls.authority,
                    require_client_auth=tls.client_certificates,
                )
                port = self._server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise CannotListen(f"cannot listen on {address}") from error
        self._address = f"{address.rpartition(':')[0]}:{port}"
        for name in ("", *self._served):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        await self._server.start()

    async def stop(self) -> None:
        """Refuses new calls with Stopping and waits for those under way, `stop_grace_ms` at most.
        Idempotent."""
        if self._stopped is None:
            self._stopped = asyncio.get_running_loop().create_task(self._stop())
        await asyncio.shield(self._stopped)

    async def _stop(self) -> None:
        await self._health.enter_graceful_shutdown()
        try:
            async with asyncio.timeout(self._config.stop_grace_ms / 1_000):
                await self._admission.stop()
                ended = list(self._sessions.values())
                for session in self._sessions:
                    session.drain()
                for event in ended:
                    await event.wait()
        except TimeoutError:
            log.warning("stop_grace_over", address=self._address, calls=self._admission.calls)
            for session in self._sessions:
                session.end()
        await self._server.stop(_CLOSE_GRACE_SECONDS)
        # Calls that were cancelled end a little later.
        await self._admission.stop()

    async def _exchange(self, _: Any, context: Any) -> None:
        if self._admission.stopping:
            await _refuse(context, Stopping(address=self._address))
        stream, limits = _ServerStream(context), self._config.session
        session = ServerSession(
            stream, self._routes.handle, self._network.hello(), limits, self._admission
        )
        self._sessions[session] = ended = asyncio.Event()
        try:
            await session.run()
        except Unreachable as error:
            log.info("session_broken", peer=session.peer or context.peer(), reason=error)
        except TrioxygenError as error:
            log.warning("session_refused", peer=context.peer(), reason=error)
            await _refuse(context, error)
        finally:
            del self._sessions[session]
            ended.set()

    async def _admitted(self, context: Any, run: Callable[[], Awaitable[bytes]]) -> bytes:
        """One call outside sessions, whose TrioxygenErrors go to its trailing metadata."""
        told, own_cluster = dict(context.invocation_metadata() or ()), self._network.cluster_id
        try:
            check_cluster(own_cluster, told.get(CLUSTER_KEY, ""), told.get(PEER_KEY, ""))
            self._admission.begin()
            try:
                return await run()
            finally:
                self._admission.end()
        except TrioxygenError as error:
            await _refuse(context, error)

    def _unary(self, method: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
        async def unary(request: bytes, context: Any) -> bytes:
            return await self._admitted(context, lambda: self._routes.handle(method, request))

        return unary

    def _upload(
        self, method: str, handler: UploadHandler, header_type: type[Message]
    ) -> Callable[[Any, Any], Awaitable[bytes]]:
        async def pieces(context: Any) -> AsyncGenerator[Buffer, None]:
            # The handler takes pieces: that is its consent.
            await context.send_initial_metadata(((ACCEPTED_KEY, "1"),))
            while True:
                piece = await context.read()
                if piece is grpc.aio.EOF:
                    raise Unreachable("the sender broke off", method=method)
                if piece == LAST_MESSAGE:
                    return
                yield piece

        async def receive(context: Any) -> bytes:
            header = dict(context.invocation_metadata() or ()).get(HEADER_KEY)
            if header is None:
                raise InvalidRequest(f"a bulk stream wants {HEADER_KEY}", method=method)
            async with aclosing(pieces(context)) as taken:
                reply = await handler(parse(header_type, header, method), taken)
            return reply.SerializeToString()

        async def upload(_: Any, context: Any) -> bytes:
            return await self._admitted(context, lambda: receive(context))

        return upload

    def _download(
        self, method: str, handler: DownloadHandler, header_type: type[Message]
    ) -> Callable[[bytes, Any], Awaitable[None]]:
        async def send(header: bytes, context: Any) -> bytes:
            stream, pieces = _ServerStream(context), handler(parse(header_type, header, method))
            try:
                async for piece in pieces:
                    for message in messages_of(piece):
                        await stream.write(message)
            finally:
                close = getattr(pieces, "aclose", None)
                if close is not None:
                    await close()
            return b""

        async def download(header: bytes, context: Any) -> None:
            await self._admitted(context, lambda: send(header, context))

        return download
