"""Which class rules ask for, by S3's documentation."""

from typing import Any

import pytest

from trioxygen.common.lifecycle import (
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    NoncurrentTransition,
    Subject,
    Transition,
)
from trioxygen.common.transitions import (
    SIZE_BYTES_MIN,
    STANDARD,
    can_move,
    is_colder,
    noncurrent_transition_due,
    transition_due,
)

DAY = 1_000
ALL = Filter(Form.FILTER)
LARGE = Subject("a", SIZE_BYTES_MIN, ())


def rules_of(wanted: Filter = ALL, is_enabled: bool = True, **actions: Any) -> LifecycleRules:
    return LifecycleRules(
        (LifecycleRule(rule_id="r", is_enabled=is_enabled, filter=wanted, **actions),)
    )


def due(
    rules: LifecycleRules, *, now: int, stored: str = STANDARD, subject: Subject = LARGE
) -> str | None:
    """Of what was made at 500."""
    return transition_due(rules, subject, stored, created_ms=500, now_ms=now, day_ms=DAY)


def test_object_is_due_at_the_midnight_after_so_many_days() -> None:
    rules = rules_of(transitions=(Transition("EC_3_2", days=0), Transition("EC_6_3", days=2)))
    assert due(rules, now=999) is None
    assert due(rules, now=1_000) == "EC_3_2"
    assert due(rules, now=3_000, stored="EC_3_2") == "EC_6_3"
    # Both are due: the first one is left out.
    assert due(rules, now=3_000) == "EC_6_3"
    assert due(rules, now=9_000, stored="EC_6_3") is None


def test_object_is_due_at_a_date() -> None:
    rules = rules_of(transitions=(Transition("EC_3_2", date_ms=7_000),))
    assert (due(rules, now=6_999), due(rules, now=7_000)) == (None, "EC_3_2")


def test_of_several_classes_at_once_it_is_the_coldest() -> None:
    moves = (Transition("GLACIER_IR", days=1), Transition("INTELLIGENT_TIERING", days=1))
    assert due(rules_of(transitions=moves), now=9_000) == "GLACIER_IR"


def test_small_objects_stay_unless_the_rule_asks_for_a_size() -> None:
    small = Subject("a", SIZE_BYTES_MIN - 1, ())
    moves = (Transition("EC_3_2", days=0),)
    assert due(rules_of(transitions=moves), now=9_000, subject=small) is None
    for wanted in (Filter(Form.FILTER, larger_than=1), Filter(Form.FILTER, smaller_than=10**9)):
        assert due(rules_of(wanted, transitions=moves), now=9_000, subject=small) == "EC_3_2"


def test_other_objects_and_rules_that_are_off_move_nothing() -> None:
    moves = (Transition("EC_3_2", days=0),)
    assert due(rules_of(Filter(Form.FILTER, "b"), transitions=moves), now=9_000) is None
    assert due(rules_of(is_enabled=False, transitions=moves), now=9_000) is None
    assert due(rules_of(), now=9_000) is None


@pytest.mark.parametrize(
    ("before", "after", "can"),
    [
        (STANDARD, "STANDARD_IA", True),
        ("REDUCED_REDUNDANCY", "GLACIER_IR", True),
        ("STANDARD_IA", "INTELLIGENT_TIERING", True),
        ("INTELLIGENT_TIERING", "STANDARD_IA", False),
        ("GLACIER_IR", "STANDARD_IA", False),
        ("ONEZONE_IA", "GLACIER_IR", False),
        # Where S3 has no order.
        (STANDARD, "EC_3_2", True),
        ("EC_3_2", "STANDARD_IA", True),
        ("GLACIER_IR", "EC_3_2", True),
        ("EC_6_3", "EC_3_2", True),
        ("EC_3_2", "EC_3_2", False),
    ],
)
def test_versions_go_down_the_waterfall(before: str, after: str, can: bool) -> None:
    assert can_move(before, after) is can
    assert not is_colder(before, after) or not can


def test_noncurrent_version_is_due_by_its_days_and_by_those_that_are_newer() -> None:
    rules = rules_of(noncurrent_transitions=(NoncurrentTransition("EC_3_2", 1, 2),))

    def due_with(newer: int, now: int) -> str | None:
        return noncurrent_transition_due(
            rules,
            LARGE,
            STANDARD,
            superseded_ms=500,
            newer_noncurrent=newer,
            now_ms=now,
            day_ms=DAY,
        )

    assert due_with(2, 2_000) == "EC_3_2"
    assert due_with(1, 2_000) is None
    assert due_with(2, 1_999) is None
