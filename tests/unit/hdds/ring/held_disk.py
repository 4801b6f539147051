"""A disk of which one call waits for the test."""

import asyncio
import threading
from pathlib import Path

from tests.unit.hdds.support import POOL_THREADS, Node, until
from trioxygen.common.system_disk import SystemDisk


class HeldDisk(SystemDisk):
    """Removals of blocks' files and syncs of folders wait for `goes_on` where they are held; a look
    for a block's file, for `looks`.

    Attributes:
    error: what a sync that was held ends with.
    """

    def __init__(self) -> None:
        self.holds_removal = self.holds_sync = False
        self.error: Exception | None = None
        self.held, self.goes_on = threading.Event(), threading.Event()
        self.holds_look = False
        self.look_held, self.looks = threading.Event(), threading.Event()

    def _hold(self) -> None:
        self.held.set()
        assert self.goes_on.wait(60)

    def exists(self, path: Path) -> bool:
        if self.holds_look and path.suffix == ".block":
            self.holds_look = False
            self.look_held.set()
            assert self.looks.wait(60)
        return super().exists(path)

    def remove(self, path: Path) -> None:
        if self.holds_removal and path.suffix == ".block":
            self._hold()
        super().remove(path)

    def sync_directory(self, path: Path) -> None:
        super().sync_directory(path)
        if self.holds_sync:
            self.holds_sync = False
            self._hold()
            if self.error is not None:
                raise self.error

    async def until_held(self) -> None:
        await until(self.held.is_set)


async def gone_on(node: Node) -> None:
    """Whatever does not wait for the held call has gone on. The pool is done with all that it was
    given before: the held call has one of its two threads, and the other goes in order."""
    assert POOL_THREADS == 2
    for _ in range(3):
        for _ in range(20):
            await asyncio.sleep(0)
        await node.runtime.blocking.run(len, "")
