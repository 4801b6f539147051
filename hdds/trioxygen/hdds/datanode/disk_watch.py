"""Looks at a disk now and then, and at once when something on it failed: takes it out where it has
failed, and in again once it is back."""

import asyncio

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError, Unavailable
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.datanode.disks import Disks, DiskState, NodeDisk
from trioxygen.hdds.datanode.volumes import try_out

log = logs.get(__name__)

# After what made it look sooner: that may be the first of many.
_PAUSE_MS = 100.0


class DiskWatch:
    """A Worker of one disk.

    Args:
        interval_ms: between looks.
        answer_ms_max: a disk that takes longer has failed.
    """

    def __init__(
        self,
        runtime: Runtime,
        disks: Disks,
        disk: NodeDisk,
        number: int,
        *,
        interval_ms: float,
        answer_ms_max: float,
    ) -> None:
        self.name = f"disk-watch-{number}"
        self.interval_ms = _PAUSE_MS
        self._runtime, self._disks, self._disk = runtime, disks, disk
        self._look_ms, self._answer_ms_max = interval_ms, answer_ms_max
        # A thread that a disk holds up is not joined by others.
        self._trying: asyncio.Future[None] | None = None
        self._last_reason = ""

    async def work(self) -> bool:
        disk = self._disk
        rest = self._runtime.clock.sleep_ms(self._look_ms)
        await self._runtime.tasks.run_unless(disk.suspected, rest, name=f"{self.name}, at rest")
        await self.look()
        return False

    async def look(self) -> None:
        disk = self._disk
        disk.suspected.clear()
        if disk.state is DiskState.SERVING:
            fault = disk.log_failure or disk.index_failure or await self._fault()
            if fault is not None and disk.state is DiskState.SERVING:
                await self._disks.take_out(disk, fault)
        elif disk.state is DiskState.OUT:
            await self._take_in_if_there()

    async def _fault(self) -> Exception | None:
        volume, blocking = self._disk.volume, self._runtime.blocking
        assert volume is not None
        if self._trying is None:
            self._trying = blocking.run(try_out, volume.disk, volume.layout, volume.volume_id)
        await asyncio.wait([self._trying], timeout=self._answer_ms_max / 1_000)
        if not self._trying.done():
            return Unavailable("the disk does not answer", path=str(volume.layout.root))
        tried, self._trying = self._trying, None
        failure = tried.exception()
        return failure if isinstance(failure, Exception) else None

    async def _take_in_if_there(self) -> None:
        """Its folder is made by whoever mounts the disk, not here: what is below an empty mount
        point is another disk."""
        if self._trying is not None:
            if not self._trying.done():
                return
            # It was out by then: whatever has come of it is no news.
            self._trying.exception()
            self._trying = None
        disk, path = self._disk, self._disk.folder.path
        if not await self._runtime.blocking.run(self._runtime.disk.exists, path):
            return
        try:
            await self._disks.take_in(disk)
        except (TrioxygenError, OSError) as error:
            if str(error) != self._last_reason:
                log.warning("disk_stays_out", path=path, reason=error)
            self._last_reason = str(error)
        else:
            self._last_reason = ""
