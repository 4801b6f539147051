"""One question under way, whose answer several wait for."""

import asyncio
from collections.abc import Awaitable, Callable

from trioxygen.common.errors import Stopping, TrioxygenError, again
from trioxygen.common.finishing import to_the_end
from trioxygen.common.worker import Tasks


class SharedAsk:
    """One of those who wait that is cancelled does not end it; the last one does.

    Args: for_request: as of `Tasks.start`.
    """

    def __init__(
        self,
        tasks: Tasks,
        ask: Callable[[], Awaitable[None]],
        *,
        name: str,
        for_request: bool = False,
    ) -> None:
        self._ask, self._waiting = ask, 0
        self._task = tasks.start(self._asked(), name=name, for_request=for_request)

    async def _asked(self) -> TrioxygenError | None:
        """Why there is no answer."""
        try:
            await self._ask()
        except TrioxygenError as error:
            return error
        return None

    @property
    def is_under_way(self) -> bool:
        """It can be joined."""
        return not (self._task.done() or self._task.cancelling())

    async def ended(self) -> None:
        """Raises: what it raises, anew for each who waits; Stopping: the process ends it."""
        self._waiting += 1
        try:
            await asyncio.wait((self._task,))
        finally:
            self._waiting -= 1
            if not self._waiting and not self._task.done():
                self._task.cancel()
                await to_the_end(self._task)
        if self._task.cancelled():
            raise Stopping()
        error = self._task.result()
        if error is not None:
            raise again(error)
