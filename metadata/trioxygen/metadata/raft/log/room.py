"""A log that finds no room for its next segment: it presses its groups to release entries, and
tries again until an old segment, or the disk, gives room."""

import asyncio
from collections.abc import Awaitable, Callable

from trioxygen.common.full_disk import FULL_WAIT_MS
from trioxygen.common.runtime import Runtime


class RoomSearch:
    """Args:
    attempt: tries to make a segment; whether there is one, or none is wanted any more.
    """

    def __init__(self, runtime: Runtime, name: str, attempt: Callable[[], Awaitable[bool]]) -> None:
        self._runtime, self._name, self._attempt = runtime, name, attempt
        self._watchers: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def is_under_way(self) -> bool:
        return self._task is not None

    def watch(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` when groups should release what they can: there are many segments, or no
        room for another."""
        self._watchers.append(watcher)

    def press(self) -> None:
        for watcher in self._watchers:
            watcher()

    def begin(self) -> None:
        if self._task is None:
            self._task = self._runtime.tasks.start(self._run(), name=f"wal-{self._name}-room")

    async def _run(self) -> None:
        try:
            has_room = False
            while not has_room:
                self.press()
                await self._runtime.clock.sleep_ms(FULL_WAIT_MS)
                has_room = await self._attempt()
        finally:
            self._task = None

    def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
