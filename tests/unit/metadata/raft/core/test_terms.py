import pytest

from tests.unit.metadata.raft.core.members import Member, group_of, seeded
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.core.receiving import TERMS_AHEAD_MAX
from trioxygen.metadata.raft.core.types import AppendEntries, Heartbeat, Message, ReplicaId


def heard(term: int) -> list[Message]:
    two, first = ReplicaId(2), ReplicaId(1)
    return [
        Heartbeat(two, first, term, 0, 1, False),
        AppendEntries(two, first, term, 0, 0, (), 0),
    ]


@pytest.mark.parametrize("kind", [0, 1])
def test_term_that_no_elections_come_to_is_not_taken_on(kind: int) -> None:
    member = Member(ReplicaId(1), RaftConfig(), group_of(3), seeded(1))
    member.node.step(heard(5)[kind])
    assert member.node.term == 5
    member.node.step(heard(5 + TERMS_AHEAD_MAX + 1)[kind])
    assert member.node.term == 5
    member.node.step(heard(5 + TERMS_AHEAD_MAX)[kind])
    assert member.node.term == 5 + TERMS_AHEAD_MAX


def test_member_of_no_term_takes_on_any() -> None:
    member = Member(ReplicaId(1), RaftConfig(), group_of(3), seeded(1))
    assert member.node.term == 0
    member.node.step(heard(2**50)[0])
    assert member.node.term == 2**50
