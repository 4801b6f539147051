"""Whose turn it is at a state's one write transaction."""

import asyncio
import enum
from typing import Final

from trioxygen.common.states import Moves, State, move


class Turn(State):
    """FREE: nobody's.
    BATCH: a batch's, from its run until it is committed or given up.
    ENDING: still a batch's, which was given up and is being aborted.
    ENDING_FOR_ENTRIES: so, and what is committed comes next.
    ENTRIES: of what is committed, until the state holds it: a batch would not see it.
    """

    FREE = enum.auto()
    BATCH = enum.auto()
    ENDING = enum.auto()
    ENDING_FOR_ENTRIES = enum.auto()
    ENTRIES = enum.auto()


MOVES: Final[Moves[Turn]] = {
    Turn.FREE: frozenset((Turn.BATCH, Turn.ENTRIES)),
    Turn.BATCH: frozenset((Turn.ENTRIES, Turn.ENDING)),
    Turn.ENDING: frozenset((Turn.FREE, Turn.ENDING_FOR_ENTRIES)),
    Turn.ENDING_FOR_ENTRIES: frozenset((Turn.ENTRIES, Turn.ENDING)),
    Turn.ENTRIES: frozenset((Turn.FREE,)),
}


class WriteTurn:
    """Attributes:
    now: whose it is.
    """

    def __init__(self) -> None:
        self.now = Turn.FREE
        self._waiting: list[asyncio.Future[None]] = []

    def move(self, to: Turn) -> None:
        self.now = move(MOVES, self.now, to)
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    def ended(self) -> None:
        """The batch that was given up is aborted."""
        self.move(Turn.FREE if self.now is Turn.ENDING else Turn.ENTRIES)

    async def begin_entries(self) -> None:
        """Returns when it is theirs; followed by `end_entries` in any case. A batch that still has
        it is being given up, or is what is committed."""
        self.move(Turn.ENDING_FOR_ENTRIES if self.now is Turn.ENDING else Turn.ENTRIES)
        while self.now is Turn.ENDING_FOR_ENTRIES:
            await self._moved()

    def end_entries(self) -> None:
        # Cancelled while they waited: the batch ends all the same.
        self.move(Turn.FREE if self.now is Turn.ENTRIES else Turn.ENDING)

    async def when_free(self) -> None:
        while self.now is not Turn.FREE:
            await self._moved()

    async def _moved(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future
