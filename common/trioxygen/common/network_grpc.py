"""The network between processes: gRPC. The one file that imports it.

Calls ride a session, one for each (process, server); blocks travel as raw bytes messages on streams
of their own, over a second connection, so that they never stand before a call. Every method can
also be called the ordinary unary way, for people and other languages. See docs/internals/rpc.md."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, Final, NoReturn

import grpc
import grpc.aio
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from trioxygen.common import logs
from trioxygen.common.bulk import LAST_MESSAGE, Gathered, messages_of
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    DeadlineExceeded,
    InvalidRequest,
    Stopping,
    TrioxygenError,
    Unreachable,
)
from trioxygen.common.grpc_config import GrpcConfig
from trioxygen.common.grpc_metadata import (
    ACCEPTED_KEY,
    CLUSTER_KEY,
    HEADER_KEY,
    PEER_KEY,
    encoded_header,
    error_of_status,
    status_of,
)
from trioxygen.common.network import CannotListen, DownloadHandler, Reply, Service, UploadHandler
from trioxygen.common.routes import PACKAGE, Routes, parse, reply_type_of
from trioxygen.common.session import PROTOCOL_VERSION, check_cluster
from trioxygen.common.session_client import ClientSession, Judge, Sessions
from trioxygen.common.session_server import Admission, ServerSession
from trioxygen.common.tls import Tls
from trioxygen.proto.v1 import session_pb2

log = logs.get(__name__)

_EXCHANGE: Final = "Session/Exchange"
_WRITE_FAILED: Final = (grpc.aio.AioRpcError, grpc.aio.BaseError, asyncio.InvalidStateError)
_CLOSE_GRACE_SECONDS: Final = 0.5


def _path(method: str) -> str:
    return f"/{PACKAGE}.{method}"


def _error_of(error: grpc.aio.AioRpcError, address: str) -> TrioxygenError:
    return error_of_status(error.code().name, error.details(), error.trailing_metadata(), address)


async def _refuse(context: Any, error: TrioxygenError) -> NoReturn:
    """Ends the call with the error."""
    name, text, trailing = status_of(error)
    await context.abort(grpc.StatusCode[name], text, trailing)
    raise AssertionError("abort raises")


async def _write(call: Any, message: bytes) -> None:
    """As `call.write`. That one puts a status of its own (INTERNAL) over what the server ended the
    call with (grpc.aio._call._StreamRequestMixin._write), so its inside is called.

    Raises _WRITE_FAILED: the call has ended, and its status says why."""
    await call.wait_for_connection()
    if call.done():
        raise asyncio.InvalidStateError
    try:
        await call._cython_call.send_serialized_message(message)
    except asyncio.CancelledError:
        call.cancel()
        raise


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

    def __init__(self, network: "GrpcNetwork", services: list[Service]) -> None:
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
            _path(_EXCHANGE): grpc.stream_stream_rpc_method_handler(self._exchange)
        }
        for name in self._routes.calls:
            handlers[_path(name)] = grpc.unary_unary_rpc_method_handler(self._unary(name))
        for name, (upload, header_type) in self._routes.uploads.items():
            handlers[_path(name)] = grpc.stream_unary_rpc_method_handler(
                self._upload(name, upload, header_type)
            )
        for name, (download, header_type) in self._routes.downloads.items():
            handlers[_path(name)] = grpc.unary_stream_rpc_method_handler(
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


class _ClientStream:
    """A session's stream at the client."""

    def __init__(self, call: Any, address: str, judged: Judge) -> None:
        self._call, self._address, self._judged = call, address, judged

    async def write(self, message: bytes) -> None:
        try:
            await _write(self._call, message)
        except _WRITE_FAILED as error:
            raise await self._end() from error

    async def read(self) -> bytes | None:
        try:
            message = await self._call.read()
        except grpc.aio.AioRpcError as error:
            raise self._judged(_error_of(error, self._address)) from error
        return None if message is grpc.aio.EOF else message

    def close(self) -> None:
        self._call.cancel()

    async def _end(self) -> TrioxygenError:
        status, text = await self._call.code(), await self._call.details()
        if status is grpc.StatusCode.OK:
            return Unreachable("the server ended the session", address=self._address)
        trailing = await self._call.trailing_metadata()
        return self._judged(error_of_status(status.name, text, trailing, self._address))


class GrpcUpload:
    """Small pieces are joined: up to 1 MiB waits here for more to come, or for `flush`."""

    def __init__(self, call: Any, reply_type: type[Message], address: str, judged: Judge) -> None:
        self._call, self._reply_type, self._address = call, reply_type, address
        self._judged = judged
        self._gathered, self._finished = Gathered(), False

    async def reply(self) -> Message:
        """Waits for the receiver to end. Raises what it raised."""
        try:
            reply = await self._call
        except grpc.aio.AioRpcError as error:
            raise self._judged(_error_of(error, self._address)) from error
        return self._reply_type.FromString(reply)

    async def send(self, piece: Buffer) -> None:
        await self._write_all(self._gathered.add(piece))

    async def flush(self) -> None:
        await self._write_all(self._gathered.rest())

    async def _write_all(self, messages: Iterable[bytes]) -> None:
        assert not self._finished
        try:
            for message in messages:
                await _write(self._call, message)
        except _WRITE_FAILED as error:
            await self.reply()
            raise Unreachable("the receiver ended the stream early") from error

    async def finish(self, timeout_ms: float) -> Any:
        assert not self._finished
        self._finished = True
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                if not self._call.done():
                    await self._write_rest()
                return await self.reply()
        except TimeoutError as error:
            raise DeadlineExceeded(timeout_ms=int(timeout_ms), address=self._address) from error

    async def _write_rest(self) -> None:
        try:
            for message in (*self._gathered.rest(), LAST_MESSAGE):
                await _write(self._call, message)
            await self._call.done_writing()
        except _WRITE_FAILED as error:
            # The receiver has ended before it took all: its reply, or error, says the rest.
            log.debug("upload_ended_early", address=self._address, reason=error)

    async def cancel(self) -> None:
        self._finished = True
        self._call.cancel()


