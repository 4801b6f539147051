import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from trioxygen.common.blocking import ThreadBlocking, run_or_undo


def scenario(test: Callable[[ThreadBlocking], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def with_blocking() -> None:
            blocking = ThreadBlocking(pool_threads=3)
            try:
                await test(blocking)
            finally:
                blocking.close()

        asyncio.run(with_blocking())

    run.__name__ = run.__qualname__ = getattr(test, "__name__", "test")
    return run


def fail() -> None:
    raise ValueError("no")


@scenario
async def test_result_and_exception_come_back_to_the_loop(blocking: ThreadBlocking) -> None:
    lane = blocking.lane("lane")
    for run in (blocking.run, lane.run):
        assert await run(divmod, 7, 3) == (2, 1)
        with pytest.raises(ValueError, match="no"):
            await run(fail)
        assert await run(threading.get_ident) != threading.get_ident()


@scenario
async def test_lane_runs_in_order_on_one_thread(blocking: ThreadBlocking) -> None:
    lane = blocking.lane("lane")
    done: list[int] = []
    threads: set[int] = set()

    def step(number: int) -> None:
        if number % 7 == 0:
            time.sleep(0.001)
        done.append(number)
        threads.add(threading.get_ident())

    await asyncio.gather(*(lane.run(step, number) for number in range(100)))
    assert done == list(range(100))
    assert len(threads) == 1


@scenario
async def test_lanes_and_the_pool_do_not_wait_for_each_other(blocking: ThreadBlocking) -> None:
    gate = threading.Event()
    held = blocking.lane("held")
    waiting = held.run(gate.wait, 10)
    assert await blocking.lane("free").run(len, "abc") == 3
    assert await blocking.run(len, "abc") == 3
    assert not waiting.done()
    gate.set()
    assert await waiting


@scenario
async def test_pool_runs_as_many_at_once_as_it_has_threads(blocking: ThreadBlocking) -> None:
    together = threading.Barrier(3)
    places = await asyncio.gather(*(blocking.run(together.wait, 10) for _ in range(3)))
    assert sorted(places) == [0, 1, 2]


@scenario
async def test_caller_that_goes_away_does_not_stop_the_thread(blocking: ThreadBlocking) -> None:
    lane = blocking.lane("lane")
    gate = threading.Event()
    done: list[str] = []

    def step() -> None:
        gate.wait(10)
        done.append("all the same")

    waiting = lane.run(step)
    waiting.cancel()
    gate.set()
    assert await lane.run(len, done) == 1


def test_close_waits_for_what_was_given() -> None:
    async def run() -> None:
        blocking = ThreadBlocking(pool_threads=1)
        done: list[int] = []

        def step(number: int) -> None:
            time.sleep(0.002)
            done.append(number)

        lane = blocking.lane("lane")
        for number in range(5):
            lane.run(step, number)
        lane.close()
        lane.close()
        assert done == [0, 1, 2, 3, 4]
        with pytest.raises(AssertionError):
            lane.run(step, 6)
        blocking.close()
        with pytest.raises(AssertionError):
            blocking.run(step, 7)

    asyncio.run(run())


def test_thread_outlives_a_loop_that_closed_meanwhile() -> None:
    blocking = ThreadBlocking(pool_threads=1)
    gate = threading.Event()

    async def leave() -> None:
        blocking.run(gate.wait, 10)

    asyncio.run(leave())
    gate.set()

    async def come() -> int:
        return await blocking.run(len, "abc")

    assert asyncio.run(come()) == 3
    blocking.close()


def test_what_a_thread_makes_for_a_caller_that_is_cancelled_is_undone() -> None:
    async def scenario() -> None:
        blocking = ThreadBlocking()
        begun, go_on = threading.Event(), threading.Event()
        undone: list[str] = []

        def make() -> str:
            begun.set()
            assert go_on.wait(20)
            return "made"

        making = asyncio.create_task(run_or_undo(blocking, make, undone.append))
        await asyncio.to_thread(begun.wait, 20)
        making.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await making
        assert undone == ["made"]
        assert await run_or_undo(blocking, make, undone.append) == "made"
        assert undone == ["made"]
        blocking.close()

    asyncio.run(scenario())
