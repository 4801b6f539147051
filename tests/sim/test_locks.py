"""Versions under retentions and holds, in clusters whose leaders and clocks change."""

import pytest

from trioxygen.sim.locks.options import LockOptions, from_seed
from trioxygen.sim.locks.simulation import run
from trioxygen.sim.result import Result


def assert_passes(result: Result[LockOptions]) -> None:
    assert not result.failure, "\n".join(
        [*result.last_events, result.traceback, f"seed {result.seed}: {result.failure}"]
    )


@pytest.mark.parametrize("seed", range(1, 4))
def test_nothing_that_is_locked_goes(seed: int) -> None:
    assert_passes(run(seed, from_seed(seed, {"seconds": 3.0})))


def test_without_faults_locks_end_when_they_say_so() -> None:
    quiet = {"oms": 3, "faults": 0.0, "clocks": False, "seconds": 4.0, "retained_s_max": 1.0}
    result = run(7, from_seed(7, quiet))
    assert_passes(result)
    assert "unknown" not in result.counts
    for name, at_least in (
        ("versions-removed", 10),
        ("versions-expired", 5),
        ("retentions-changed", 10),
        ("compared-lists", 10),
        ("locked", 10),
        ("refused", 1),
    ):
        assert result.counts[name] >= at_least, name


def test_a_seed_gives_the_same_trace_twice() -> None:
    options = {"seconds": 1.0}
    assert run(3, from_seed(3, options)).digest == run(3, from_seed(3, options)).digest


def test_a_batch_that_puts_a_version_may_take_another_that_is_one_too_many_then() -> None:
    """The checker's mistake, once: it looked only at the state before."""
    assert_passes(run(164, from_seed(164, {"seconds": 7.4})))


def test_a_retention_lasts_although_its_leader_had_stood_still() -> None:
    """The leader after it went on from its own count, which was ahead: that ended early what had
    been promised."""
    assert_passes(run(306, from_seed(306, {"seconds": 8.0})))


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("first", range(1, 101, 20))
def test_twenty_seeds_keep_what_is_locked(first: int) -> None:
    for seed in range(first, first + 20):
        assert_passes(run(seed, from_seed(seed)))
