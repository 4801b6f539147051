"""A group's time counts how long replicas have run, and nothing that wall clocks say."""

from tests.unit.metadata.manual_clock import START_MS, ManualClock
from trioxygen.common.units import DAY_MS, HOUR_MS
from trioxygen.metadata.replication.group_time import GroupTime, NotedTime, note_time, noted_time
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.memory_kv import MemoryStore


def test_it_begins_with_the_first_leader_and_goes_on_by_the_monotonic_clock() -> None:
    clock = ManualClock()
    time = GroupTime(clock)
    time.begin(NotedTime())
    begun = time.count_on(NotedTime())
    assert begun == START_MS
    for step_ms in (HOUR_MS, -2 * HOUR_MS, 100 * 365 * DAY_MS):
        clock.wall += step_ms
        clock.advance(1_000)
    assert time.count_on(NotedTime(begun)) == begun + 3_000


def test_leader_counts_on_from_where_it_began_to_follow() -> None:
    """Nobody noted anything for ten minutes; the one that followed knows that they passed."""
    clock = ManualClock(wall_ms=5)
    follower = GroupTime(clock)
    follower.begin(NotedTime(group_ms=1_000_000))
    clock.advance(600_000)
    assert follower.now_ms(NotedTime(group_ms=1_000_100)) == 1_600_000
    assert follower.count_on(NotedTime(group_ms=1_000_100)) == 1_600_000


def test_what_a_leader_has_not_counted_the_next_one_does_not_make_up_for() -> None:
    """Its machine was suspended for an hour. What it has promised since lasts as long."""
    clock = ManualClock()
    follower = GroupTime(clock)
    follower.begin(NotedTime(group_ms=1_000))
    clock.advance(HOUR_MS)
    follower.follow(NotedTime(group_ms=1_500))
    clock.advance(200)
    assert follower.count_on(NotedTime(group_ms=1_500)) == 1_700


def test_what_another_leader_noted_is_never_gone_back_from() -> None:
    clock = ManualClock()
    time = GroupTime(clock)
    time.begin(NotedTime(group_ms=1_000))
    clock.advance(50)
    assert time.count_on(NotedTime(group_ms=9_000)) == 9_000
    clock.advance(50)
    assert time.count_on(NotedTime(group_ms=9_000)) == 9_050


def test_a_stop_of_all_replicas_does_not_count() -> None:
    time = GroupTime(ManualClock(wall_ms=START_MS + DAY_MS))
    time.begin(NotedTime(group_ms=START_MS, wall_ms=START_MS))
    assert time.count_on(NotedTime(group_ms=START_MS, wall_ms=START_MS)) == START_MS


def test_times_are_kept_in_the_state_also_of_before_1970() -> None:
    store = MemoryStore([META])
    txn = store.begin()
    assert noted_time(txn) == NotedTime(0, 0)
    note_time(txn, group_ms=7, wall_ms=-5)
    assert noted_time(txn) == NotedTime(7, 0)
    txn.commit()
