"""What a member of the OM's or of the SCM's Raft group is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from trioxygen.common.rpc.network import Service
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.membership.deciding import Peer
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.metadata.replication.executor import Executor
from trioxygen.proto.v1 import replication_pb2 as replication


class ReplicatedService(Protocol):
    """An OM or an SCM."""

    service: Service

    @property
    def executor(self) -> Executor: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


# (replica, first members of the group) -> the service, not started
BuildService = Callable[[Replica, Sequence[replication.MemberRow]], ReplicatedService]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupConfig:
    """Attributes:
    address: HOST:PORT under which others reach this node.
    peers: all nodes that are configured, this one among them or not.
    lease_reads: a leader reads without asking the others while it cannot have been replaced.
    replica: limits of the replica; None: the usual ones with the ticks below.
    """

    name: str
    group: GroupId
    node_id: str
    address: str
    peers: tuple[Peer, ...]
    tick_ms: float = 50
    election_ticks: int = 10
    heartbeat_ticks: int = 2
    lease_reads: bool = False
    replica: RaftReplicaConfig | None = None
