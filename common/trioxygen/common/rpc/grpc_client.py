"""A channel of the gRPC network: the session with one server, and streams of blocks beside it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, TrioxygenError, Unreachable
from trioxygen.common.rpc.bulk import LAST_MESSAGE, Gathered
from trioxygen.common.rpc.grpc_metadata import (
    ACCEPTED_KEY,
    HEADER_KEY,
    encoded_header,
    error_of_status,
)
from trioxygen.common.rpc.grpc_peer import EXCHANGE, GrpcPeer, path_of
from trioxygen.common.rpc.network import Reply
from trioxygen.common.rpc.routes import reply_type_of
from trioxygen.common.rpc.session_client import ClientSession
from trioxygen.common.rpc.session_opening import Judge, Sessions

log = logs.get(__name__)

_WRITE_FAILED: Final = (grpc.aio.AioRpcError, grpc.aio.BaseError, asyncio.InvalidStateError)


def _error_of(error: grpc.aio.AioRpcError, address: str) -> TrioxygenError:
    return error_of_status(error.code().name, error.details(), error.trailing_metadata(), address)


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

    def __init__(self, network: GrpcPeer, address: str) -> None:
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
        call = self._transport("session").stream_stream(path_of(EXCHANGE))()
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
        call = self._transport("bulk").stream_unary(path_of(method))(metadata=metadata)
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
        call = self._transport("bulk").unary_stream(path_of(method))(
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
