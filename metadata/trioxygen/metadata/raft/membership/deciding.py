"""What a node without a group makes of its peers' answers; and what it answers itself. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.membership.identity import (
    FORMAT,
    Identity,
    Member,
    digest_of,
    first_members,
    member_of,
)
from trioxygen.proto.v1.raft_pb2 import DiscoverReply


@dataclass(frozen=True, slots=True)
class Peer:
    """A node that the configuration names."""

    node_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Nobody has a group: all begin this one, each for itself."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Adopt:
    """A group counts this incarnation among its members already.

    Attributes:
    first_members: empty when nobody who answered knows, or when this one is not among them.
    """

    group_digest: int
    replica: ReplicaId
    first_members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """There is a group, without this incarnation.

    Attributes:
    addresses: whom to ask, the likely leader first.
    """

    group_digest: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeepAsking:
    """Attributes:
    silent: node ids that have not answered.
    """

    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing that waiting could mend."""

    reason: str


Decision = Bootstrap | Adopt | Join | KeepAsking | Refuse


def decide(own: Identity, peers: Sequence[Peer], answers: Mapping[str, DiscoverReply]) -> Decision:
    """What to do after one round of questions.

    Args:
        own: belongs to no group.
        peers: all that are configured, the own node among them or not.
        answers: by node id of the peer that was asked; who is silent is missing.
    """
    assert not own.belongs, own
    others = [peer for peer in peers if peer.node_id != own.node_id]
    heard = {peer.node_id: answers[peer.node_id] for peer in others if peer.node_id in answers}
    for node_id, answer in heard.items():
        if (reason := _mismatch(own, node_id, answer)) is not None:
            return Refuse(reason)
    grouped = [answer for answer in heard.values() if answer.group_digest]
    if grouped:
        return _find_place(own, others, grouped)
    silent = tuple(sorted(peer.node_id for peer in others if peer.node_id not in heard))
    own_peer = next((peer for peer in peers if peer.node_id == own.node_id), None)
    if own_peer is None:
        # Not one of those who may begin a group: it joins what they begin.
        return KeepAsking(silent)
    wanted = sorted(peer.node_id for peer in peers)
    for node_id, answer in heard.items():
        if sorted(answer.configured) != wanted:
            return Refuse(
                f"node {node_id} is configured with the peers {', '.join(answer.configured)}, "
                f"this one with {', '.join(wanted)}"
            )
    if silent:
        return KeepAsking(silent)
    return Bootstrap(
        first_members(
            [
                (own.node_id, own_peer.address, own.incarnation),
                *(
                    (other.node_id, other.address, heard[other.node_id].incarnation)
                    for other in others
                ),
            ]
        )
    )


def _mismatch(own: Identity, node_id: str, answer: DiscoverReply) -> str | None:
    if answer.format != FORMAT:
        return f"node {node_id} speaks format {answer.format}, this one {FORMAT}"
    if answer.node_id == own.node_id:
        return f"the address of node {node_id} is answered by a node of the own id"
    if answer.node_id != node_id:
        return f"the address of node {node_id} is answered by node {answer.node_id}"
    return None


def _find_place(
    own: Identity, others: Sequence[Peer], grouped: Sequence[DiscoverReply]
) -> Decision:
    digests = sorted({answer.group_digest for answer in grouped})
    if len(digests) > 1:
        groups_text = ", ".join(
            f"{answer.node_id}: {answer.group_digest:016x}" for answer in grouped
        )
        return Refuse(f"the peers belong to different groups ({groups_text})")
    [digest] = digests
    begun = _who_began(digest, grouped)
    for answer in grouped:
        for row in answer.members:
            if row.node_id == own.node_id and row.incarnation == own.incarnation:
                replica = ReplicaId(row.replica_id)
                return Adopt(digest, replica, begun if _has(begun, replica, own) else ())
    for member in begun:
        if member.node_id == own.node_id and member.incarnation == own.incarnation:
            return Adopt(digest, member.replica, begun)
    leaders = [answer.leader_address for answer in grouped if answer.leader_address]
    grouped_ids = {answer.node_id for answer in grouped}
    known = [peer.address for peer in others if peer.node_id in grouped_ids]
    return Join(digest, tuple(dict.fromkeys((*leaders, *known))))


def _who_began(digest: int, grouped: Sequence[DiscoverReply]) -> tuple[Member, ...]:
    for answer in grouped:
        members = tuple(sorted(map(member_of, answer.first_members)))
        if members and digest_of(members) == digest:
            return members
    return ()


def _has(members: Sequence[Member], replica: ReplicaId, own: Identity) -> bool:
    return any(
        member.replica == replica and member.incarnation == own.incarnation for member in members
    )


def discover_reply(
    own: Identity,
    *,
    peers: Sequence[Peer],
    members: Sequence[Member] = (),
    leader_address: str = "",
) -> DiscoverReply:
    """Answers a peer, before the own group is known and after.

    Args:
        members: those in the state; the first ones when it says nothing yet.
    """
    return DiscoverReply(
        node_id=own.node_id,
        incarnation=own.incarnation,
        group_digest=own.group_digest,
        members=[member.row() for member in (members or own.first_members)],
        leader_address=leader_address,
        first_members=[member.row() for member in own.first_members],
        configured=[peer.node_id for peer in peers],
        format=FORMAT,
    )
