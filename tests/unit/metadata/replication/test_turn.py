"""Whose turn it is at the one write transaction: a batch never begins before what is committed."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from trioxygen.metadata.replication.turn import MOVES, Turn, WriteTurn


async def begun(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    task = asyncio.ensure_future(work)
    for _ in range(3):
        await asyncio.sleep(0)
    return task


def test_every_turn_says_whose_may_come_next() -> None:
    assert set(MOVES) == set(Turn)
    # A batch begins when nobody has the turn, and only so.
    assert [now for now in Turn if Turn.BATCH in MOVES[now]] == [Turn.FREE]
    # Entries wait for a batch only while it is being aborted.
    assert [now for now in Turn if Turn.ENDING_FOR_ENTRIES in MOVES[now]] == [Turn.ENDING]


def test_entries_come_before_the_batch_that_waited_longer() -> None:
    async def scenario() -> None:
        turn = WriteTurn()
        turn.move(Turn.BATCH)
        turn.move(Turn.ENDING)
        batch = await begun(turn.when_free())
        entries = await begun(turn.begin_entries())
        turn.ended()
        await entries
        assert turn.now is Turn.ENTRIES and not batch.done()
        turn.end_entries()
        await batch

    asyncio.run(scenario())


def test_batch_that_waits_sees_that_others_were_faster() -> None:
    async def scenario() -> None:
        turn = WriteTurn()
        turn.move(Turn.ENTRIES)
        batch = await begun(turn.when_free())
        # Free for a moment, between one run of entries and the next.
        turn.end_entries()
        await turn.begin_entries()
        await begun(asyncio.sleep(0))
        assert not batch.done()
        turn.end_entries()
        await batch

    asyncio.run(scenario())


def test_entries_that_are_given_up_while_they_wait_leave_the_turn_to_the_end_of_the_batch() -> None:
    async def entries(turn: WriteTurn) -> None:
        try:
            await turn.begin_entries()
        finally:
            turn.end_entries()

    async def scenario(is_ended_first: bool) -> None:
        turn = WriteTurn()
        turn.move(Turn.BATCH)
        turn.move(Turn.ENDING)
        waiting = await begun(entries(turn))
        if is_ended_first:
            turn.ended()
        waiting.cancel()
        await asyncio.wait([waiting])
        if not is_ended_first:
            assert turn.now is Turn.ENDING
            turn.ended()
        await turn.when_free()

    for is_ended_first in (True, False):
        asyncio.run(scenario(is_ended_first))
