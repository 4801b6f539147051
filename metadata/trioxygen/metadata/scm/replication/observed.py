"""What the checks look at: one container, as the SCM's row, reports and nodes show it. Values."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import Replication
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import NodeHealth, NodeOperation

_LEAVES: Final = frozenset({scm_pb2.DECOMMISSIONING, scm_pb2.DECOMMISSIONED})
_PAUSES: Final = frozenset({scm_pb2.ENTERING_MAINTENANCE, scm_pb2.IN_MAINTENANCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedNode:
    """A DataNode that holds a replica.

    Attributes:
    rack: where it stands; empty: in the only one.
    used_share: of its disks, 0 to 1: of two replicas too many, the fuller node's goes.
    """

    node_id: str
    health: NodeHealth = scm_pb2.HEALTHY
    operation: NodeOperation = scm_pb2.IN_SERVICE
    rack: str = ""
    used_share: float = 0.0

    @property
    def is_dead(self) -> bool:
        return self.health == scm_pb2.DEAD

    @property
    def leaves(self) -> bool:
        """What it holds is to be elsewhere."""
        return self.operation in _LEAVES

    @property
    def pauses(self) -> bool:
        """It comes back with what it holds."""
        return self.operation in _PAUSES

    @property
    def stays(self) -> bool:
        return self.operation == scm_pb2.IN_SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedReplica:
    """As its node reported it last.

    Attributes:
    replica_index: 0: a whole one.
    commit_sequence: the highest of its blocks. One with less lacks some of them.
    origin: the node that took its writes.
    coded: of an erasure code: (data cells, blocks, sum of tags), see `completeness`.
    """

    node: ObservedNode
    state: ContainerState
    replica_index: int = 0
    commit_sequence: int = 0
    origin: str = ""
    used_bytes: int = 0
    block_count: int = 0
    coded: tuple[tuple[int, int, int], ...] = ()

    @property
    def node_id(self) -> str:
        return self.node.node_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What is under way, and counts as done until it is, or has taken too long.

    Attributes:
    copies: the nodes that are to get a replica, and of which index.
    removals: the nodes whose replica goes.
    """

    copies: tuple[tuple[str, int], ...] = ()
    removals: frozenset[str] = frozenset()


NOTHING_PENDING: Final = Pending()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedContainer:
    """Attributes:
    state, replication, pipeline_id, block_count: of the SCM's row.
    commit_sequence: the highest that the row or a closed replica names.
    replicas: of it, not of another container of the same id. Of a node that is silent, as it
        reported last.
    wanted: replicas that it is to have: those of its class, or less where the configuration allows
        it and there are not as many DataNodes.
    members: the nodes that took its writes, with their health.
    members_known: all of them that are not DEAD have reported what they have.
    rack_max: so many of `wanted` on a rack at most; 0: as many as may be.
    online_min: replicas that stay readable while nodes are in maintenance.
    closing_ms: for so long this SCM has seen it take no new blocks.
    close_delay_ms: what writers that hold leases in it have to finish.
    unsettled_ms: for so long this SCM has seen replicas that differ.
    settle_ms: what those have to become alike by themselves.
    lagging_ms: for so long a member of an open one has not come to what others had, see
        `open_coded`. lag_ms_max: it is closed then.
    age_ms: since it was opened.
    empty_delay_ms: an empty container stays so long.
    class_is_known: the row says how many replicas it is to have. Of a container that was adopted it
        may not: then none of them is too many.
    deletions_wait: nodes have not confirmed yet that they have deleted blocks of it.
    moved_from: the node that it was copied away from, so that its replica goes; empty: none.
    """

    container_id: int
    state: ContainerState
    replication: Replication
    replicas: tuple[ObservedReplica, ...]
    wanted: int
    pipeline_id: int = 0
    commit_sequence: int = 0
    block_count: int = 0
    members: tuple[ObservedNode, ...] = ()
    members_known: bool = True
    rack_max: int = 0
    online_min: int = 1
    pending: Pending = NOTHING_PENDING
    closing_ms: float = 0
    close_delay_ms: float = 0
    unsettled_ms: float = 0
    settle_ms: float = 0
    lagging_ms: float = 0
    lag_ms_max: float = 0
    age_ms: float = 0
    empty_delay_ms: float = 0
    class_is_known: bool = True
    deletions_wait: bool = False
    moved_from: str = ""

    @property
    def dead_may_hold_all(self) -> bool:
        """Whether something may have been acknowledged that only members have which are dead."""
        dead = sum(member.is_dead for member in self.members)
        return dead >= self.replication.holders_min(len(self.members))

    @property
    def ring_is_lost(self) -> bool:
        """So many of its members are dead that the others agree on nothing any more. Of an
        erasure-coded one each member is a ring of its own."""
        if self.replication.is_ec or not self.members:
            return False
        living = sum(not member.is_dead for member in self.members)
        return 2 * living <= len(self.members)
