"""Containers as checks see them, said shortly."""

from typing import Any

from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.scm.replication.observed import (
    ObservedContainer,
    ObservedNode,
    ObservedReplica,
)
from trioxygen.proto.v1 import scm_pb2 as scm

OPEN, CLOSING, CLOSED = ContainerState.OPEN, ContainerState.CLOSING, ContainerState.CLOSED
QUASI_CLOSED, UNHEALTHY = ContainerState.QUASI_CLOSED, ContainerState.UNHEALTHY
RECOVERING, DELETING = ContainerState.RECOVERING, ContainerState.DELETING
DELETED = ContainerState.DELETED
DAY_MS = 86_400_000
TAKERS = frozenset(f"dn{number}" for number in range(10))


def replica(
    node_id: str, state: ContainerState = CLOSED, sequence: int = 0, **changed: Any
) -> ObservedReplica:
    """On a node of this name. Args: changed: of the replica, or of its node."""
    own = {name: changed.pop(name) for name in [*changed] if name in REPLICA_NAMES}
    own.setdefault("block_count", 1)
    node = ObservedNode(node_id=node_id, **changed)
    return ObservedReplica(node=node, state=state, commit_sequence=sequence, **own)


REPLICA_NAMES = {"replica_index", "origin", "used_bytes", "block_count", "coded"}


def container(
    state: ContainerState, *replicas: ObservedReplica, **changed: Any
) -> ObservedContainer:
    replication = changed.setdefault("replication", RATIS_THREE)
    values = {"wanted": replication.members, "block_count": 1, "age_ms": DAY_MS} | changed
    return ObservedContainer(container_id=7, state=state, replicas=replicas, **values)


def dead(node_id: str, state: ContainerState = CLOSED, **changed: Any) -> ObservedReplica:
    return replica(node_id, state, health=scm.DEAD, **changed)


def silent(node_id: str, state: ContainerState = CLOSED, **changed: Any) -> ObservedReplica:
    return replica(node_id, state, health=scm.STALE, **changed)


def leaving(node_id: str, **changed: Any) -> ObservedReplica:
    return replica(node_id, operation=scm.DECOMMISSIONING, **changed)


def pausing(node_id: str, **changed: Any) -> ObservedReplica:
    return replica(node_id, operation=scm.IN_MAINTENANCE, **changed)
