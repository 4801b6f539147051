"""The network between processes: gRPC. `grpc_server`, `grpc_client` and nothing else import it.

Calls ride a session, one for each (process, server); blocks travel as raw bytes messages on streams
of their own, over a second connection, so that they never stand before a call. Every method can
also be called the ordinary unary way, for people and other languages. See docs/internals/rpc.md."""

from trioxygen.common.origin import current_origin
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.grpc_client import GrpcChannel
from trioxygen.common.rpc.grpc_config import GrpcConfig
from trioxygen.common.rpc.grpc_metadata import sent_metadata
from trioxygen.common.rpc.grpc_server import GrpcServer
from trioxygen.common.rpc.network import Service
from trioxygen.common.rpc.session import PROTOCOL_VERSION
from trioxygen.common.rpc.tls import Tls
from trioxygen.proto.v1 import session_pb2

__all__ = ["GrpcChannel", "GrpcNetwork"]


class GrpcNetwork:
    """Args:
    cluster_id: empty while it is not known; may be set once it is.
    peer: which node this is, as servers are told; may be set once it is known.
    role: what it is there.
    tls: without it connections are in the clear, and servers believe what they are told."""

    def __init__(
        self,
        config: GrpcConfig | None = None,
        *,
        cluster_id: str = "",
        peer: str = "",
        role: Role = Role.UNKNOWN,
        tls: Tls | None = None,
    ) -> None:
        self.config = config or GrpcConfig()
        self.cluster_id, self.peer, self.role, self.tls = cluster_id, peer, role, tls
        self._channels: dict[str, GrpcChannel] = {}
        self._others: list[GrpcNetwork] = []

    def hello(self) -> session_pb2.Hello:
        return session_pb2.Hello(
            protocol_version=PROTOCOL_VERSION,
            cluster_id=self.cluster_id,
            peer=self.peer,
            role=self.role.value,
        )

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Of every stream outside sessions."""
        return sent_metadata(self.hello(), current_origin())

    async def serve(self, address: str, services: list[Service]) -> GrpcServer:
        """`address` is host:port. Raises CannotListen."""
        server = GrpcServer(self, services)
        await server.start(address)
        return server

    def channel(self, address: str) -> GrpcChannel:
        """The same one for the same address: a process has one session with a server."""
        if address not in self._channels:
            self._channels[address] = GrpcChannel(self, address)
        return self._channels[address]

    def as_role(self, role: Role, node_id: str = "") -> "GrpcNetwork":
        """With connections of its own; closed with this one."""
        other = GrpcNetwork(
            self.config, cluster_id=self.cluster_id, peer=node_id, role=role, tls=self.tls
        )
        self._others.append(other)
        return other

    async def close(self) -> None:
        """Closes all channels; servers are stopped by their owners."""
        others, self._others = self._others, []
        for other in others:
            await other.close()
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            await channel.close()
