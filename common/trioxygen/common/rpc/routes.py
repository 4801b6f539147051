"""From a method's name and bytes to its handler and messages: what a server does with a call."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest, UnknownMethod
from trioxygen.common.origin import Origin, set_origin
from trioxygen.common.rpc.call import Call, Role
from trioxygen.common.rpc.identity import check_caller
from trioxygen.common.rpc.network import DownloadHandler, Handler, Service, UploadHandler
from trioxygen.common.rpc.options import methods_of
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.rpc.rules.table import PACKAGE
from trioxygen.common.rpc.serving import NEVER_SLOW, Serving
from trioxygen.common.units import KIB

H = TypeVar("H")

# Of a bulky request: one of fewer bytes is read at once.
_READ_AT_ONCE_BYTES_MAX: Final = 8 * KIB


def parse(request_type: type[Message], body: bytes, method: str) -> Message:
    """A request, or a stream's header, that keeps the rules. Raises InvalidRequest."""
    try:
        request = request_type.FromString(body)
    except DecodeError as error:
        raise InvalidRequest("not a request of this method", method=method) from error
    # What this version does not know has no rules: it must not get into a row or a log.
    request.DiscardUnknownFields()
    RULES.check(request, method)
    return request


def reply_type_of(method: str, header: Message) -> type[Message]:
    """Of `Service/Method` in the package that the header's file can see. Raises UnknownMethod."""
    service, _, name = method.partition("/")
    try:
        descriptor: Any = header.DESCRIPTOR.file.pool.FindServiceByName(f"{PACKAGE}.{service}")
        return GetMessageClass(descriptor.methods_by_name[name].output_type)
    except KeyError as error:
        raise UnknownMethod(method=method) from error


@dataclass(frozen=True, slots=True)
class _Route(Generic[H]):
    handler: H
    request: type[Message]
    callers: frozenset[Role]
    is_bulky: bool


class Routes:
    """All methods of a server's services, by `Service/Method`. What is called sees the caller's
    origin, and only callers that may.

    Args:
        slow_ms: calls that take longer are logged.
    """

    def __init__(self, services: Iterable[Service], *, slow_ms: float = NEVER_SLOW) -> None:
        self._slow_ms = slow_ms
        self._calls: dict[str, _Route[Handler]] = {}
        self._uploads: dict[str, _Route[UploadHandler]] = {}
        self._downloads: dict[str, _Route[DownloadHandler]] = {}
        self._reading = asyncio.Lock()
        for service in services:
            assert service.descriptor.file.package == PACKAGE, service.descriptor.full_name
            for method in methods_of(service.descriptor):
                name, request = method.name, method.request
                local = name.partition("/")[2]
                callers = service.callers(service.descriptor.methods_by_name[local])
                if call := service.calls.get(local):
                    self._calls[name] = _Route(call, request, callers, method.bulky)
                elif upload := service.uploads.get(local):
                    self._uploads[name] = _Route(upload, request, callers, False)
                else:
                    download = service.downloads[local]
                    self._downloads[name] = _Route(download, request, callers, False)

    @property
    def calls(self) -> Iterable[str]:
        return self._calls

    @property
    def uploads(self) -> Iterable[str]:
        return self._uploads

    @property
    def downloads(self) -> Iterable[str]:
        return self._downloads

    async def handle(self, method: str, body: bytes, call: Call) -> bytes:
        """One call, in a task of its own.

        Raises: UnknownMethod, CallerNotAllowed, InvalidRequest, and what the handler raises."""
        set_origin(Origin(call.request_id, call.trace))
        with Serving(method, call, self._slow_ms):
            route = self._calls.get(method)
            if route is not None and route.is_bulky and len(body) > _READ_AT_ONCE_BYTES_MAX:
                async with self._reading:
                    handler, request = _entered(self._calls, method, body, call)
                    # The next one is read when all others that are ready have had their turn.
                    await asyncio.sleep(0)
            else:
                handler, request = _entered(self._calls, method, body, call)
            reply = await handler(request, call)
        return reply.SerializeToString()

    async def receive(
        self, method: str, header: bytes, pieces: AsyncIterator[Buffer], call: Call
    ) -> Message:
        """One upload, in a task of its own. Raises as `handle`."""
        set_origin(Origin(call.request_id, call.trace))
        with Serving(method, call):
            handler, request = _entered(self._uploads, method, header, call)
            return await handler(request, pieces, call)

    async def send(self, method: str, header: bytes, call: Call) -> AsyncGenerator[Buffer, None]:
        """One download, in a task of its own. Raises as `handle`. Close it to end it early."""
        set_origin(Origin(call.request_id, call.trace))
        with Serving(method, call):
            handler, request = _entered(self._downloads, method, header, call)
            pieces = handler(request, call)
            try:
                async for piece in pieces:
                    yield piece
            finally:
                close = getattr(pieces, "aclose", None)
                if close is not None:
                    await close()


def _entered(
    routes: Mapping[str, _Route[H]], method: str, body: bytes, call: Call
) -> tuple[H, Message]:
    """The handler, and a request that it may see from this caller."""
    route = routes.get(method)
    if route is None:
        raise UnknownMethod(method=method)
    check_caller(call.peer, route.callers, method)
    return route.handler, parse(route.request, body, method)
