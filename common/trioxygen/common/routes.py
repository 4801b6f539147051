"""From a method's name and bytes to its handler and messages: what a server does with a call."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from trioxygen.common.errors import InvalidRequest, UnknownMethod
from trioxygen.common.network import DownloadHandler, Handler, Service, UploadHandler
from trioxygen.common.rules.network import RULES
from trioxygen.common.rules.table import PACKAGE

__all__ = ["PACKAGE", "Routes", "parse", "reply_type_of"]


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
        found: Any = header.DESCRIPTOR.file.pool.FindServiceByName(f"{PACKAGE}.{service}")
        return GetMessageClass(found.methods_by_name[name].output_type)
    except KeyError as error:
        raise UnknownMethod(method=method) from error


class Routes:
    """All methods of a server's services, by `Service/Method`."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._calls: dict[str, tuple[Handler, type[Message]]] = {}
        self._uploads: dict[str, tuple[UploadHandler, type[Message]]] = {}
        self._downloads: dict[str, tuple[DownloadHandler, type[Message]]] = {}
        for service in services:
            assert service.descriptor.file.package == PACKAGE, service.descriptor.full_name
            for method in service.descriptor.methods:
                name = f"{service.descriptor.name}/{method.name}"
                request_type = GetMessageClass(method.input_type)
                if call := service.calls.get(method.name):
                    self._calls[name] = (call, request_type)
                elif upload := service.uploads.get(method.name):
                    self._uploads[name] = (upload, request_type)
                else:
                    self._downloads[name] = (service.downloads[method.name], request_type)

    @property
    def calls(self) -> Iterable[str]:
        return self._calls

    @property
    def uploads(self) -> dict[str, tuple[UploadHandler, type[Message]]]:
        return self._uploads

    @property
    def downloads(self) -> dict[str, tuple[DownloadHandler, type[Message]]]:
        return self._downloads

    async def handle(self, method: str, body: bytes) -> bytes:
        """One call. Raises UnknownMethod, InvalidRequest, and what the handler raises."""
        route = self._calls.get(method)
        if route is None:
            raise UnknownMethod(method=method)
        handler, request_type = route
        reply = await handler(parse(request_type, body, method))
        return reply.SerializeToString()
