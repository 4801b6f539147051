"""What a majority is, also of two configurations at once (§3.3, §4.3). Knows nothing else."""

import enum
from collections.abc import Callable, Mapping

from trioxygen.metadata.raft.core.types import Configuration, ReplicaId


class VoteResult(enum.IntEnum):
    PENDING = 0
    WON = 1
    LOST = 2


def _majority_reached(
    voters: tuple[ReplicaId, ...], value_of: Callable[[ReplicaId], int]
) -> int | None:
    count = len(voters)
    if count == 3:
        # Nearly every group, and on the path of every acknowledged entry.
        first, second, third = value_of(voters[0]), value_of(voters[1]), value_of(voters[2])
        if first > second:
            first, second = second, first
        return max(first, min(second, third))
    if count == 1:
        return value_of(voters[0])
    if count == 0:
        return None
    return sorted([value_of(voter) for voter in voters])[(count - 1) // 2]


def reached_by_quorum(configuration: Configuration, value_of: Callable[[ReplicaId], int]) -> int:
    """The highest number that a quorum has reached. Joint: in both configurations (§4.3)."""
    new = _majority_reached(configuration.voters, value_of)
    old = _majority_reached(configuration.outgoing, value_of)
    if new is None:
        assert old is not None, "a group without voters"
        return old
    return new if old is None or new < old else old


def _majority_vote(voters: tuple[ReplicaId, ...], votes: Mapping[ReplicaId, bool]) -> VoteResult:
    granted = denied = 0
    for voter in voters:
        vote = votes.get(voter)
        if vote is not None:
            granted += vote
            denied += not vote
    needed = len(voters) // 2 + 1
    if granted >= needed or not voters:
        return VoteResult.WON
    return VoteResult.LOST if len(voters) - denied < needed else VoteResult.PENDING


def vote_result(configuration: Configuration, votes: Mapping[ReplicaId, bool]) -> VoteResult:
    """§3.4; joint: the candidate needs both majorities (§4.3)."""
    assert configuration.voters or configuration.outgoing, "a group without voters"
    new = _majority_vote(configuration.voters, votes)
    old = _majority_vote(configuration.outgoing, votes)
    if VoteResult.LOST in (new, old):
        return VoteResult.LOST
    return VoteResult.WON if new is old is VoteResult.WON else VoteResult.PENDING
