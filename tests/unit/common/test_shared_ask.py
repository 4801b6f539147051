"""One question that several wait for: who ends it, and what each of them gets."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import Stopping, Unavailable
from trioxygen.common.shared_ask import SharedAsk
from trioxygen.common.worker import Tasks


def asked(ask: Callable[[], Awaitable[None]]) -> tuple[SharedAsk, Tasks]:
    tasks = Tasks(ManualClock(), CollectorRegistry())
    return SharedAsk(tasks, ask, name="ask"), tasks


async def never() -> None:
    await asyncio.get_running_loop().create_future()


async def waiting(shared: SharedAsk, count: int) -> list["asyncio.Task[None]"]:
    tasks = [asyncio.create_task(shared.ended()) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


def test_each_who_waits_gets_an_error_of_its_own() -> None:
    async def refused() -> None:
        raise Unavailable("away")

    async def scenario() -> None:
        shared, _ = asked(refused)
        errors = await asyncio.gather(*await waiting(shared, 2), return_exceptions=True)
        assert [type(error) for error in errors] == [Unavailable] * 2 and errors[0] is not errors[1]
        assert not shared.is_under_way

    asyncio.run(scenario())


def test_only_the_last_who_leaves_ends_it() -> None:
    async def scenario() -> None:
        shared, _ = asked(never)
        first, last = await waiting(shared, 2)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert shared.is_under_way
        last.cancel()
        await asyncio.gather(last, return_exceptions=True)
        assert last.cancelled() and not shared.is_under_way
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def test_nobody_joins_what_is_being_ended() -> None:
    async def slow_to_end() -> None:
        try:
            await never()
        finally:
            await asyncio.sleep(0.01)

    async def scenario() -> None:
        shared, _ = asked(slow_to_end)
        [only] = await waiting(shared, 1)
        only.cancel()
        await asyncio.sleep(0)
        assert not only.done() and not shared.is_under_way
        await asyncio.gather(only, return_exceptions=True)

    asyncio.run(scenario())


def test_who_waits_at_a_stop_is_told_so() -> None:
    async def scenario() -> None:
        shared, tasks = asked(never)
        [only] = await waiting(shared, 1)
        await tasks.stop()
        with pytest.raises(Stopping):
            await only

    asyncio.run(scenario())
