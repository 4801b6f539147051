"""What a node shows to people and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

from trioxygen.metadata.raft.core.progress import ProgressState
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId, Role


@dataclass(frozen=True, slots=True)
class PeerStatus:
    state: ProgressState
    match: int
    next: int
    active: bool
    inflight_messages: int
    inflight_bytes: int


@dataclass(frozen=True, slots=True)
class Status:
    """`peers` is empty but on a leader, which is one of them."""

    term: int
    role: Role
    leader: ReplicaId | None
    last_index: int
    durable_index: int
    commit: int
    applied: int
    quiescent: bool
    uncommitted_bytes: int
    transfer_to: ReplicaId | None
    configuration: Configuration
    peers: Mapping[ReplicaId, PeerStatus]


def status_of(state: State, replication: Replication) -> Status:
    log = state.log
    return Status(
        term=state.term,
        role=state.role,
        leader=state.leader,
        last_index=log.last_index,
        durable_index=log.durable,
        commit=log.commit,
        applied=log.applied,
        quiescent=state.quiescent,
        uncommitted_bytes=replication.uncommitted_bytes,
        transfer_to=state.transfer_to,
        configuration=state.membership.current,
        peers={
            peer: PeerStatus(
                progress.state,
                progress.match,
                progress.next,
                progress.heard_lately,
                progress.inflight_messages,
                progress.inflight_bytes,
            )
            for peer, progress in state.peers.items()
        },
    )
