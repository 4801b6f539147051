"""Hands committed entries to the state machine, off the path of appends."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from trioxygen.common.errors import Stopping
from trioxygen.common.worker import Tasks
from trioxygen.metadata.raft.core.types import Entry


class Machine(Protocol):
    async def apply(self, entries: Sequence[Entry]) -> None: ...


class Applier:
    """What is committed while a run is applied goes together in the next one.

    Args:
        applied: after each run.
        ended: once, with what `apply` raised, or None when it was cancelled. Of a machine that is
        stopped that is Stopping: an end like another, nothing has failed.
    """

    def __init__(
        self,
        machine: Machine,
        tasks: Tasks,
        name: str,
        *,
        applied: Callable[[Sequence[Entry]], None],
        ended: Callable[[BaseException | None], None],
    ) -> None:
        self._machine, self._applied = machine, applied
        self._queue: list[Entry] = []
        self._is_applying = False
        self._wake: asyncio.Future[None] | None = None
        self._idle: asyncio.Future[None] | None = None
        self._ended = ended
        self._task = tasks.start(self._run(), name=name)
        self._task.add_done_callback(self._on_end)

    def add(self, entries: Sequence[Entry]) -> None:
        self._queue.extend(entries)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _run(self) -> Stopping:
        loop = asyncio.get_running_loop()
        while True:
            if not self._queue:
                self._tell_idle()
                self._wake = loop.create_future()
                await self._wake
                self._wake = None
                continue
            entries, self._queue = self._queue, []
            self._is_applying = True
            try:
                await self._machine.apply(entries)
            except Stopping as stopping:
                return stopping
            self._is_applying = False
            self._applied(entries)

    def _tell_idle(self) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    async def drain(self) -> None:
        """Returns when everything that was added is applied, or the task has ended."""
        if (self._queue or self._is_applying) and not self._task.done():
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle

    async def drop(self) -> None:
        """Forgets what was not begun yet; returns when nothing is being applied."""
        self._queue.clear()
        await self.drain()

    def _on_end(self, task: "asyncio.Task[Stopping]") -> None:
        self._tell_idle()
        self._ended(None if task.cancelled() else task.exception() or task.result())

    def cancel(self) -> None:
        self._task.cancel()

    async def stop(self) -> None:
        self._task.cancel()
        if not self._task.done():
            await asyncio.wait([self._task])
