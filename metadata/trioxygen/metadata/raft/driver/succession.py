"""Who shall lead next, when the leader gives it up by itself. Pure."""

from trioxygen.metadata.raft.core.node import Node
from trioxygen.metadata.raft.core.progress import ProgressState
from trioxygen.metadata.raft.core.status import Status
from trioxygen.metadata.raft.core.types import ReplicaId, Role


def successor(node: Node) -> ReplicaId | None:
    """Of the voters that were heard from lately, the one that holds most of the log. None: there is
    none, or `node` does not lead."""
    if node.role is not Role.LEADER:
        return None
    candidates = [
        (peer.match, replica)
        for replica, peer in node.status().peers.items()
        if replica != node.id and peer.active and node.configuration.has_vote(replica)
    ]
    return max(candidates)[1] if candidates else None


def nearness(status: Status, replica: ReplicaId) -> tuple[bool, int]:
    """The greater, the sooner it can lead: who is heard of, who holds more of the log."""
    peer = status.peers.get(replica)
    return (peer.active, peer.match) if peer is not None else (False, -1)


def may_take_over(status: Status, replica: ReplicaId) -> bool:
    """Whether it is heard of and gets entries as they come."""
    peer = status.peers.get(replica)
    return peer is not None and peer.active and peer.state is ProgressState.REPLICATE
