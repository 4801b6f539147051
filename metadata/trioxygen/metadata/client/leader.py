"""Calls to a replicated service: fills in request ids, finds the leader, retries what is safe to
retry.

A mutating request keeps its (client_id, request_id) over all its tries, so the service answers it
once. Commands go to the leader; queries, which every replica answers linearizably, to any."""

from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.errors import (
    DeadlineExceeded,
    NoQuorum,
    NotLeader,
    Overloaded,
    SafeMode,
    Stopping,
    Unavailable,
    Unreachable,
)
from trioxygen.common.network import Reply
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.servers import Server, Servers

log = logs.get(__name__)

_RETRIED: Final = (
    NotLeader,
    NoQuorum,
    Unreachable,
    Overloaded,
    SafeMode,
    Stopping,
    DeadlineExceeded,
)
# Another server may do better at once.
_ELSEWHERE: Final = (NotLeader, NoQuorum, Unreachable, Stopping, DeadlineExceeded)
_SILENT: Final = (Unreachable, Stopping, DeadlineExceeded)
_WAIT_MS_FIRST: Final = 5.0
# While a leader is looked for: an election ends within a second, and who waits should know.
_SEARCH_WAIT_MS_MAX: Final = 50.0
_WAIT_MS_MAX: Final = 500.0
_TRY_MS_MAX: Final = 16_000.0


@dataclass(frozen=True, slots=True)
class _Method:
    """Attributes:
    name: Service/Method.
    mutating: it takes a request id.
    anywhere: every replica answers it."""

    name: str
    mutating: bool
    anywhere: bool


