"""The states of a log's writing, of its next segment and of what is given to it: what the tables
say is all there is."""

from trioxygen.metadata.raft.log import flow, supply, writing
from trioxygen.metadata.raft.log.flow import Flow
from trioxygen.metadata.raft.log.supply import Next
from trioxygen.metadata.raft.log.writing import Writing


def test_every_state_says_where_it_may_lead() -> None:
    assert set(writing.MOVES) == set(Writing)
    assert set(supply.MOVES) == set(Next)
    assert set(flow.MOVES) == set(Flow)


def test_nothing_is_written_after_the_end() -> None:
    assert not flow.MOVES[Flow.ENDED]


def test_batch_is_written_only_in_a_turn_of_its_own() -> None:
    assert [now for now in Writing if Writing.WRITING in writing.MOVES[now]] == [Writing.DUE]


def test_segment_is_handed_out_only_when_it_stands_by() -> None:
    assert [now for now in Next if Next.HANDED in supply.MOVES[now]] == [Next.READY]
