"""The network port between simulated hosts. Every message is serialized and parsed on its way.

A call that gets lost, or whose answer does, ends as Unreachable when its connection is found
broken, or at its deadline; the server cancels a call then, too. Services in `doubled` get some
requests twice: those that promise to bear it.
"""

import asyncio
import math
from collections.abc import AsyncIterator

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    DeadlineExceeded,
    Internal,
    Stopping,
    TrioxygenError,
    UnknownMethod,
    Unreachable,
    error_from_detail,
)
from trioxygen.common.origin import current_origin
from trioxygen.common.rpc.call import ANYBODY, Call, Peer, Role
from trioxygen.common.rpc.network import Reply, Service
from trioxygen.proto.v1 import types_pb2
from trioxygen.sim.bulk import SimUpload
from trioxygen.sim.download import SimDownload
from trioxygen.sim.fabric import Fabric, SimServer
from trioxygen.sim.loop import Life


class SimNetwork:
    """The network as one life of a node has it."""

    def __init__(self, fabric: Fabric, life: Life, host: str, peer: Peer = ANYBODY) -> None:
        self.fabric, self.life, self.host, self.peer = fabric, life, host, peer

    async def serve(self, address: str, services: list[Service]) -> "SimServer":
        before = self.fabric.server(address)
        assert before is None, f"{address} is served already"
        server = SimServer(self.fabric, self.life, self.host, address, services)
        self.fabric.put(server)
        return server

    def channel(self, address: str) -> "SimChannel":
        return SimChannel(self, address)

    def as_role(self, role: Role, node_id: str = "") -> "SimNetwork":
        """Nobody lies here: roles are held to what they may call."""
        peer = Peer(role, node_id, is_verified=True)
        return SimNetwork(self.fabric, self.life, self.host, peer)


class _Call:
    """One call, at both ends. The client's end runs in `life`, the server's in the server's."""

    __slots__ = ("body", "channel", "future", "method", "origin", "server", "task", "timeout_ms")

    def __init__(self, channel: "SimChannel", method: str, body: bytes, timeout_ms: float) -> None:
        self.channel, self.method, self.body = channel, method, body
        self.timeout_ms, self.origin = timeout_ms, current_origin()
        self.future: asyncio.Future[bytes] = channel.fabric.loop.create_future()
        self.server: SimServer | None = None
        self.task: asyncio.Task[bytes] | None = None

    # ---- at the server ----

    def arrive(self, server: "SimServer") -> None:
        """In the server's life."""
        try:
            server.begin()
        except Stopping as error:
            self._answer(b"", error)
            return
        self.server = server
        loop = self.channel.fabric.loop
        call = Call(
            self.channel.network.peer,
            loop.time() * 1_000 + self.timeout_ms,
            self.origin.request_id,
            self.origin.trace,
        )
        handled = server.routes.handle(self.method, self.body, call)
        task = loop.create_task(handled, name=self.method)
        expiry = loop.call_later(self.timeout_ms / 1_000, task.cancel)
        if self.task is None:
            self.task = task
        server.calls[self] = None
        task.add_done_callback(lambda ended: self._handled(server, ended, expiry))

    def _handled(
        self, server: SimServer, task: "asyncio.Task[bytes]", expiry: asyncio.TimerHandle
    ) -> None:
        expiry.cancel()
        server.calls.pop(self, None)
        server.end()
        if task.cancelled():
            self._answer(b"", Stopping("the call was cancelled", method=self.method))
            return
        error = task.exception()
        if error is None:
            body = task.result()
            channel = self.channel
            channel.fabric.reply_tap(server.host, channel.host, self.method, body)
            self._answer(body, None)
        elif isinstance(error, TrioxygenError):
            self._answer(b"", error)
        else:
            self.channel.fabric.loop.fail(error)
            self._answer(b"", Internal(f"{type(error).__name__} in the server", method=self.method))

    def _answer(self, body: bytes, error: TrioxygenError | None) -> None:
        if self.future.done():
            return
        channel, detail = self.channel, b""
        if error is not None:
            detail = error.detail().SerializeToString(deterministic=True)
        if not channel.fabric.send(
            channel.network.life, channel.target, channel.host, self._settle, body, detail
        ):
            self.break_later()

    # ---- at the client ----

    def send(self) -> None:
        channel = self.channel
        fabric = channel.fabric
        root, source, target = fabric.loop.root, channel.host, channel.target
        if not fabric.send(root, source, target, self._arrive_at_host):
            self.break_later()
        elif channel.doubles(self.method) and fabric.links.is_doubled():
            fabric.send(root, source, target, self._arrive_at_host)

    def _arrive_at_host(self) -> None:
        fabric = self.channel.fabric
        server = fabric.server(self.channel.address)
        if server is None:
            # Refused by the system, or nobody there.
            self.break_later()
        else:
            fabric.loop.call_at_of(server.life, fabric.loop.time(), self.arrive, server)

    def break_later(self) -> None:
        fabric = self.channel.fabric
        when = fabric.loop.time() + fabric.links.silence_ms() / 1_000
        fabric.loop.call_at_of(self.channel.network.life, when, self.broken)

    def broken(self) -> None:
        """The connection is gone: the client knows, and the server will."""
        if not self.future.done():
            self.future.set_exception(Unreachable(address=self.channel.address))
        self.give_up()

    def give_up(self) -> None:
        """The server stops working on it, when it hears."""
        task, server = self.task, self.server
        if task is not None and server is not None and not task.done():
            channel = self.channel
            channel.fabric.send(server.life, channel.host, channel.target, task.cancel)

    def expire(self) -> None:
        if not self.future.done():
            self.future.set_exception(
                DeadlineExceeded(method=self.method, timeout_ms=int(self.timeout_ms))
            )

    def _settle(self, body: bytes, detail: bytes) -> None:
        if self.future.done():
            return
        if detail:
            error = error_from_detail(types_pb2.ErrorDetail.FromString(detail))
            self.future.set_exception(error)
        else:
            self.future.set_result(body)


