"""The checker of Raft's properties, against hand-made conversations."""

import pytest

from trioxygen.proto.v1 import raft_pb2
from trioxygen.proto.v1.raft_pb2 import RaftGroupMessages, RaftMessage, RaftMessageKind
from trioxygen.sim.checkers.raft import GroupProperties
from trioxygen.sim.checkers.violation import Violation


def said(*messages: RaftMessage) -> RaftGroupMessages:
    return RaftGroupMessages(group=1, messages=messages)


def heartbeat(leader: int, term: int) -> RaftMessage:
    return RaftMessage(kind=raft_pb2.RAFT_HEARTBEAT, sender=leader, to=9, term=term)


def append(
    leader: int, term: int, after: tuple[int, int], *entries: tuple[int, bytes]
) -> RaftMessage:
    """Args: after: (index, term) of the entry before; entries: (term, payload)."""
    return RaftMessage(
        kind=raft_pb2.APPEND_ENTRIES,
        sender=leader,
        to=9,
        term=term,
        index=after[0],
        index_term=after[1],
        payloads=[payload for _, payload in entries],
        terms=[entry_term for entry_term, _ in entries],
    )


def vote(voter: int, candidate: int, term: int, *, pre: bool = False) -> RaftMessage:
    return RaftMessage(
        kind=raft_pb2.VOTE_REPLY, sender=voter, to=candidate, term=term, flag=True, pre=pre
    )


def accepted(follower: int, term: int, index: int) -> RaftMessage:
    return RaftMessage(kind=raft_pb2.APPEND_REPLY, sender=follower, to=1, term=term, index=index)


def rejected(follower: int, term: int, *, hint: int) -> RaftMessage:
    return RaftMessage(
        kind=raft_pb2.APPEND_REPLY,
        sender=follower,
        to=1,
        term=term,
        index=99,
        flag=True,
        hint_index=hint,
    )


def test_follower_that_lost_what_it_acknowledged_is_refused() -> None:
    group = GroupProperties("g")
    # Replies of an earlier term, and to messages that come late, say less.
    group.heard(said(rejected(2, 4, hint=1), accepted(2, 4, 7), accepted(2, 4, 5)))
    group.heard(said(rejected(2, 4, hint=7), rejected(3, 4, hint=2)))
    # Told to a leader of term 3 whose message comes late.
    group.heard(said(RaftMessage(kind=raft_pb2.APPEND_REPLY, sender=2, to=1, term=4, flag=True)))
    with pytest.raises(Violation, match="acknowledged-is-kept"):
        group.heard(said(rejected(2, 4, hint=6)))


def test_another_leaders_entries_may_take_the_place_of_what_was_acknowledged() -> None:
    group = GroupProperties("g")
    group.heard(said(accepted(2, 4, 7), rejected(2, 5, hint=3), accepted(2, 5, 4)))
    with pytest.raises(Violation, match="acknowledged-is-kept"):
        group.heard(said(rejected(2, 5, hint=3)))


def test_two_leaders_of_one_term_are_refused() -> None:
    group = GroupProperties("g")
    group.heard(said(heartbeat(1, 4), heartbeat(2, 5), heartbeat(1, 4)))
    with pytest.raises(Violation, match="election-safety"):
        group.heard(said(heartbeat(3, 5)))


def test_two_votes_in_one_term_are_refused() -> None:
    group = GroupProperties("g")
    group.heard(said(vote(1, 2, 4), vote(1, 2, 4), vote(1, 3, 5), vote(1, 3, 4, pre=True)))
    with pytest.raises(Violation, match="one-vote"):
        group.heard(said(vote(1, 3, 4)))


def test_a_candidate_votes_for_itself() -> None:
    group = GroupProperties("g")
    candidacy = RaftMessage(kind=RaftMessageKind.REQUEST_VOTE, sender=1, to=2, term=4)
    group.heard(said(candidacy))
    with pytest.raises(Violation, match="one-vote"):
        group.heard(said(vote(1, 3, 4)))


def test_one_index_and_term_is_one_entry() -> None:
    group = GroupProperties("g")
    group.heard(said(append(1, 2, (0, 0), (2, b"x"), (2, b"y"))))
    group.heard(said(append(1, 2, (1, 2), (2, b"y"), (2, b"z"))))
    with pytest.raises(Violation, match="log-matching"):
        group.heard(said(append(1, 2, (1, 2), (2, b"other"))))


def test_one_index_and_term_has_one_predecessor() -> None:
    group = GroupProperties("g")
    group.heard(said(append(1, 3, (4, 2), (3, b"x"))))
    with pytest.raises(Violation, match="leader-append-only|log-matching"):
        group.heard(said(append(1, 3, (4, 1), (3, b"x"))))


def test_a_leader_that_replaces_its_own_entry_is_refused() -> None:
    group = GroupProperties("g")
    group.heard(said(append(1, 3, (4, 2), (2, b"old"))))
    with pytest.raises(Violation, match="leader-append-only"):
        group.heard(said(append(1, 3, (4, 2), (3, b"new"))))


def test_a_later_leader_without_a_committed_entry_is_refused() -> None:
    group = GroupProperties("g")
    group.heard(said(append(1, 2, (0, 0), (2, b"x"))))
    group.applied("n1", 1, 2, 77)
    # A leader of the past that does not know yet.
    group.heard(said(append(3, 1, (0, 0), (1, b"old"))))
    with pytest.raises(Violation, match="leader-completeness"):
        group.heard(said(append(2, 3, (0, 0), (3, b"y"))))


def test_states_that_differ_at_one_index_are_refused() -> None:
    group = GroupProperties("g")
    group.applied("n1", 4, 2, 77)
    group.applied("n2", 4, 2, 77)
    with pytest.raises(Violation, match="state-equality"):
        group.applied("n3", 4, 2, 78)


def test_an_index_that_is_applied_with_two_terms_is_refused() -> None:
    group = GroupProperties("g")
    group.applied("n1", 4, 2, 77)
    with pytest.raises(Violation, match="state-machine-safety"):
        group.applied("n2", 4, 3, 77)
