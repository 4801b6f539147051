"""How far the writing of a log is, and what becomes of what was not written."""

import asyncio
import enum
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from trioxygen.common.errors import TrioxygenError, again
from trioxygen.common.states import Moves, State
from trioxygen.metadata.raft.log.segment import Append


class Writing(State):
    """IDLE: nothing is queued.
    DUE: in the next turn of the loop what is queued is written.
    WAITING: for a segment that the first of the queue fits in.
    WRITING: the thread has a batch.
    """

    IDLE = enum.auto()
    DUE = enum.auto()
    WAITING = enum.auto()
    WRITING = enum.auto()


MOVES: Final[Moves[Writing]] = {
    Writing.IDLE: frozenset((Writing.DUE,)),
    Writing.DUE: frozenset((Writing.IDLE, Writing.WAITING, Writing.WRITING)),
    Writing.WAITING: frozenset((Writing.IDLE, Writing.DUE)),
    Writing.WRITING: frozenset((Writing.IDLE,)),
}


def refuse(refused: Sequence[Append], error: TrioxygenError) -> None:
    loop = asyncio.get_running_loop()
    for append in refused:
        if append.written is not None:
            # Before those who wait for it.
            loop.call_soon(append.written, append.done)
        if not append.done.done():
            append.done.set_exception(again(error))


def run_all(turns: deque[Callable[[], None]], later: Callable[[], None]) -> None:
    """After a defect of one, the others are for `later`, soon."""
    while turns:
        turn = turns.popleft()
        try:
            turn()
        except BaseException:
            asyncio.get_running_loop().call_soon(later)
            raise


def tell(synced: deque[Append]) -> None:
    """Those who want to be called in this turn of the loop. A defect of one keeps nothing from the
    others."""
    while synced:
        append = synced.popleft()
        assert append.written is not None
        try:
            append.written(append.done)
        except BaseException:
            asyncio.get_running_loop().call_soon(tell, synced)
            raise
