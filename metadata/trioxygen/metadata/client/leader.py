"""Calls to a replicated service: fills in request ids, finds the leader, retries what is safe to
retry.

A mutating request keeps its (client_id, request_id) over all its tries, so the service answers it
once. Commands go to the leader; queries, which every replica answers linearizably, to any."""

import math
from typing import Final

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.errors import (
    DeadlineExceeded,
    NotLeader,
    Overloaded,
    PipelineNotReady,
    SafeMode,
    Stopping,
    Unavailable,
    Unreachable,
)
from trioxygen.common.retry import Backoff
from trioxygen.common.rpc.network import Reply
from trioxygen.common.rpc.options import Method, methods_of
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.servers import Server, Servers

log = logs.get(__name__)

_RETRIED: Final = (
    NotLeader,
    Unreachable,
    Overloaded,
    SafeMode,
    PipelineNotReady,
    Stopping,
    DeadlineExceeded,
)
# Another server may do better at once.
_ELSEWHERE: Final = (NotLeader, Unreachable, Stopping, DeadlineExceeded)
_SILENT: Final = (Unreachable, Stopping, DeadlineExceeded)
_WAIT_MS_FIRST: Final = 5.0
# While a leader is looked for: an election ends within a second, and who waits should know.
_SEARCH_WAIT_MS_MAX: Final = 50.0
_WAIT_MS_MAX: Final = 500.0
_TRY_MS_MAX: Final = 16_000.0


class LeaderClient:
    """Args:
    service: which states of each method whether every replica answers it.
    addresses: of all replicas.
    timeout_ms: of a call, all its tries together, unless it is given less.
    try_ms: how long one server may be silent before another is asked; doubles when all have been.
    refused_ms: of a call while no server listens at all; at most `timeout_ms`.
    only_these: what is said is for them: a leader that they name besides is not asked."""

    def __init__(
        self,
        runtime: Runtime,
        service: ServiceDescriptor,
        addresses: list[str],
        *,
        timeout_ms: float = 30_000,
        try_ms: float = 1_000,
        refused_ms: float = 5_000,
        only_these: bool = False,
    ) -> None:
        self._runtime = runtime
        self._methods = {method.request: method for method in methods_of(service)}
        self._refused_ms = refused_ms
        self._timeout_ms, self._try_ms = timeout_ms, try_ms
        self._servers = Servers(runtime.network, runtime.clock, addresses, only_these=only_these)
        self.client_id = runtime.rng.getrandbits(63) | 1
        self._last_request_id = 0
        self._is_stopped = False

    def stop(self) -> None:
        """Who calls from now on is refused at once; who was not answered asks nobody else."""
        self._is_stopped = True

    @property
    def leader_address(self) -> str:
        """Of the server that answered as leader last; a guess before the first call."""
        return self._servers.leader.address

    async def call(
        self, request: Message, reply_type: type[Reply], *, most_ms: float = math.inf
    ) -> Reply:
        """Args: most_ms: what is left of the call that is served by this one.

        Raises: what the service refused; DeadlineExceeded, which names what was tried; Stopping."""
        self._check()
        method = self._methods[type(request)]
        if method.is_numbered:
            self._last_request_id += 1
            request.client_id = self.client_id  # type: ignore[attr-defined]
            request.request_id = self._last_request_id  # type: ignore[attr-defined]
        servers = self._servers
        server = servers.reader() if method.any_member else servers.commander()
        timeout_ms = self._timeout_ms if self._timeout_ms < most_ms else most_ms
        # Who has nobody else to ask waits for the one there is.
        is_whole = len(servers) == 1 or timeout_ms < self._try_ms
        try_ms = timeout_ms if is_whole else self._try_ms
        try:
            return await self._try(server, method, request, reply_type, try_ms)
        except _RETRIED as error:
            started_ms = self._runtime.clock.monotonic_ms() - (
                try_ms if isinstance(error, DeadlineExceeded) else 0.0
            )
            search = _Search(
                self._runtime, servers, method, timeout_ms, self._refused_ms, started_ms
            )
            search.took(server, error)
        if method.is_numbered:
            request.is_retry = True  # type: ignore[attr-defined]
        while True:
            server = await search.next_server()
            self._check()
            try_ms = self._try_ms * 2.0 ** (search.silences // len(servers))
            try_ms = min(search.left_ms, try_ms, _TRY_MS_MAX)
            if len(servers) == 1:
                try_ms = search.left_ms
            try:
                return await self._try(server, method, request, reply_type, try_ms)
            except _RETRIED as error:
                search.took(server, error)

    def _check(self) -> None:
        if self._is_stopped:
            raise Stopping("the client has ended")

    async def _try(
        self,
        server: Server,
        method: Method,
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
        if not method.any_member:
            self._servers.leader = server
        return reply


class _Search:
    """One call that has failed at least once: whom it asks next, and when it gives up."""

    def __init__(
        self,
        runtime: Runtime,
        servers: Servers,
        method: Method,
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
        self._backoff = Backoff(_WAIT_MS_FIRST, _WAIT_MS_MAX)
        self._hints_left = len(servers)
        self._tries = 0
        # The last that each address said.
        self._last_errors: dict[str, str] = {}
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
        self._last_errors[server.address] = type(error).__name__
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
        if self._method.any_member:
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
        if not (moved and self._tries < len(servers) and self._method.any_member):
            await self._wait(_SEARCH_WAIT_MS_MAX if moved else _WAIT_MS_MAX)
        if not self._method.any_member:
            return servers.leader
        return servers.after(self._at) if moved else self._at

    async def _wait(self, wait_ms_max: float) -> None:
        runtime, error = self._runtime, self._error
        now_ms = runtime.clock.monotonic_ms()
        is_deserted = (
            len(self._refusing) == len(self._servers)
            and now_ms - self._refused_since_ms >= self._refused_ms
        )
        if is_deserted or self.left_ms <= self._backoff.next_ms:
            seconds = round((now_ms - self._started_ms) / 1_000, 1)
            failures = ", ".join(
                f"{address}: {what}" for address, what in sorted(self._last_errors.items())
            )
            raise DeadlineExceeded(
                f"gave up on {self._method.name} after {seconds:g} s and "
                f"{self._tries} tries ({failures}); the last: {error}"
            ) from error
        await runtime.clock.sleep_ms(self._backoff.take_ms(most_ms=wait_ms_max, rng=runtime.rng))
