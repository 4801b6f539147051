import asyncio

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.metadata.manual_clock import ManualClock, SkippingClock
from trioxygen.common.clock import Clock
from trioxygen.common.worker import Tasks


class Counting:
    """Has more to do for the first `busy` runs; fails while it is told to."""

    name = "counting"
    interval_ms = 1_000.0

    def __init__(self, *, busy: int = 0, failures: int = 0) -> None:
        self.busy, self.failures = busy, failures
        self.runs = 0

    async def work(self) -> bool:
        self.runs += 1
        if self.failures:
            self.failures -= 1
            raise ValueError(f"{self.failures} to come")
        self.busy -= 1
        return self.busy > 0


def tasks_of(clock: Clock) -> tuple[Tasks, CollectorRegistry]:
    registry = CollectorRegistry()
    return Tasks(clock, registry), registry


async def rest(steps: int = 20) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


def test_worker_goes_on_at_once_while_there_is_more_and_rests_then() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        tasks, _ = tasks_of(clock)
        worker = Counting(busy=3)
        tasks.start_worker(worker)
        await rest()
        assert worker.runs == 3
        clock.advance(999)
        await rest()
        assert worker.runs == 3
        clock.advance(1)
        await rest()
        assert worker.runs == 4
        assert tasks.workers["counting"].runs == 4
        await tasks.stop()

    asyncio.run(scenario())


def test_failing_worker_is_counted_and_waits_longer_each_time() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        tasks, registry = tasks_of(clock)
        worker = Counting(failures=3)
        tasks.start_worker(worker)
        for runs, wait_ms in ((1, 200), (2, 400), (3, 800)):
            await rest()
            assert worker.runs == runs
            clock.advance(wait_ms - 1)
            await rest()
            assert worker.runs == runs
            clock.advance(1)
        await rest()
        state = tasks.workers["counting"]
        assert (state.runs, state.failures, state.last_error) == (1, 3, "0 to come")
        name = "trioxygen_worker_failures_total"
        assert registry.get_sample_value(name, {"worker": "counting"}) == 3
        await tasks.stop()

    asyncio.run(scenario())


def test_worker_survives_thousands_of_failures_in_a_row() -> None:
    async def scenario() -> None:
        clock = SkippingClock()
        tasks, _ = tasks_of(clock)
        worker = Counting(failures=1_500)
        running = tasks.start_worker(worker)
        await rest(6_000)
        assert not running.done()
        assert tasks.workers["counting"].failures == 1_500
        # Half a minute each, at most.
        assert clock.monotonic_ms() >= 1_490 * 30_000
        await tasks.stop()

    asyncio.run(scenario())


def test_stop_ends_every_task() -> None:
    async def scenario() -> None:
        tasks, _ = tasks_of(ManualClock())
        waiting = tasks.start(asyncio.Event().wait(), name="waits")
        working = tasks.start_worker(Counting())
        await rest()
        await tasks.stop()
        assert waiting.cancelled() and working.cancelled()
        await tasks.stop()

    asyncio.run(scenario())


def test_task_that_fails_is_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("broken")

    async def scenario() -> None:
        tasks, registry = tasks_of(ManualClock())
        tasks.start(fail(), name="fails")
        await rest()
        name = "trioxygen_worker_failures_total"
        assert registry.get_sample_value(name, {"worker": "fails"}) == 1
        await tasks.stop()

    asyncio.run(scenario())
    assert "task_failed task=fails" in caplog.text
