import asyncio

import pytest

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import NoSpace, Stopping
from trioxygen.common.full_disk import FULL_WAIT_MS, when_there_is_room


class Disk:
    def __init__(self) -> None:
        self.is_full, self.attempts = True, 0

    async def write(self) -> str:
        self.attempts += 1
        if self.is_full:
            raise NoSpace("the disk is full")
        return "written"


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_has_no_room_is_tried_again_until_it_has() -> None:
    async def scenario() -> None:
        disk, clock, refusals = Disk(), ManualClock(), list[NoSpace]()
        writing = asyncio.ensure_future(
            when_there_is_room(disk.write, clock, refused=refusals.append)
        )
        await turns()
        assert disk.attempts == 1
        clock.advance(FULL_WAIT_MS)
        await turns()
        assert disk.attempts == len(refusals) == 2 and not writing.done()
        disk.is_full = False
        clock.advance(FULL_WAIT_MS)
        assert await writing == "written" and disk.attempts == 3

    asyncio.run(scenario())


def test_who_hears_of_a_refusal_may_end_the_waiting() -> None:
    async def scenario() -> None:
        def refused(error: NoSpace) -> None:
            raise Stopping("it ends") from error

        disk = Disk()
        with pytest.raises(Stopping):
            await when_there_is_room(disk.write, ManualClock(), refused=refused)
        assert disk.attempts == 1

    asyncio.run(scenario())


def test_other_failures_are_the_callers() -> None:
    async def scenario() -> None:
        async def fail() -> None:
            raise OSError("input/output error")

        with pytest.raises(OSError, match="input/output"):
            await when_there_is_room(fail, ManualClock(), refused=lambda _: None)

    asyncio.run(scenario())
