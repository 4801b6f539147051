"""Pieces of much work, and the loop's others between them."""

import asyncio

import pytest

from tests.unit.metadata.manual_clock import ManualClock, SkippingClock
from trioxygen.common.pace import Pace


def test_loop_is_free_between_two_pieces_as_long_as_the_first_took() -> None:
    async def run() -> None:
        clock = SkippingClock()
        pace = Pace(clock)
        spans: list[tuple[float, float]] = []
        for length_ms in (5.0, 2.0, 0.0):
            async with pace.piece():
                began_ms = clock.monotonic
                clock.advance(length_ms)
                spans.append((began_ms, clock.monotonic))
        assert spans == [(0.0, 5.0), (10.0, 12.0), (14.0, 14.0)]

    asyncio.run(run())


def test_piece_that_waited_long_itself_makes_nobody_wait_as_long_again() -> None:
    async def run() -> None:
        clock = SkippingClock()
        pace = Pace(clock)
        async with pace.piece():
            clock.advance(60_000)
        async with pace.piece():
            assert clock.monotonic <= 60_100

    asyncio.run(run())


def test_piece_has_to_wait_for_the_one_before_and_may_be_given_up() -> None:
    async def run() -> None:
        clock = ManualClock()
        pace = Pace(clock)
        done: list[str] = []

        async def work(name: str) -> None:
            async with pace.piece():
                done.append(name)

        async with pace.piece():
            clock.advance(5)
            given_up, other = asyncio.create_task(work("1")), asyncio.create_task(work("2"))
            await asyncio.sleep(0)
            assert done == []
        # The first has its turn, and rests.
        for _ in range(10):
            await asyncio.sleep(0)
        assert done == []
        given_up.cancel()
        for _ in range(10):
            clock.advance(5)
            await asyncio.sleep(0)
        assert done == ["2"] and other.done()
        with pytest.raises(asyncio.CancelledError):
            await given_up

    asyncio.run(run())
