"""Which clients are too slow: a minute is 60 looks of a second."""

from trioxygen.gateway.http.pace import Pace

IDLE_SECONDS_MAX = 60.0


def seconds_until_late(moved: "list[int]", *, is_sending: bool = True) -> int | None:
    """The look at which a client is late that has moved so many bytes at each; None: never."""
    pace = Pace(100, 60)
    for second, moved_bytes in enumerate(moved):
        if pace.is_late(
            float(second),
            is_sending=is_sending,
            moved_bytes=moved_bytes,
            idle_seconds_max=IDLE_SECONDS_MAX,
        ):
            return second
    return None


def test_client_below_the_rate_is_late_after_one_window() -> None:
    for is_sending in (True, False):
        assert seconds_until_late([second for second in range(300)], is_sending=is_sending) == 60


def test_client_at_the_rate_is_never_late() -> None:
    assert seconds_until_late([100 * second for second in range(3_600)]) is None


def test_fast_client_may_pause_for_less_than_the_idle_time() -> None:
    moved, total = [], 0
    for second in range(3_600):
        total += 10_000_000 if second % 55 == 0 else 0
        moved.append(total)
    assert seconds_until_late(moved) is None


def test_client_that_moves_nothing_is_late_after_the_idle_time() -> None:
    assert seconds_until_late([0] * 100) in (60, 61)
    assert seconds_until_late([50_000_000] * 100) in (60, 61)


def test_time_in_which_the_client_is_not_waited_for_does_not_count() -> None:
    pace = Pace(100, 60)
    for second in range(1_000):
        if second % 100 == 0:
            assert not pace.is_late(second, is_sending=True, moved_bytes=0, idle_seconds_max=60)
        else:
            pace.rest(second)


def test_process_that_stood_still_does_not_blame_the_client() -> None:
    pace = Pace(100, 60)
    for at in (0.0, 1.0, 500.0):
        assert not pace.is_late(at, is_sending=True, moved_bytes=0, idle_seconds_max=60)


def test_another_exchange_or_direction_begins_anew() -> None:
    pace = Pace(100, 60)
    for second in range(300):
        if second % 50 == 0:
            pace.begin()
        is_sending = second % 50 < 25
        assert not pace.is_late(second, is_sending=is_sending, moved_bytes=0, idle_seconds_max=60)
