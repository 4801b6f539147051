import asyncio
import gc
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.metadata.manual_clock import ManualClock, SkippingClock
from trioxygen.common.clock import Clock
from trioxygen.common.origin import Origin, current_origin, set_origin
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
        assert (state.runs, state.failures) == (1, 3)
        name = "trioxygen_worker_failures_total"
        assert registry.get_sample_value(name, {"worker": "counting"}) == 3
        await tasks.stop()

    asyncio.run(scenario())


def test_worker_waits_no_longer_after_failures_than_whoever_starts_it_says() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        tasks, _ = tasks_of(clock)
        worker = Counting(failures=6)
        tasks.start_worker(worker, failure_wait_ms_max=500)
        await rest()
        for runs in range(1, 7):
            assert worker.runs == runs
            clock.advance(500)
            await rest()
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


@pytest.mark.parametrize("is_stopped", [False, True])
def test_work_ends_by_itself_or_is_cancelled_when_it_is_stopped(is_stopped: bool) -> None:
    events: list[str] = []

    async def work(may_end: asyncio.Event) -> None:
        try:
            await may_end.wait()
            events.append("done")
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    async def run() -> bool:
        tasks, _ = tasks_of(ManualClock())
        stop, may_end = asyncio.Event(), asyncio.Event()
        running = asyncio.ensure_future(tasks.run_unless(stop, work(may_end), name="work"))
        await rest()
        (stop if is_stopped else may_end).set()
        return await running

    assert asyncio.run(run()) is not is_stopped
    assert events == ["cancelled" if is_stopped else "done"]


def test_what_work_raises_while_it_is_cancelled_is_counted_and_lost_to_nobody() -> None:
    unretrieved: list[dict[str, Any]] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("at its end")

    async def run() -> float | None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: unretrieved.append(context)
        )
        tasks, registry = tasks_of(ManualClock())
        stop = asyncio.Event()
        running = asyncio.ensure_future(tasks.run_unless(stop, work(), name="work"))
        await rest()
        stop.set()
        assert not await running
        gc.collect()
        return registry.get_sample_value("trioxygen_worker_failures_total", {"worker": "work"})

    assert asyncio.run(run()) == 1
    assert not unretrieved


def test_caller_that_is_cancelled_while_the_work_cleans_up_waits_for_that() -> None:
    events: list[str] = []

    async def work(may_end: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            events.append("cleans up")
            await may_end.wait()
            events.append("clean")

    async def run() -> None:
        tasks, _ = tasks_of(ManualClock())
        stop, may_end = asyncio.Event(), asyncio.Event()
        running = asyncio.ensure_future(tasks.run_unless(stop, work(may_end), name="work"))
        await rest()
        stop.set()
        for _ in range(2):
            await rest()
            running.cancel()
        await rest()
        assert events == ["cleans up"] and not running.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert events == ["cleans up", "clean"]

    asyncio.run(run())


def test_failure_of_work_that_is_waited_for_is_raised_there() -> None:
    async def fail() -> None:
        raise ValueError("no")

    async def run() -> None:
        tasks, _ = tasks_of(ManualClock())
        await tasks.run_unless(asyncio.Event(), fail(), name="work")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(run())


def test_first_failure_of_several_is_raised_and_cancels_the_others() -> None:
    events: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            events.append("cancelled")

    async def fail() -> None:
        await rest(3)
        raise ValueError("first")

    async def end() -> None:
        events.append("done")

    async def run() -> None:
        tasks, _ = tasks_of(ManualClock())
        await tasks.run_all([end(), end()])
        await tasks.run_all([wait(), fail(), wait()])

    with pytest.raises(ValueError, match="first"):
        asyncio.run(run())
    assert events == ["done", "done", "cancelled", "cancelled"]


def test_task_works_for_the_request_that_starts_it_only_when_it_says_so() -> None:
    async def scenario() -> None:
        tasks, _ = tasks_of(ManualClock())
        seen: list[str] = []

        async def note() -> None:
            seen.append(current_origin().request_id)

        set_origin(Origin("4F0A"))
        await tasks.start(note(), name="for many")
        await tasks.start(note(), name="for one", for_request=True)
        tasks.start_worker(Counting())
        assert seen == ["", "4F0A"]
        await tasks.stop()

    asyncio.run(scenario())


def test_tasks_that_their_owner_ends_have_ended_when_it_goes_on() -> None:
    async def scenario() -> None:
        tasks, _ = tasks_of(ManualClock())
        running = [tasks.start_worker(Counting()), tasks.start(asyncio.sleep(99), name="other")]
        others = tasks.start(asyncio.sleep(99), name="of somebody else")
        await rest()
        await tasks.end(*running)
        assert all(task.cancelled() for task in running) and not others.done()
        await tasks.stop()
        assert others.cancelled()

    asyncio.run(scenario())