class GrpcChannel:
    """To one server; one for each address of a network. Connects at the first call, and again
    after a session broke."""

    def __init__(self, network: "GrpcNetwork", address: str) -> None:
        self._network, self._address, self._config = network, address, network.config
        self._transports: dict[str, Any] = {}
        config = self._config
        self._sessions = Sessions(
            self._open,
            network.hello,
            config.session,
            wait_ms_first=config.retry_wait_ms_first,
            wait_ms_max=config.retry_wait_ms_max,
            address=address,
            restart_ms=config.restart_ms,
        )

    def _open(self) -> _ClientStream:
        call = self._transport("session").stream_stream(_path(_EXCHANGE))()
        return _ClientStream(call, self._address, self._sessions.judged)

    def _transport(self, use: str) -> Any:
        if use not in self._transports:
            tls, options = self._network.tls, self._config.client_options()
            if tls is None:
                transport = grpc.aio.insecure_channel(self._address, options=options)
            else:
                is_known = tls.client_certificates
                own = (tls.private_key, tls.certificate) if is_known else (None, None)
                credentials = grpc.ssl_channel_credentials(tls.authority, *own)
                transport = grpc.aio.secure_channel(self._address, credentials, options=options)
            self._transports[use] = transport
        return self._transports[use]

    @property
    def session(self) -> ClientSession:
        """Raises what ended the last one while it is too early for the next."""
        return self._sessions.current

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        body = await self._sessions.current.call(method, request.SerializeToString(), timeout_ms)
        return reply_type.FromString(body)

    async def upload(self, method: str, header: Message) -> GrpcUpload:
        reply_type = reply_type_of(method, header)
        metadata = ((HEADER_KEY, encoded_header(method, header)), *self._network.metadata())
        call = self._transport("bulk").stream_unary(_path(method))(metadata=metadata)
        upload = GrpcUpload(call, reply_type, self._address, self._sessions.judged)
        timeout_ms = self._config.accept_timeout_ms
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                accepted = ACCEPTED_KEY in dict(await call.initial_metadata() or ())
                if not accepted:
                    await upload.reply()
        except TimeoutError as error:
            call.cancel()
            raise DeadlineExceeded(method=method, timeout_ms=int(timeout_ms)) from error
        except BaseException:
            call.cancel()
            raise
        return upload

    async def download(
        self, method: str, header: Message, *, timeout_ms: float
    ) -> AsyncIterator[Buffer]:
        call = self._transport("bulk").unary_stream(_path(method))(
            header.SerializeToString(), metadata=self._network.metadata()
        )
        try:
            while True:
                try:
                    async with asyncio.timeout(timeout_ms / 1_000):
                        piece = await call.read()
                except TimeoutError as error:
                    raise DeadlineExceeded(method=method, timeout_ms=int(timeout_ms)) from error
                except grpc.aio.AioRpcError as error:
                    raise self._sessions.judged(_error_of(error, self._address)) from error
                if piece is grpc.aio.EOF:
                    return
                yield piece
        finally:
            call.cancel()

    async def close(self) -> None:
        """Calls under way fail with Unreachable."""
        await self._sessions.close()
        while self._transports:
            await self._transports.popitem()[1].close()


class GrpcNetwork:
    """Args:
    cluster_id: empty while it is not known; may be set once it is.
    peer: which node this is, told to servers for their logs.
    tls: without it connections are in the clear."""

    def __init__(
        self,
        config: GrpcConfig | None = None,
        *,
        cluster_id: str = "",
        peer: str = "",
        tls: Tls | None = None,
    ) -> None:
        self.config = config or GrpcConfig()
        self.cluster_id, self.peer, self.tls = cluster_id, peer, tls
        self._channels: dict[str, GrpcChannel] = {}

    def hello(self) -> session_pb2.Hello:
        return session_pb2.Hello(
            protocol_version=PROTOCOL_VERSION, cluster_id=self.cluster_id, peer=self.peer
        )

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Of every stream outside sessions."""
        return ((CLUSTER_KEY, self.cluster_id), (PEER_KEY, self.peer))

    async def serve(self, address: str, services: list[Service]) -> GrpcServer:
        """`address` is host:port. Raises CannotListen."""
        server = GrpcServer(self, services)
        await server.start(address)
        return server

    def channel(self, address: str) -> GrpcChannel:
        """The same one for the same address: a process has one session with a server."""
        if address not in self._channels:
            self._channels[address] = GrpcChannel(self, address)
        return self._channels[address]

    async def close(self) -> None:
        """Closes all channels; servers are stopped by their owners."""
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            await channel.close()