class LeaderClient:
    """Args:
    service: the name of its protobuf service.
    addresses: of all replicas.
    timeout_ms: of a call, all its tries together.
    try_ms: how long one server may be silent before another is asked; doubles when all have been.
    refused_ms: of a call while no server listens at all; at most `timeout_ms`.
    queries: names of the methods that every replica answers."""

    def __init__(
        self,
        runtime: Runtime,
        service: str,
        addresses: list[str],
        *,
        timeout_ms: float = 30_000,
        try_ms: float = 1_000,
        refused_ms: float = 5_000,
        queries: frozenset[str] = frozenset(),
    ) -> None:
        self._runtime, self._service, self._queries = runtime, service, queries
        self._refused_ms = refused_ms
        self._timeout_ms, self._try_ms = timeout_ms, try_ms
        self._servers = Servers(runtime.network, runtime.clock, addresses)
        self.client_id = runtime.rng.getrandbits(63) | 1
        self._last_request_id = 0
        self._methods: dict[type[Message], _Method] = {}

    @property
    def leader_address(self) -> str:
        """Of the server that answered as leader last; a guess before the first call."""
        return self._servers.leader.address

    def _method(self, request_type: type[Message]) -> _Method:
        known = self._methods.get(request_type)
        if known is None:
            name = request_type.__name__.removesuffix("Request")
            mutating = "request_id" in request_type.DESCRIPTOR.fields_by_name
            assert not (mutating and name in self._queries), name
            known = _Method(f"{self._service}/{name}", mutating, name in self._queries)
            self._methods[request_type] = known
        return known

    async def call(self, request: Message, reply_type: type[Reply]) -> Reply:
        """Raises: what the service refused; DeadlineExceeded, which names what was tried."""
        method = self._method(type(request))
        if method.mutating:
            self._last_request_id += 1
            request.client_id = self.client_id  # type: ignore[attr-defined]
            request.request_id = self._last_request_id  # type: ignore[attr-defined]
        servers = self._servers
        server = servers.reader() if method.anywhere else servers.commander()
        # Who has nobody else to ask waits for the one there is.
        try_ms = self._try_ms if len(servers) > 1 else self._timeout_ms
        try:
            return await self._try(server, method, request, reply_type, try_ms)
        except _RETRIED as error:
            started_ms = self._runtime.clock.monotonic_ms() - (
                try_ms if isinstance(error, DeadlineExceeded) else 0.0
            )
            search = _Search(
                self._runtime, servers, method, self._timeout_ms, self._refused_ms, started_ms
            )
            search.took(server, error)
        while True:
            server = await search.next_server()
            try_ms = self._try_ms * 2.0 ** (search.silences // len(servers))
            try_ms = min(search.left_ms, try_ms, _TRY_MS_MAX)
            if len(servers) == 1:
                try_ms = search.left_ms
            try:
                return await self._try(server, method, request, reply_type, try_ms)
            except _RETRIED as error:
                search.took(server, error)

    async def _try(
        self,
        server: Server,
        method: _Method,
        request: Message,
        reply_type: type[Reply],
        timeout_ms: float,
    ) -> Reply:
        server.in_flight += 1
        try:
            reply = await server.channel.call(
                method.name, request, reply_type, timeout_ms=timeout_ms
            )
        finally:
            server.in_flight -= 1
        self._servers.answered(server)
        if not method.anywhere:
            self._servers.leader = server
        return reply


class _Search:
    """One call that has failed at least once: whom it asks next, and when it gives up."""

    def __init__(
        self,
        runtime: Runtime,
        servers: Servers,
        method: _Method,
        timeout_ms: float,
        refused_ms: float,
        started_ms: float,
    ) -> None:
        self._runtime, self._servers, self._method = runtime, servers, method
        self._started_ms, self._deadline_ms = started_ms, started_ms + timeout_ms
        self._refused_ms = refused_ms
        # Where nobody listens, by what was said last.
        self._refusing: set[str] = set()
        self._refused_since_ms = runtime.clock.monotonic_ms()
        self._wait_ms = _WAIT_MS_FIRST
        self._hints_left = len(servers)
        self._tries = 0
        # The last that each address said.
        self._told: dict[str, str] = {}
        self._error: Unavailable
        self._at: Server
        self._hint: Server | None = None
        self.silences = 0

    @property
    def left_ms(self) -> float:
        return self._deadline_ms - self._runtime.clock.monotonic_ms()

    def took(self, server: Server, error: Unavailable) -> None:
        """A server has failed to answer."""
        self._tries += 1
        self._told[server.address] = type(error).__name__
        if isinstance(error, Unreachable) and error.is_refused:
            self._refusing.add(server.address)
        else:
            # Somebody is there: the wait for the others begins anew.
            self._refusing.clear()
            self._refused_since_ms = self._runtime.clock.monotonic_ms()
        self._error, self._at, self._hint = error, server, None
        servers = self._servers
        if isinstance(error, _SILENT):
            servers.failed(server)
            self.silences += isinstance(error, DeadlineExceeded)
        elif isinstance(error, NotLeader):
            servers.answered(server)
            self._hint = servers.hinted(error.facts.get("leader", ""))
        if self._method.anywhere:
            # A follower that waits for the leader in vain says as much about it.
            if server is not servers.leader and isinstance(error, NotLeader | DeadlineExceeded):
                servers.doubt_leader()
        elif isinstance(error, _ELSEWHERE):
            # Only past the one that failed: another call may have moved on already.
            if servers.leader is server:
                servers.leader = self._hint or servers.after(server)

    async def next_server(self) -> Server:
        """After a wait, unless somebody is known to do better. Raises DeadlineExceeded."""
        servers, error = self._servers, self._error
        if self._hint is not None and self._hint is not self._at and self._hints_left > 0:
            self._hints_left -= 1
            return self._hint
        moved = isinstance(error, _ELSEWHERE)
        if not (moved and self._tries < len(servers) and self._method.anywhere):
            await self._wait(_SEARCH_WAIT_MS_MAX if moved else _WAIT_MS_MAX)
        if not self._method.anywhere:
            return servers.leader
        return servers.after(self._at) if moved else self._at

    async def _wait(self, wait_ms_max: float) -> None:
        runtime, error = self._runtime, self._error
        now_ms = runtime.clock.monotonic_ms()
        is_deserted = (
            len(self._refusing) == len(self._servers)
            and now_ms - self._refused_since_ms >= self._refused_ms
        )
        if is_deserted or self.left_ms <= self._wait_ms:
            seconds = round((now_ms - self._started_ms) / 1_000, 1)
            told = ", ".join(f"{address}: {what}" for address, what in sorted(self._told.items()))
            raise DeadlineExceeded(
                f"gave up on {self._method.name} after {seconds:g} s and "
                f"{self._tries} tries ({told}); the last: {error}"
            ) from error
        await runtime.clock.sleep_ms(self._wait_ms * runtime.rng.uniform(0.5, 1.0))
        self._wait_ms = min(wait_ms_max, self._wait_ms * 2)
