"""A server of the gRPC network: sessions, calls outside them, streams of blocks, health."""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, Final, NoReturn

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Internal, InvalidRequest, Stopping, TrioxygenError, Unreachable
from trioxygen.common.finishing import joined
from trioxygen.common.rpc.admission import Admission
from trioxygen.common.rpc.bulk import LAST_MESSAGE, messages_of
from trioxygen.common.rpc.call import ANYBODY, Call, Peer, said_peer
from trioxygen.common.rpc.grpc_metadata import (
    ACCEPTED_KEY,
    HEADER_KEY,
    received_metadata,
    status_of,
)
from trioxygen.common.rpc.grpc_peer import EXCHANGE, GrpcPeer, path_of
from trioxygen.common.rpc.identity import certified, check_caller, identify
from trioxygen.common.rpc.network import CannotListen, Service
from trioxygen.common.rpc.options import callers_of
from trioxygen.common.rpc.routes import Routes
from trioxygen.common.rpc.rules.table import PACKAGE
from trioxygen.common.rpc.session import check_cluster
from trioxygen.common.rpc.session_server import ServerSession
from trioxygen.proto.v1 import session_pb2
from trioxygen.proto.v1.session_pb2 import Hello

log = logs.get(__name__)

_EXCHANGE_CALLERS: Final = callers_of(
    session_pb2.DESCRIPTOR.services_by_name["Session"].methods_by_name["Exchange"]
)
_CLOSE_GRACE_SECONDS: Final = 0.5
# gRPC's name for those of the other end's certificate.
_ALTERNATIVE_NAMES: Final = "x509_subject_alternative_name"


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
        self._routes = Routes(services, slow_ms=network.config.slow_call_ms)
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
        for name in self._routes.uploads:
            handlers[path_of(name)] = grpc.stream_unary_rpc_method_handler(self._upload(name))
        for name in self._routes.downloads:
            handlers[path_of(name)] = grpc.unary_stream_rpc_method_handler(self._download(name))
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
        await joined(self._stopped)

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
            stream,
            self._routes.handle,
            self._network.hello(),
            limits,
            self._admission,
            partial(self._session_peer, context),
        )
        self._sessions[session] = ended = asyncio.Event()
        try:
            await session.run()
        except Unreachable as error:
            peer = context.peer() if session.peer is ANYBODY else session.peer
            log.info("session_broken", peer=peer, reason=error)
        except TrioxygenError as error:
            log.warning("session_refused", peer=context.peer(), reason=error)
            await _refuse(context, error)
        finally:
            del self._sessions[session]
            ended.set()

    def _session_peer(self, context: Any, hello: Hello) -> Peer:
        """Raises: WrongIdentity, CallerNotAllowed."""
        peer = self._peer(context, hello)
        check_caller(peer, _EXCHANGE_CALLERS, EXCHANGE)
        return peer

    def _peer(self, context: Any, hello: Hello) -> Peer:
        """Who calls: by its certificate where one is asked for, else as it says.

        Raises: WrongIdentity."""
        tls = self._network.tls
        if tls is None or not tls.client_certificates:
            return said_peer(hello)
        names = context.auth_context().get(_ALTERNATIVE_NAMES, ())
        return identify(hello, certified([bytes(name).decode() for name in names]))

    async def _admitted(self, context: Any, run: Callable[[Call], Awaitable[bytes]]) -> bytes:
        """One call outside sessions, whose TrioxygenErrors go to its trailing metadata."""
        hello, origin = received_metadata(dict(context.invocation_metadata() or ()))
        try:
            check_cluster(self._network.cluster_id, hello.cluster_id, hello.peer)
            peer = self._peer(context, hello)
            self._admission.begin()
            try:
                left_s = context.time_remaining()
                now_s = asyncio.get_running_loop().time()
                deadline_ms = math.inf if left_s is None else (now_s + left_s) * 1_000
                return await run(Call(peer, deadline_ms, origin.request_id, origin.trace))
            finally:
                self._admission.end()
        except TrioxygenError as error:
            await _refuse(context, error)
        except Exception as error:  # the outermost frame of the call: a defect of its handler
            log.error("call_failed", error=error)
            await _refuse(context, Internal(f"{type(error).__name__} in the server"))

    def _unary(self, method: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
        async def unary(request: bytes, context: Any) -> bytes:
            return await self._admitted(
                context, lambda call: self._routes.handle(method, request, call)
            )

        return unary

    def _upload(self, method: str) -> Callable[[Any, Any], Awaitable[bytes]]:
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

        async def receive(context: Any, call: Call) -> bytes:
            header = dict(context.invocation_metadata() or ()).get(HEADER_KEY)
            if header is None:
                raise InvalidRequest(f"a bulk stream wants {HEADER_KEY}", method=method)
            async with aclosing(pieces(context)) as taken:
                reply = await self._routes.receive(method, header, taken, call)
            return reply.SerializeToString()

        async def upload(_: Any, context: Any) -> bytes:
            return await self._admitted(context, lambda call: receive(context, call))

        return upload

    def _download(self, method: str) -> Callable[[bytes, Any], Awaitable[None]]:
        async def send(header: bytes, context: Any, call: Call) -> bytes:
            stream = _ServerStream(context)
            async with aclosing(self._routes.send(method, header, call)) as pieces:
                async for piece in pieces:
                    for message in messages_of(piece):
                        await stream.write(message)
            return b""

        async def download(header: bytes, context: Any) -> None:
            await self._admitted(context, lambda call: send(header, context, call))

        return download
