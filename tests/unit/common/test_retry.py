import random

from trioxygen.common.retry import Backoff


def test_each_wait_is_twice_the_one_before_up_to_the_most() -> None:
    backoff = Backoff(5, 50)
    assert [backoff.take_ms() for _ in range(6)] == [5, 10, 20, 40, 50, 50]
    assert backoff.next_ms == 50
    backoff.reset()
    assert [backoff.take_ms() for _ in range(2)] == [5, 10]


def test_who_expects_an_end_soon_bounds_the_waits_to_come() -> None:
    backoff = Backoff(5, 500)
    assert [backoff.take_ms(most_ms=20) for _ in range(4)] == [5, 10, 20, 20]
    # Later waits grow on from there.
    assert [backoff.take_ms() for _ in range(3)] == [20, 40, 80]
    assert Backoff(5, 10).take_ms(most_ms=1_000) == 5


def test_chance_takes_up_to_half_of_a_wait_and_nothing_of_the_next() -> None:
    waits = [Backoff(100, 1_000).take_ms(rng=random.Random(seed)) for seed in range(50)]
    assert all(50 <= wait_ms <= 100 for wait_ms in waits)
    assert max(waits) - min(waits) > 30
    backoff = Backoff(100, 1_000)
    backoff.take_ms(rng=random.Random(1))
    assert backoff.next_ms == 200
