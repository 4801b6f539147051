"""Much work of one kind on a loop that has others to serve."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from trioxygen.common.clock import Clock

# A piece that waited for something itself has not held the loop for all of its time.
_REST_MS_MAX: Final = 20.0


class Pace:
    """Pieces of work, each of which holds the loop, are done one after the other, and between two
    of them the loop is free as long as the one before took. Others need several of its turns, for
    a message, a sync and an answer: with a piece in each turn a vote would come too late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()
        self._free_at_ms = 0.0

    @asynccontextmanager
    async def piece(self) -> AsyncIterator[None]:
        async with self._turn:
            rest_ms = self._free_at_ms - self._clock.monotonic_ms()
            if rest_ms > 0:
                await self._clock.sleep_ms(rest_ms)
            began_ms = self._clock.monotonic_ms()
            try:
                yield
            finally:
                ended_ms = self._clock.monotonic_ms()
                self._free_at_ms = ended_ms + min(ended_ms - began_ms, _REST_MS_MAX)
