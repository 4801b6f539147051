"""The network of the all-in-one mode: servers and clients in one process and event loop.

With `encode=True` (tests, simulation) every message is serialized and parsed on its way, so that a
field that is missing from a message fails here as it would between machines. Without it messages
are handed over."""

from trioxygen.common.errors import Unreachable
from trioxygen.common.rpc.call import ANYBODY, Peer, Role
from trioxygen.common.rpc.local_channel import LocalChannel
from trioxygen.common.rpc.local_server import LocalServer
from trioxygen.common.rpc.network import Service

__all__ = ["LocalNetwork", "LocalServer"]


class LocalNetwork:
    """Args:
    encode: serialize and parse every message.
    calls_in_flight_max: for each server; one more is refused with Overloaded.

    Attributes:
    peer: as servers see who calls over it."""

    def __init__(self, *, encode: bool = False, calls_in_flight_max: int = 10_000) -> None:
        self.encode = encode
        self._calls_in_flight_max = calls_in_flight_max
        self.peer = ANYBODY
        self._servers: dict[str, LocalServer] = {}

    async def serve(self, address: str, services: list[Service]) -> LocalServer:
        assert address not in self._servers, f"{address} is served already"
        self._servers[address] = LocalServer(
            address, services, calls_max=self._calls_in_flight_max, forget=self.forget
        )
        return self._servers[address]

    def forget(self, server: LocalServer) -> None:
        if self._servers.get(server.address) is server:
            del self._servers[server.address]

    async def close(self) -> None:
        """Servers are stopped by their owners, and there is nothing else."""

    def server(self, address: str) -> LocalServer:
        server = self._servers.get(address)
        if server is None:
            raise Unreachable(address=address)
        return server

    def channel(self, address: str) -> "LocalChannel":
        return LocalChannel(self, address, self.peer, encode=self.encode)

    def as_role(self, role: Role, node_id: str = "") -> "LocalNetwork":
        """Who is part of this process needs no certificate."""
        other = LocalNetwork(encode=self.encode, calls_in_flight_max=self._calls_in_flight_max)
        other.peer = Peer(role, node_id, is_verified=True)
        other._servers = self._servers
        return other
