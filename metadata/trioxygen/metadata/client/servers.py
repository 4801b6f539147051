"""The servers of one replicated service as a client sees them: which leads, which are slow to
answer, which have failed lately. No calls here."""

import math
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.retry import Backoff
from trioxygen.common.rpc.network import Channel, Network

_AVOIDED_MS_FIRST: Final = 500.0
_AVOIDED_MS_MAX: Final = 8_000.0
# Below it the leader's answer is the cheapest: another member has to ask it first.
_QUERIES_AT_LEADER_MAX: Final = 8
# As long as others may go on naming a leader that has died.
_HINT_DOUBTED_MS: Final = 500.0
# A leader may be one that joined since; more than this many is nonsense that somebody told.
_SERVERS_MAX: Final = 16


@dataclass(slots=True, eq=False)
class Server:
    """Attributes:
    in_flight: calls of this client that it has not answered.
    avoided_until_ms: it failed; others are asked before it until then.
    failed_ms: when it last did.
    """

    address: str
    channel: Channel
    in_flight: int = 0
    avoided_until_ms: float = 0.0
    avoided: Backoff = field(default_factory=lambda: Backoff(_AVOIDED_MS_FIRST, _AVOIDED_MS_MAX))
    failed_ms: float = -math.inf


class Servers:
    """Args:
    addresses: of all replicas that are known from the start.
    only_these: others that are named are none of them."""

    def __init__(
        self, network: Network, clock: Clock, addresses: list[str], *, only_these: bool = False
    ) -> None:
        assert addresses, "a service without a server"
        self._servers_max = len(addresses) if only_these else _SERVERS_MAX
        self._network, self._clock = network, clock
        self._servers = [self._new(address) for address in addresses]
        self._turn = 0
        self.leader = self._servers[0]

    def _new(self, address: str) -> Server:
        return Server(address, self._network.channel(address))

    def __len__(self) -> int:
        return len(self._servers)

    def reader(self) -> Server:
        """Who should answer the next query: the leader, while it has little to do for us; then of
        the healthy ones that with the fewest calls under way, in turn."""
        servers, now_ms = self._servers, self._clock.monotonic_ms()
        leader = self.leader
        is_free = leader.in_flight < _QUERIES_AT_LEADER_MAX
        if is_free and leader.avoided_until_ms <= now_ms:
            return leader
        self._turn = turn = (self._turn + 1) % len(servers)
        best: Server | None = None
        for server in (*servers[turn:], *servers[:turn]):
            if server.avoided_until_ms > now_ms:
                continue
            if best is None or server.in_flight < best.in_flight:
                best = server
        return best or servers[turn]

    def commander(self) -> Server:
        """Who should get the next command: the leader, unless it was just silent, to a query
        perhaps; then somebody who may know another."""
        leader = self.leader
        if leader.avoided_until_ms and leader.avoided_until_ms > self._clock.monotonic_ms():
            return self.after(leader)
        return leader

    def after(self, tried: Server) -> Server:
        """The next in the circle that has not failed lately: the same one, if only that answers.
        Else the next."""
        servers = self._servers
        at = servers.index(tried) + 1
        now_ms = self._clock.monotonic_ms()
        for server in (*servers[at:], *servers[:at]):
            if server.avoided_until_ms <= now_ms:
                return server
        return servers[at % len(servers)]

    def hinted(self, address: str) -> Server | None:
        """The server that another one named as the leader; None if it has just failed: the other
        has not noticed yet. One that is avoided for longer may be back, and lead."""
        server = next((known for known in self._servers if known.address == address), None)
        if server is None:
            if not address or len(self._servers) >= self._servers_max:
                return None
            server = self._new(address)
            self._servers.append(server)
        is_doubted = self._clock.monotonic_ms() - server.failed_ms < _HINT_DOUBTED_MS
        return None if is_doubted else server

    def failed(self, server: Server) -> None:
        """It was unreachable or silent: avoided for a time that doubles."""
        server.failed_ms = now_ms = self._clock.monotonic_ms()
        if server.avoided_until_ms > now_ms:
            return  # one of many calls that failed together
        server.avoided_until_ms = now_ms + server.avoided.take_ms()

    def doubt_leader(self) -> None:
        """A follower cannot reach it: commands ask somebody else first, who may know another."""
        until_ms = self._clock.monotonic_ms() + _AVOIDED_MS_FIRST
        self.leader.avoided_until_ms = max(self.leader.avoided_until_ms, until_ms)

    def answered(self, server: Server) -> None:
        if server.avoided_until_ms:
            server.avoided_until_ms, server.failed_ms = 0.0, -math.inf
            server.avoided.reset()
