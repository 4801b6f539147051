"""Which membership change comes next, given who is known, who belongs and who keeps up. Pure.

The table of members says what is wanted; the group's configuration follows it one change at a time.
A plan is made anew after each change, by whoever leads then, so nothing is lost with a leader.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.metadata.raft.membership.identity import Member


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """The group shall have these members."""

    voters: tuple[ReplicaId, ...]
    learners: tuple[ReplicaId, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    """The table holds a replica that nobody needs to find any more."""

    replica: ReplicaId


Step = Reconfigure | Forget


def next_step(
    members: Sequence[Member],
    configuration: Configuration,
    *,
    alive: Collection[ReplicaId],
    caught_up: Collection[ReplicaId],
) -> Step | None:
    """None: all is as wanted, or has to wait.

    Args:
        alive: heard from lately, the leader too.
        caught_up: learners that hold, but for a moment's entries, the whole log (§4.2.1).
    """
    if configuration.is_joint:
        return None
    voters, learners = set(configuration.voters), set(configuration.learners)
    newest = _newest(members)
    wanted = set(newest.values())
    if stale := learners - wanted:
        return _reconfigure(voters, learners - stale)
    if new := wanted - voters - learners:
        return _reconfigure(voters, learners | new)
    of_node = {member.replica: member.node_id for member in members}
    for replica in sorted(learners & set(caught_up)):
        # Its node's former incarnation leaves in the same step: the size of a quorum stays.
        former = {voter for voter in voters if of_node.get(voter) == of_node[replica]}
        promoted = (voters - former) | {replica}
        if has_majority(promoted, alive):
            return _reconfigure(promoted, learners - {replica})
    return _forget(members, newest, voters | learners)


def _newest(members: Iterable[Member]) -> dict[str, ReplicaId]:
    """Of each node that has come: its last incarnation."""
    return {member.node_id: member.replica for member in sorted(members) if member.incarnation}


def _reconfigure(voters: Iterable[ReplicaId], learners: Iterable[ReplicaId]) -> Reconfigure:
    return Reconfigure(tuple(sorted(voters)), tuple(sorted(learners)))


def _forget(
    members: Sequence[Member], newest: dict[str, ReplicaId], in_group: Collection[ReplicaId]
) -> Forget | None:
    last = last_replica(members)
    for member in sorted(members):
        superseded = newest.get(member.node_id, member.replica) > member.replica
        # The highest id stays, even without a node: it must not be given again.
        vacant = not member.node_id and member.replica < last
        if (superseded or vacant) and member.replica not in in_group:
            return Forget(member.replica)
    return None


def last_replica(members: Iterable[Member]) -> ReplicaId:
    """0 when there is none."""
    return max((member.replica for member in members), default=ReplicaId(0))


def has_majority(voters: Collection[ReplicaId], alive: Collection[ReplicaId]) -> bool:
    return 2 * len(set(voters) & set(alive)) > len(voters)
