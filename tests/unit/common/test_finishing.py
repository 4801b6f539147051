"""Work goes on to its end though its caller is cancelled."""

import asyncio

import pytest

from trioxygen.common.finishing import Finishing, joined, to_the_end


async def settle() -> None:
    """Every task has come to where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


class Work:
    """Ends when it is let go; notes that it did."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.go_on = asyncio.Event()
        self.is_finished = False

    async def run(self) -> str:
        await self.go_on.wait()
        self.is_finished = True
        if self._error is not None:
            raise self._error
        return "done"


def test_cancelled_caller_waits_for_the_end_and_is_cancelled_then() -> None:
    async def run() -> None:
        work = Work()
        caller = asyncio.create_task(to_the_end(asyncio.create_task(work.run())))
        # Also when it is cancelled again while it waits.
        for _ in range(3):
            await settle()
            caller.cancel()
        await settle()
        assert not caller.done() and not work.is_finished
        work.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert work.is_finished

    asyncio.run(run())


def test_result_and_error_of_the_work_reach_a_caller_that_stays() -> None:
    async def run() -> None:
        for work in (Work(), Work(OSError("full"))):
            work.go_on.set()
            caller = asyncio.create_task(to_the_end(asyncio.create_task(work.run())))
            [result] = await asyncio.gather(caller, return_exceptions=True)
            assert str(result) in ("done", "full")

    asyncio.run(run())


def test_error_of_work_whose_caller_was_cancelled_is_no_warning_at_the_end() -> None:
    async def run() -> None:
        unhandled: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, each: unhandled.append(each))
        work = Work(OSError("full"))
        caller = asyncio.create_task(to_the_end(asyncio.create_task(work.run())))
        await settle()
        caller.cancel()
        work.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert not unhandled

    asyncio.run(run())


def test_owner_waits_for_what_cancelled_callers_have_left() -> None:
    async def run() -> None:
        finishing, work = Finishing(), Work()
        caller = asyncio.create_task(finishing.run(work.run()))
        await settle()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        ended = asyncio.create_task(finishing.ended())
        await settle()
        assert not ended.done() and not work.is_finished
        work.go_on.set()
        await ended
        assert work.is_finished

    asyncio.run(run())


def test_work_that_several_join_ends_with_none_of_them_and_its_owner_waits_for_it() -> None:
    async def run() -> None:
        finishing, work = Finishing(), Work()
        begun = finishing.begin(work.run())
        leaving, staying = (asyncio.create_task(_joining(begun)) for _ in range(2))
        await settle()
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        ended = asyncio.create_task(finishing.ended())
        await settle()
        assert not begun.done() and not ended.done()
        work.go_on.set()
        assert await staying == "done"
        await ended

    asyncio.run(run())


async def _joining(work: "asyncio.Task[str]") -> str:
    return await joined(work)