class SimChannel:
    """From one life of a host to an address."""

    def __init__(self, network: SimNetwork, address: str) -> None:
        self.network, self.fabric, self.address = network, network.fabric, address
        self.host = network.host

    @property
    def target(self) -> str:
        return self.fabric.host_of(self.address)

    def doubles(self, method: str) -> bool:
        return method.partition("/")[0] in self.fabric.doubled

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        fabric, loop = self.fabric, self.fabric.loop
        fabric.tap(self.host, self.target, method, request)
        call = _Call(self, method, request.SerializeToString(deterministic=True), timeout_ms)
        expiry = loop.call_later(timeout_ms / 1_000, call.expire)
        call.send()
        try:
            return reply_type.FromString(await call.future)
        except asyncio.CancelledError:
            call.give_up()
            raise
        finally:
            expiry.cancel()

    async def upload(self, method: str, header: Message) -> SimUpload:
        fabric = self.fabric
        fabric.uploads += 1
        fabric.tap(self.host, self.target, method, header)
        server = fabric.server(self.address)
        if server is None or (self.host, self.target) in fabric.links.cut:
            await asyncio.sleep(fabric.links.silence_ms() / 1_000)
            raise Unreachable(address=self.address)
        if method not in server.routes.uploads:
            raise UnknownMethod(method=method)
        origin = current_origin()
        call = Call(self.network.peer, math.inf, origin.request_id, origin.trace)
        upload = SimUpload(fabric, self.network.life, self.host, server, method, call)
        await upload.open(header.SerializeToString(deterministic=True))
        return upload

    async def download(
        self, method: str, header: Message, *, timeout_ms: float
    ) -> AsyncIterator[Buffer]:
        fabric = self.fabric
        fabric.tap(self.host, self.target, method, header)
        server = fabric.server(self.address)
        if server is None or (self.host, self.target) in fabric.links.cut:
            await asyncio.sleep(fabric.links.silence_ms() / 1_000)
            raise Unreachable(address=self.address)
        origin = current_origin()
        call = Call(self.network.peer, math.inf, origin.request_id, origin.trace)
        download = SimDownload(fabric, self.network.life, self.host, server, method, call)
        download.begin(header.SerializeToString(deterministic=True))
        try:
            while (piece := await download.next(timeout_ms)) is not None:
                yield piece
        finally:
            download.close()
