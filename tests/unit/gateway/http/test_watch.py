"""What of a connection takes too long, by the facts alone."""

from dataclasses import dataclass, field
from typing import Any, cast

from trioxygen.gateway.http.limits import HttpLimits
from trioxygen.gateway.http.watch import Overdue, Watch, Watched

LIMITS = HttpLimits(
    keep_alive_seconds=10, head_seconds_max=5, body_idle_seconds_max=3, write_idle_seconds_max=2
)


@dataclass
class Facts:
    """A connection's parts in one."""

    linger_until: float = 0.0
    unsent_bytes: int = 0
    written_bytes: int = 0
    received_bytes: int = 0
    is_paused: bool = False
    is_in_head: bool = False
    head_since: float = 0.0
    is_answering: bool = False
    is_waiting_for_body: bool = False
    active: float = 0.0
    inflow: Any = field(init=False)

    def __post_init__(self) -> None:
        self.inflow = self.outlet = self.ending = self.requests = self.pipeline = self


def overdue(facts: Facts, seconds: int) -> list[tuple[int, Overdue]]:
    """What is overdue at which second."""
    watch = Watch(LIMITS)
    watch.begin()
    looks = [(now, watch.look(now, cast(Watched, facts))) for now in range(1, seconds + 1)]
    return [(now, output) for now, output in looks if output is not None]


def test_idle_connection_stays_for_its_time() -> None:
    assert overdue(Facts(), 12) == [(12, Overdue.IDLE)]


def test_head_must_come_to_its_end() -> None:
    facts = Facts(is_in_head=True, head_since=2)
    assert overdue(facts, 8) == [(8, Overdue.HEAD)]


def test_body_that_is_waited_for_must_come_and_one_whose_turn_has_not_come_need_not() -> None:
    facts = Facts(is_answering=True, is_waiting_for_body=True)
    assert overdue(facts, 5) == [(5, Overdue.BODY)]
    assert overdue(Facts(is_answering=True, is_waiting_for_body=True, is_paused=True), 60) == []
    assert overdue(Facts(is_answering=True), 60) == []


def test_answer_that_is_not_taken_is_overdue_and_keeps_the_connection_active() -> None:
    facts = Facts(unsent_bytes=10, written_bytes=10)
    assert overdue(facts, 4) == [(4, Overdue.READER)]
    assert facts.active == 4


def test_connection_lingers_no_longer_than_it_was_given() -> None:
    facts = Facts(linger_until=3, unsent_bytes=10)
    assert overdue(facts, 3) == [(3, Overdue.LINGERING)]
