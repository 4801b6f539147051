"""What both ends of gRPC need of the network that they belong to."""

from typing import Final, Protocol

from trioxygen.common.rpc.grpc_config import GrpcConfig
from trioxygen.common.rpc.rules.table import PACKAGE
from trioxygen.common.rpc.tls import Tls
from trioxygen.proto.v1 import session_pb2

EXCHANGE: Final = "Session/Exchange"


class GrpcPeer(Protocol):
    """Attributes:
    cluster_id: empty while it is not known.
    tls: without it connections are in the clear.
    """

    config: GrpcConfig
    cluster_id: str
    tls: Tls | None

    def hello(self) -> session_pb2.Hello: ...

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Of every stream outside sessions."""
        ...


def path_of(method: str) -> str:
    return f"/{PACKAGE}.{method}"
