"""A server of the local network: handlers by method, and how many calls are under way."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from trioxygen.common.errors import UnknownMethod
from trioxygen.common.rpc.admission import Admission
from trioxygen.common.rpc.call import Peer, Role
from trioxygen.common.rpc.identity import check_caller
from trioxygen.common.rpc.network import DownloadHandler, Handler, Service, UploadHandler

H = TypeVar("H")


class LocalServer:
    """Args:
    calls_max: in flight; one more is refused with Overloaded.
    forget: nobody finds it any more.

    The handlers' getters raise UnknownMethod and CallerNotAllowed.
    """

    def __init__(
        self,
        address: str,
        services: list[Service],
        *,
        calls_max: int,
        forget: Callable[["LocalServer"], None],
    ) -> None:
        self._address, self._forget = address, forget
        self._calls: dict[str, Handler] = {}
        self._uploads: dict[str, UploadHandler] = {}
        self._downloads: dict[str, DownloadHandler] = {}
        self._callers: dict[str, frozenset[Role]] = {}
        for service in services:
            name = service.descriptor.name
            for method in service.descriptor.methods:
                self._callers[f"{name}/{method.name}"] = service.callers(method)
            self._calls |= {f"{name}/{key}": handler for key, handler in service.calls.items()}
            self._uploads |= {f"{name}/{key}": handler for key, handler in service.uploads.items()}
            self._downloads |= {
                f"{name}/{key}": handler for key, handler in service.downloads.items()
            }
        self._admission = Admission(calls_max, address=address)

    @property
    def address(self) -> str:
        return self._address

    @property
    def calls_in_flight(self) -> int:
        return self._admission.calls

    def begin(self) -> None:
        """Raises: Stopping, Overloaded. Otherwise `end` has to follow."""
        self._admission.begin()

    def end(self) -> None:
        self._admission.end()

    def handler(self, method: str, peer: Peer) -> Handler:
        return self._entered(self._calls, method, peer)

    def upload(self, method: str, peer: Peer) -> UploadHandler:
        return self._entered(self._uploads, method, peer)

    def download(self, method: str, peer: Peer) -> DownloadHandler:
        return self._entered(self._downloads, method, peer)

    def _entered(self, handlers: Mapping[str, H], method: str, peer: Peer) -> H:
        handler = handlers.get(method)
        if handler is None:
            raise UnknownMethod(method=method, address=self._address)
        check_caller(peer, self._callers[method], method)
        return handler

    async def stop(self) -> None:
        self._forget(self)
        await self._admission.stop()
