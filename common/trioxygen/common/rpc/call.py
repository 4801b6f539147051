"""What a handler knows of a call beside the request: who calls, until when, and for whom."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from trioxygen.proto.v1 import options_pb2
from trioxygen.proto.v1.session_pb2 import Hello


class Role(Enum):
    """What a process, or a part of one, is in the cluster. Values are those of the wire."""

    UNKNOWN = options_pb2.ROLE_UNSPECIFIED
    GATEWAY = options_pb2.ROLE_GATEWAY
    OM = options_pb2.ROLE_OM
    SCM = options_pb2.ROLE_SCM
    DATANODE = options_pb2.ROLE_DATANODE
    OPERATOR = options_pb2.ROLE_OPERATOR
    RECON = options_pb2.ROLE_RECON
    CLIENT = options_pb2.ROLE_CLIENT


def role_of(number: int) -> Role:
    """One that this version does not know is UNKNOWN."""
    return _ROLES.get(number, Role.UNKNOWN)


def role_named(name: str) -> Role:
    """By its name in lower case, as certificates and logs have it."""
    return _NAMED.get(name, Role.UNKNOWN)


# Whose nodes form Raft groups: OMs, SCMs, and DataNodes their rings.
GROUP_ROLES: Final = frozenset({Role.OM, Role.SCM, Role.DATANODE})
_ROLES: Final = {int(role.value): role for role in Role}
_NAMED: Final = {role.name.lower(): role for role in Role}


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    Attributes:
    node_id: empty: not said.
    is_verified: by its certificate, or because it is part of this process; else it is only said.
    """

    role: Role = Role.UNKNOWN
    node_id: str = ""
    is_verified: bool = False

    def __str__(self) -> str:
        return (
            f"{self.role.name.lower()}/{self.node_id}" if self.node_id else self.role.name.lower()
        )


def said_peer(hello: Hello) -> Peer:
    """Believed as it is."""
    return Peer(role_of(hello.role), hello.peer)


class Call(NamedTuple):
    """Of one call or stream. A tuple: one is made for every call, and nothing is cheaper.

    Attributes:
    deadline_ms: when the caller gives up, by the event loop's clock; infinite: it waits as long as
        the stream goes on.
    request_id: of the client's request at the gateway; empty: of none.
    trace: the id under which that client traces it.
    """

    peer: Peer
    deadline_ms: float
    request_id: str = ""
    trace: str = ""

    def left_ms(self, now_ms: float) -> float:
        """What is left for calls that the handler makes in its turn; not less than 0."""
        return max(0.0, self.deadline_ms - now_ms)


ANYBODY: Final = Peer()
