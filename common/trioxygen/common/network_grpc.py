"""The network between processes: gRPC. `grpc_server`, `grpc_channel` and nothing else import it.

Calls ride a session, one for each (process, server); blocks travel as raw bytes messages on streams
of their own, over a second connection, so that they never stand before a call. Every method can
also be called the ordinary unary way, for people and other languages. See docs/internals/rpc.md."""

from trioxygen.common.grpc_channel import GrpcChannel
from trioxygen.common.grpc_config import GrpcConfig
from trioxygen.common.grpc_metadata import CLUSTER_KEY, PEER_KEY
from trioxygen.common.grpc_server import GrpcServer
from trioxygen.common.network import Service
from trioxygen.common.session import PROTOCOL_VERSION
from trioxygen.common.tls import Tls
from trioxygen.proto.v1 import session_pb2

__all__ = ["GrpcChannel", "GrpcNetwork"]


class GrpcNetwork:
    """Args:
    cluster_id: empty while it is not known; may be set once it is.
    peer: which node this is, told to servers for their logs.
    tls: without it connections are in the clear."""

    def __init__(
        self,
        config: GrpcConfig | None = None,
        *,
        cluster_id: str = "",
        peer: str = "",
        tls: Tls | None = None,
    ) -> None:
        self.config = config or GrpcConfig()
        self.cluster_id, self.peer, self.tls = cluster_id, peer, tls
        self._channels: dict[str, GrpcChannel] = {}

    def hello(self) -> session_pb2.Hello:
        return session_pb2.Hello(
            protocol_version=PROTOCOL_VERSION, cluster_id=self.cluster_id, peer=self.peer
        )

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Of every stream outside sessions."""
        return ((CLUSTER_KEY, self.cluster_id), (PEER_KEY, self.peer))

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

    async def close(self) -> None:
        """Closes all channels; servers are stopped by their owners."""
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            await channel.close()
