"""What a server lets begin."""

import asyncio

from trioxygen.common.errors import Overloaded, Stopping


class Admission:
    """Counts what a server has under way, over all its sessions and streams.

    Args: facts: of the server, for errors."""

    def __init__(self, calls_max: int, **facts: str) -> None:
        self._calls_max, self._facts = calls_max, facts
        self.calls = 0
        self._stopping = False
        self._idle = asyncio.Event()

    @property
    def stopping(self) -> bool:
        return self._stopping

    def begin(self) -> None:
        """Raises: Stopping, Overloaded. Otherwise `end` has to follow."""
        if self._stopping:
            raise Stopping("the server is stopping", **self._facts)
        if self.calls >= self._calls_max:
            raise Overloaded("too many calls in flight", calls=self.calls, **self._facts)
        self.calls += 1

    def end(self) -> None:
        self.calls -= 1
        if self._stopping and self.calls == 0:
            self._idle.set()

    async def stop(self) -> None:
        """Lets nothing more begin and waits for what is under way."""
        self._stopping = True
        if self.calls:
            await self._idle.wait()
