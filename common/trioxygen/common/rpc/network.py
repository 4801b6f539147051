"""The network port: services, calls and bulk streams between them.

Transport-free; requests and headers keep their rules (`rules/`) before a handler sees one. A
service is described by its protobuf descriptor; a call names `Service/Method`. Implementations:
`local` (one process), `network_grpc` (many)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.rpc.call import GROUP_ROLES, Call, Role
from trioxygen.common.rpc.options import callers_of
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.rpc.rules.table import PACKAGE

Reply = TypeVar("Reply", bound=Message)

# (request, call) -> reply
Handler = Callable[[Any, Call], Awaitable[Message]]
# (header, pieces of bytes, call) -> reply
UploadHandler = Callable[[Any, AsyncIterator[Buffer], Call], Awaitable[Message]]
# (header, call) -> pieces of bytes
DownloadHandler = Callable[[Any, Call], AsyncIterator[Buffer]]


class CannotListen(OSError):
    """The address cannot be bound; the message says why."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a server offers under one descriptor. Every method of it has exactly one handler.

    Attributes:
    group_of: the role whose nodes form the group that it serves: those of other groups' roles are
        none of its members, whatever a method says of members in general. None: of no group.
    """

    descriptor: ServiceDescriptor
    calls: Mapping[str, Handler]
    uploads: Mapping[str, UploadHandler]
    downloads: Mapping[str, DownloadHandler]
    group_of: Role | None = None

    def callers(self, method: MethodDescriptor) -> frozenset[Role]:
        """Who may call it here."""
        stated = callers_of(method)
        return stated if self.group_of is None else stated - (GROUP_ROLES - {self.group_of})

    def __post_init__(self) -> None:
        offered = [*self.calls, *self.uploads, *self.downloads]
        wanted = [method.name for method in self.descriptor.methods]
        assert sorted(offered) == sorted(wanted), (
            f"{self.descriptor.name}: {offered} is not {wanted}"
        )
        unruled = [
            method.input_type.full_name
            for method in self.descriptor.methods
            if not RULES.covers(method.input_type)
        ]
        assert not unruled, f"requests without rules: {unruled}"
        if self.descriptor.file.package == PACKAGE:
            open_to_all = [
                method.name for method in self.descriptor.methods if not self.callers(method)
            ]
            assert not open_to_all, f"methods without callers: {open_to_all}"


class Upload(Protocol):
    """An open bulk stream to a server."""

    async def send(self, piece: Buffer) -> None:
        """Waits while the receiver is behind. The piece must not change afterwards."""
        ...

    async def flush(self) -> None:
        """Nothing that was sent waits here for more to come."""
        ...

    async def finish(self, timeout_ms: float) -> Any:
        """Ends the stream; the server's reply."""
        ...

    async def cancel(self) -> None:
        """Gives up; the server drops what it got. Idempotent, also after `finish`."""
        ...


class Channel(Protocol):
    """To one server. Failures are TrioxygenErrors: the server's own, or Unreachable,
    DeadlineExceeded, Overloaded."""

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        """One request, one reply. `method` is `Service/Method`. The caller does not change the
        request afterwards."""
        ...

    async def upload(self, method: str, header: Message) -> Upload:
        """A stream that the receiver has accepted; raises what it refuses before a first piece."""
        ...

    def download(self, method: str, header: Message, *, timeout_ms: float) -> AsyncIterator[Buffer]:
        """Pieces of bytes; `timeout_ms` bounds the wait for each. Close the iterator to cancel."""
        ...


class Server(Protocol):
    @property
    def address(self) -> str: ...

    async def stop(self) -> None:
        """Refuses new calls and waits for those under way."""
        ...


class Network(Protocol):
    async def serve(self, address: str, services: list[Service]) -> Server:
        """Raises CannotListen."""
        ...

    def channel(self, address: str) -> Channel: ...

    def as_role(self, role: Role, node_id: str = "") -> "Network":
        """The same network for one of several roles that share a process: servers learn who
        calls."""
        ...
