"""Which time lifecycle rules go by."""

from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.units import DAY_MS, HOUR_MS
from trioxygen.metadata.om.state.lifecycle_clock import Distance, WallTime, tell

START = Distance(1_000)


def now_is(before: Distance | None, *, wall_ms: int, group_ms: int) -> WallTime:
    return tell(before, wall_ms=wall_ms, group_ms=group_ms, day_ms=DAY_MS)


def test_first_time_and_small_steps_are_believed() -> None:
    assert now_is(None, wall_ms=9_000, group_ms=2_000) == WallTime(9_000, Distance(7_000))
    step_ms = 1_000 + HOUR_MS
    assert now_is(START, wall_ms=step_ms, group_ms=0) == WallTime(step_ms, Distance(step_ms))
    assert now_is(START, wall_ms=-9, group_ms=0) == WallTime(-9, Distance(-9))


def test_leap_is_believed_when_it_has_lasted_a_day() -> None:
    leap_ms = 400 * DAY_MS
    first = now_is(START, wall_ms=leap_ms + 5, group_ms=5)
    assert first == WallTime(1_005, Distance(1_000, leap_ms, 5))
    later = now_is(first.distance, wall_ms=leap_ms + DAY_MS, group_ms=DAY_MS)
    assert later == WallTime(1_000 + DAY_MS, first.distance)
    at_last = now_is(later.distance, wall_ms=leap_ms + DAY_MS + 5, group_ms=DAY_MS + 5)
    assert at_last == WallTime(leap_ms + DAY_MS + 5, Distance(leap_ms))


def test_other_leap_has_a_day_of_its_own() -> None:
    first = now_is(START, wall_ms=400 * DAY_MS, group_ms=5)
    other = now_is(first.distance, wall_ms=900 * DAY_MS, group_ms=DAY_MS + 5)
    assert other.wall_ms == 1_000 + DAY_MS + 5
    assert other.distance.since_ms == DAY_MS + 5


@given(st.lists(st.tuples(st.integers(0, DAY_MS // 3), st.integers(0, 9)), max_size=30))
def test_no_leaps_hurry_time(steps: list[tuple[int, int]]) -> None:
    """Of leaps that do not last: time is at most an hour a look ahead of the group's."""
    distance, group_ms = START, 0
    for passed_ms, leap in steps:
        group_ms += passed_ms
        at = now_is(distance, wall_ms=group_ms + 1_000 + leap * 500 * DAY_MS, group_ms=group_ms)
        lasted_ms = group_ms - distance.since_ms
        if at.wall_ms > group_ms + 1_000:
            assert distance.leapt_ms == leap * 500 * DAY_MS + 1_000 and lasted_ms >= DAY_MS
            return
        distance = at.distance
