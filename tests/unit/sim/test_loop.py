"""The virtual loop: time jumps, lives end at once."""

import asyncio

import pytest

from trioxygen.sim.loop import Life, SimulationStuck, VirtualLoop


def test_time_jumps_to_the_next_timer() -> None:
    loop = VirtualLoop()

    async def main() -> list[float]:
        times = []
        for _ in range(3):
            await asyncio.sleep(3_600)
            times.append(loop.time())
        return times

    assert loop.run(main()) == [3_600, 7_200, 10_800]


def test_timeouts_and_gathers_work_on_virtual_time() -> None:
    loop = VirtualLoop()

    async def slow(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    async def main() -> None:
        assert list(await asyncio.gather(slow(2), slow(1))) == [2, 1]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await slow(6)
        assert loop.time() == 7

    loop.run(main())


def test_nothing_of_a_killed_life_runs_again_not_even_its_finally() -> None:
    loop = VirtualLoop()
    said: list[str] = []

    async def worker() -> None:
        try:
            while True:
                await asyncio.sleep(1)
                said.append("work")
        finally:
            said.append("finally")

    life = Life("node")

    async def main() -> "asyncio.Task[None]":
        task = loop.create_task_of(life, worker(), name="worker")
        await asyncio.sleep(2.5)
        loop.call_at_of(life, 3.0, task.cancel)
        loop.kill(life)
        await asyncio.sleep(10)
        return task

    task = loop.run(main())
    assert not task.done()
    assert said == ["work", "work"]


def test_a_paused_life_goes_on_where_it_was() -> None:
    loop = VirtualLoop()
    times: list[float] = []

    async def worker() -> None:
        while True:
            await asyncio.sleep(1)
            times.append(loop.time())

    async def main() -> None:
        life = Life("node")
        loop.create_task_of(life, worker(), name="worker")
        await asyncio.sleep(1.5)
        loop.pause(life)
        await asyncio.sleep(5)
        loop.resume(life)
        await asyncio.sleep(2)
        loop.kill(life)

    loop.run(main())
    assert times == [1, 6.5, 7.5]


def test_a_failure_ends_the_run_whatever_the_code_catches() -> None:
    loop = VirtualLoop()
    went_on: list[bool] = []

    async def main() -> None:
        loop.fail(ValueError("found"))
        try:
            await asyncio.sleep(1)
        except ValueError:
            went_on.append(True)

    with pytest.raises(ValueError, match="found"):
        loop.run(main())
    assert not went_on


def test_callbacks_that_schedule_each_other_for_ever_are_noticed() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        await again()

    async def again() -> None:
        while True:
            await asyncio.wait([asyncio.ensure_future(asyncio.sleep(0))])

    with pytest.raises(SimulationStuck, match="time stands"):
        loop.run(main())


def test_a_run_with_nothing_left_to_happen_is_noticed() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        await loop.create_future()

    with pytest.raises(SimulationStuck, match="nothing is left"):
        loop.run(main())
