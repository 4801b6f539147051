"""Work that is not left half done: it goes on to its end though whoever waits for it is cancelled.

A thread cannot be stopped, and what it has written must be followed up in memory. With `joined` the
caller leaves at once, `to_the_end` keeps it there; with `Finishing` the caller leaves, and its
owner waits at the stop. Nobody else shields anything from cancellation.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Final, TypeVar

T = TypeVar("T")

# What a task or a future gives; it does not end with its waiter, nor with one of several. Whoever
# began it sees to its end.
joined: Final = asyncio.shield


async def to_the_end(work: "asyncio.Future[T]") -> T:
    """What the work gives. A caller that is cancelled, be it several times, waits for the work's
    end all the same, and is cancelled then: that is stronger than what the work raises."""
    cancellation = None
    while not work.done():
        try:
            await asyncio.wait((work,))
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is not None:
        if not work.cancelled():
            work.exception()
        raise cancellation
    return work.result()


class Finishing:
    """The work of one owner that goes on without its callers."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(
        self, work: Coroutine[Any, Any, T], *, context: Context | None = None
    ) -> "asyncio.Task[T]":
        """For one caller, for several that join it, or for none."""
        task = asyncio.get_running_loop().create_task(work, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work gives; a caller that is cancelled leaves at once, the work goes on."""
        return await joined(self.begin(work))

    async def ended(self) -> None:
        """Nothing is under way any more, whatever began meanwhile included."""
        while self._tasks:
            await asyncio.wait(self._tasks)
