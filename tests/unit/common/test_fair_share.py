"""Bounded resources that many share."""

import pytest

from trioxygen.common.errors import Overloaded
from trioxygen.common.fair_share import FairShare


def taken_by(share: FairShare, holder: str) -> int:
    """How much it gets when it takes all it can."""
    count = 0
    while share.take(holder):
        count += 1
    return count


def test_one_holder_alone_gets_three_quarters_and_leaves_the_rest_to_others() -> None:
    share = FairShare(1_000)
    assert taken_by(share, "greedy") == 750
    assert taken_by(share, "second") > 100
    assert share.take("third")


def test_holder_that_comes_while_others_are_at_their_bound_is_served() -> None:
    share = FairShare(256)
    for number in range(3):
        taken_by(share, f"greedy {number}")
    assert share.take("modest")


def test_small_capacities_can_be_used_and_are_never_exceeded() -> None:
    for capacity in range(1, 10):
        share = FairShare(capacity)
        assert taken_by(share, "one") >= max(1, capacity // 2)
        taken_by(share, "two")
        assert share.total <= capacity


def test_what_is_given_back_can_be_taken_again_and_leaves_no_trace() -> None:
    share = FairShare(8)
    count = taken_by(share, "one")
    share.give_back("one", count)
    assert (share.total, share.holders) == (0, 0)
    assert taken_by(share, "one") == count


def test_what_is_taken_anyway_counts() -> None:
    share = FairShare(8)
    share.take_anyway("one", 8)
    assert not share.take("two")
    share.give_back("one", 8)
    assert share.take("two")


def test_holding_refuses_beyond_the_share_and_gives_back_after_a_failure() -> None:
    share = FairShare(1)
    with (
        pytest.raises(Overloaded, match="too many uploads"),
        share.holding("one", "uploads"),
        share.holding("one", "uploads"),
    ):
        pass
    assert share.total == 0
