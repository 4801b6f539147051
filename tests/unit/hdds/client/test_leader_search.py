"""Whom a call asks next, where a member of the ring is silent: on a clock that nobody waits for."""

from tests.unit.hdds.client.replicas import address_of
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import DeadlineExceeded, NotLeader, Unreachable
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.leaders import Leaders, LeaderSearch
from trioxygen.proto.v1.types_pb2 import Pipeline

CONFIG = ClientConfig(leader_try_ms=600.0, away_retry_ms=300.0)
RING = Pipeline(pipeline_id=1, datanodes=[address_of(name) for name in "abc"])
A, B, C = RING.datanodes


class Search:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.leaders = Leaders(self.clock, CONFIG)
        self.search = LeaderSearch(self.leaders, RING)

    @property
    def next(self) -> str:
        return self.search.next().address


def test_silent_leader_that_is_still_named_is_asked_again_only_later() -> None:
    ring = Search()
    assert ring.next == "a" and ring.search.try_ms == 600.0
    ring.clock.advance(600)
    assert ring.search.failed(A, DeadlineExceeded())
    assert ring.search.try_ms == 1_200.0
    # The others have not noticed yet.
    assert ring.next == "b" and ring.search.failed(B, NotLeader(leader="a"))
    assert ring.next == "c" and not ring.search.failed(C, NotLeader(leader="a"))
    assert ring.next == "b"
    # It may only be slow.
    ring.clock.advance(600)
    assert ring.search.failed(B, NotLeader(leader="a")) and ring.next == "a"


def test_member_that_is_named_is_asked_at_once() -> None:
    ring = Search()
    assert ring.search.failed(A, NotLeader(leader="c")) and ring.next == "c"


def test_next_call_does_not_ask_a_silent_member_first() -> None:
    ring = Search()
    ring.search.failed(A, DeadlineExceeded())
    assert LeaderSearch(ring.leaders, RING).next().address == "b"
    # Of another ring neither.
    other = Pipeline(pipeline_id=2, datanodes=RING.datanodes)
    assert LeaderSearch(ring.leaders, other).next().address == "b"
    ring.clock.advance(600)
    assert LeaderSearch(ring.leaders, other).next().address == "a"


def test_member_that_refused_is_left_alone_for_a_moment() -> None:
    ring = Search()
    ring.search.failed(A, Unreachable())
    ring.search.failed(B, Unreachable())
    assert ring.next == "c"
    ring.search.failed(C, Unreachable())
    # All have: whoever was it first is the first to be asked again.
    assert ring.next in "abc"
    ring.clock.advance(300)
    assert ring.leaders.silent_until_ms(A) == 0.0


def test_try_is_longer_where_all_writes_take_long() -> None:
    ring = Search()
    for _ in range(64):
        ring.leaders.answered("a", 900.0)
    assert LeaderSearch(ring.leaders, RING).try_ms == 2_700.0
