"""Which rules apply to what, and when something is due."""

from dataclasses import replace

import pytest

from trioxygen.common.lifecycle import (
    Due,
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    NoncurrentExpiration,
    Subject,
    abort_due,
    due_ms,
    expiration_due,
    marker_due,
    noncurrent_due,
)
from trioxygen.common.units import DAY_MS, HOUR_MS

EVERYTHING = Filter(Form.FILTER)


def rule(rule_id: str = "r", wanted: Filter = EVERYTHING, **actions: object) -> LifecycleRule:
    return replace(
        LifecycleRule(rule_id=rule_id, is_enabled=True, filter=wanted),
        **actions,  # type: ignore[arg-type]
    )


def rules(*of: LifecycleRule) -> LifecycleRules:
    return LifecycleRules(of)


@pytest.mark.parametrize(
    ("since_ms", "days", "due"),
    [
        (10 * HOUR_MS, 3, 4 * DAY_MS),
        (1, 1, 2 * DAY_MS),
        (DAY_MS - 1, 1, 2 * DAY_MS),
        (0, 1, DAY_MS),
        (5 * DAY_MS, 0, 5 * DAY_MS),
    ],
)
def test_due_is_the_next_midnight(since_ms: int, days: int, due: int) -> None:
    assert due_ms(since_ms, days, day_ms=DAY_MS) == due


def test_days_may_be_shorter() -> None:
    assert due_ms(10_500, 3, day_ms=2_000) == 18_000


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (EVERYTHING, True),
        (Filter(Form.PREFIX, "logs/"), True),
        (Filter(Form.FILTER, "log/"), False),
        (Filter(Form.FILTER, tags=(("a", "1"),)), True),
        (Filter(Form.FILTER, tags=(("a", "2"),)), False),
        (Filter(Form.AND, "logs/", (("a", "1"), ("b", "2"))), True),
        (Filter(Form.AND, "logs/", (("a", "1"), ("c", "3"))), False),
        (Filter(Form.FILTER, larger_than=99), True),
        (Filter(Form.FILTER, larger_than=100), False),
        (Filter(Form.FILTER, smaller_than=101), True),
        (Filter(Form.FILTER, smaller_than=100), False),
    ],
)
def test_all_conditions_of_a_filter_have_to_hold(wanted: Filter, matches: bool) -> None:
    assert wanted.matches(Subject("logs/x", 100, (("b", "2"), ("a", "1")))) is matches


def test_earliest_rule_says_when_an_object_expires() -> None:
    said = rules(
        rule("late", expiration=Expiration(days=9)),
        rule("off", is_enabled=False, expiration=Expiration(days=1)),
        rule("other", Filter(Form.FILTER, "x"), expiration=Expiration(days=1)),
        rule("early", expiration=Expiration(days=2)),
        rule("markers", expiration=Expiration(removes_markers=True)),
        rule("date", expiration=Expiration(date_ms=7 * DAY_MS)),
    )
    subject = Subject("key", 1, ())
    due = expiration_due(said, subject, created_ms=1, day_ms=DAY_MS)
    assert due == Due(3 * DAY_MS, "early")
    due = expiration_due(said, subject, created_ms=20 * DAY_MS, day_ms=DAY_MS)
    assert due == Due(7 * DAY_MS, "date")
    nothing = rules(rule(abort_days=1))
    assert expiration_due(nothing, subject, created_ms=1, day_ms=DAY_MS) is None


def test_newest_noncurrent_versions_stay() -> None:
    said = rules(rule(noncurrent=NoncurrentExpiration(1, 2)))
    subject = Subject("key", 1, ())
    for newer, due in ((0, None), (1, None), (2, Due(2 * DAY_MS, "r"))):
        assert due == noncurrent_due(
            said, subject, superseded_ms=5, newer_noncurrent=newer, day_ms=DAY_MS
        )


def test_marker_that_hides_nothing_goes_at_once_or_with_age() -> None:
    at_once = rules(rule(expiration=Expiration(removes_markers=True)))
    by_age = rules(rule(expiration=Expiration(days=1)))
    neither = rules(rule(expiration=Expiration(removes_markers=False)))
    assert marker_due(at_once, "key", created_ms=5, day_ms=DAY_MS) == Due(5, "r")
    assert marker_due(by_age, "key", created_ms=5, day_ms=DAY_MS) == Due(2 * DAY_MS, "r")
    assert marker_due(neither, "key", created_ms=5, day_ms=DAY_MS) is None


def test_uploads_are_chosen_by_prefix() -> None:
    said = rules(rule("a", Filter(Form.FILTER, "tmp/"), abort_days=1))
    assert abort_due(said, "tmp/x", begun_ms=5, day_ms=DAY_MS) == Due(2 * DAY_MS, "a")
    assert abort_due(said, "x", begun_ms=5, day_ms=DAY_MS) is None
