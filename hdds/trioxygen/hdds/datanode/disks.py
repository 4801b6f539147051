"""The disks of a DataNode: each opened, put in service, taken out when it fails, and taken in again
once it is back. A failing one takes nothing but itself out."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from enum import auto
from functools import partial
from typing import Any, Final

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import InvalidRequest, TrioxygenError, Unavailable
from trioxygen.common.finishing import Finishing, joined, to_the_end
from trioxygen.common.runtime import Runtime
from trioxygen.common.states import Moves, State, move
from trioxygen.common.worker import Worker
from trioxygen.hdds.container.layout import VolumeLayout
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.datanode.description import path_text, tell_room
from trioxygen.hdds.datanode.homes import Homes
from trioxygen.hdds.datanode.mounts import Mounts
from trioxygen.hdds.datanode.origins import Origins
from trioxygen.hdds.datanode.volumes import (
    VolumeFolder,
    VolumeParts,
    belong_to,
    check_place,
    open_volume,
)
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.ring import recovery
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.places import Recovered
from trioxygen.hdds.ring.rings import Rings
from trioxygen.metadata.raft.log.segment import LogFailed
from trioxygen.metadata.store.ports import StoreFailed
from trioxygen.proto.v1.scm_pb2 import VolumeReport

log = logs.get(__name__)

# What threads are still at when a disk is taken out. A disk that does not answer keeps them longer.
_LEAVE_MS_MAX: Final = 10_000.0


class DiskState(State):
    """OUT: not open.
    OPENED: its volume is found whole, and its rings do not run yet.
    SERVING: reads and writes come to it.
    LEAVING: it has failed, or is stopped: what threads are still at ends.
    """

    OUT = auto()
    OPENED = auto()
    SERVING = auto()
    LEAVING = auto()


_MOVES: Final[Moves[DiskState]] = {
    DiskState.OUT: frozenset({DiskState.OPENED}),
    DiskState.OPENED: frozenset({DiskState.SERVING, DiskState.LEAVING}),
    DiskState.SERVING: frozenset({DiskState.LEAVING}),
    DiskState.LEAVING: frozenset({DiskState.OUT}),
}


class NodeDisk:
    """One of a DataNode's folders. Only for the event loop.

    Attributes:
    reason: why it is out; empty: it has not failed.
    volume_id: of its volume, as last seen; empty: it was never open.
    suspected: set when something on it failed: it is looked at sooner.
    """

    def __init__(self, folder: VolumeFolder, mounts: Mounts) -> None:
        self.folder, self._mounts = folder, mounts
        self.state = DiskState.OUT
        self.reason = self.volume_id = ""
        self.suspected = asyncio.Event()
        self.volume: Volume | None = None
        self.work: VolumeWork | None = None
        self._parts: VolumeParts | None = None
        self._recovered: Recovered | None = None
        self._tasks: list[asyncio.Task[Any]] = []

    def moved(self, to: DiskState) -> None:
        self.state = move(_MOVES, self.state, to)

    @property
    def log_failure(self) -> LogFailed | None:
        """Of the log that its rings share."""
        for ring in () if self.work is None else self.work.rings.all():
            if isinstance(ring.replica.failure, LogFailed):
                return ring.replica.failure
        return None

    @property
    def index_failure(self) -> StoreFailed | None:
        return None if self.volume is None else self.volume.index_failure

    # ---- opening ----

    async def open(self, runtime: Runtime, config: DataNodeConfig) -> None:
        """Raises: Corrupt errors, UnknownFormat, OSError; nothing of it is open then."""
        await self._mounts.check(self.folder.path)
        try:
            parts = await self.folder.open()
            volume = await open_volume(runtime, parts, config.volume_limits())
            try:
                self._recovered = await _recovered(runtime, volume)
                volume.room.refresh()
                await self._mounts.learn(parts.path)
            except BaseException:
                await runtime.blocking.run(volume.close)
                raise
        except BaseException:
            await self.folder.close()
            raise
        self._parts, self.volume, self.volume_id = parts, volume, volume.volume_id
        volume.watch_trouble(self.suspected.set)
        self.suspected.clear()
        self.moved(DiskState.OPENED)

    def make_work(self, runtime: Runtime, config: DataNodeConfig, homes: Homes) -> VolumeWork:
        parts, volume, recovered = self._parts, self.volume, self._recovered
        assert parts is not None and volume is not None and recovered is not None
        self._recovered = None
        rings = Rings(runtime, config, volume, parts.log, parts.replicas, recovered)
        origins = Origins(runtime.network, config, homes)
        self.work = VolumeWork(rings, config, runtime.clock, origins=origins)
        return self.work

    async def start(self, runtime: Runtime) -> None:
        """Its rings run, and have applied what is known to be committed.

        Raises: LogCorrupt, OSError."""
        work, parts = self.work, self._parts
        assert work is not None and parts is not None
        # Before the replay: a long log needs room.
        self.start_worker(runtime, work.flusher)
        parts.log.watch_pressure(work.flusher.relieve_log)
        await work.rings.start()
        for container_id, container in work.volume.containers.items():
            if not container.is_within_ids:
                work.blocks.fail_container(container_id, "ids beyond those that clusters have")
        work.removals.begin()
        await work.flusher.flush_if_possible()
        work.flusher.may_trim_log = True
        await work.leaving.go_on()
        tell_room(work.volume)
        self.reason = ""
        self.moved(DiskState.SERVING)
        await self.folder.in_use()

    def start_worker(self, runtime: Runtime, worker: Worker) -> None:
        self._tasks.append(runtime.tasks.start_worker(worker))

    # ---- end ----

    async def end_workers(self, runtime: Runtime) -> None:
        tasks, self._tasks = self._tasks, []
        await runtime.tasks.end(*tasks)

    async def stop(self, runtime: Runtime) -> None:
        """Leaves everything that was applied in the index. Idempotent."""
        if self.state in (DiskState.OUT, DiskState.LEAVING):
            return
        self.moved(DiskState.LEAVING)
        await self.end_workers(runtime)
        try:
            if self.work is not None:
                await self.work.stop()
        finally:
            await self.close(runtime)

    async def close(self, runtime: Runtime) -> None:
        volume, self.volume, self.work, self._parts = self.volume, None, None, None
        if volume is not None:
            await runtime.blocking.run(volume.close)
        await self.folder.close()
        self.moved(DiskState.OUT)

    async def abandon(self, runtime: Runtime, error: TrioxygenError) -> None:
        """It has failed: what is in memory goes, and nothing is written any more."""
        self.moved(DiskState.LEAVING)
        await self.end_workers(runtime)
        if self.work is not None:
            await self.work.abandon(error)
        await self.close(runtime)


async def _recovered(runtime: Runtime, volume: Volume) -> Recovered:
    """When it is cancelled: once its thread has ended, which stops at the next container."""
    breaking_off = asyncio.Event()
    loading = runtime.blocking.run(recovery.load, volume, breaking_off.is_set)
    try:
        return await joined(loading)
    finally:
        breaking_off.set()
        # A thread that reads a store which is closed meanwhile would take the process along.
        await to_the_end(asyncio.gather(loading, return_exceptions=True))


class Disks:
    """All of a DataNode's.

    Args:
        works: those in service, filled and emptied here; shared with whoever looks for homes.
        mounts: where disks are mounted.
        changed: called when a disk has gone out or come in.
    """

    def __init__(
        self,
        runtime: Runtime,
        config: DataNodeConfig,
        folders: Sequence[VolumeFolder],
        works: list[VolumeWork],
        homes: Homes,
        *,
        mounts: Mounts,
        changed: Callable[[], None],
    ) -> None:
        self._runtime, self._config, self._homes = runtime, config, homes
        self._works, self._changed = works, changed
        self.disks = [NodeDisk(folder, mounts) for folder in folders]
        self._cluster_id = ""
        # The SCMs answer at once, and the first answer is written to a volume's file.
        self._belonging = asyncio.Lock()
        # Of disks that were taken out and have yet to let go of what they had.
        self._finishing = Finishing()

    @property
    def are_open(self) -> bool:
        return any(disk.state is not DiskState.OUT for disk in self.disks)

    async def open(self) -> None:
        """Raises: as the only disk's opening, or where none can be opened, the last one's."""
        failure: Exception | None = None
        for disk in self.disks:
            try:
                await disk.open(self._runtime, self._config)
            except (TrioxygenError, OSError) as error:
                self._failed(disk, error)
                failure = error
        if failure is not None and not self.are_open:
            raise failure

    async def start(self) -> None:
        """Raises: as `open`."""
        failure: Exception | None = None
        for disk in self.disks:
            if disk.state is DiskState.OPENED:
                try:
                    await self._start(disk)
                except (TrioxygenError, OSError) as error:
                    if len(self.disks) == 1:
                        raise
                    await self._leave(disk, error)
                    failure = error
        if failure is not None and not self._works:
            raise failure

    async def _start(self, disk: NodeDisk) -> None:
        work = disk.make_work(self._runtime, self._config, self._homes)
        self._works.append(work)
        await disk.start(self._runtime)
        await self._drop_doubles(work)

    async def _drop_doubles(self, work: VolumeWork) -> None:
        """Replicas that another volume of the node has as well: they were made there while this one
        was away."""
        others = [other.volume.containers for other in self._works if other is not work]
        for container_id, container in list(work.volume.containers.items()):
            if not any(container_id in known for known in others):
                continue
            work.blocks.fail_container(container_id, "another volume of the node has it")
            if container.may_become(ContainerState.DELETING):
                ring = await work.rings.local()
                await ring.move_replica(container_id, ContainerState.DELETING)

    def serve(self) -> None:
        """The node answers now: workers of what is in service begin."""
        for disk in self.disks:
            self._start_workers(disk)

    def _start_workers(self, disk: NodeDisk) -> None:
        if disk.work is not None:
            for worker in disk.work.workers():
                disk.start_worker(self._runtime, worker)

    # ---- those that fail, and come back ----

    def _failed(self, disk: NodeDisk, error: Exception) -> None:
        disk.reason = str(error)
        log.error("disk_out", path=disk.folder.path, volume=disk.volume_id, reason=error)

    async def take_out(self, disk: NodeDisk, error: Exception) -> None:
        """Nothing of it is served any more when this returns, nor reported but as failed. What
        its threads are at ends by itself, in a while; until then it is not taken in again."""
        self._works[:] = [work for work in self._works if work is not disk.work]
        self._changed()
        await self._leave(disk, error)

    async def _leave(self, disk: NodeDisk, error: Exception) -> None:
        self._failed(disk, error)
        self._works[:] = [work for work in self._works if work is not disk.work]
        reason = Unavailable("the disk has failed", path=str(disk.folder.path), cause=str(error))
        await self._in_time(disk.abandon(self._runtime, reason), disk)

    async def _in_time(self, leaving: Coroutine[Any, Any, None], disk: NodeDisk) -> None:
        task = self._finishing.begin(leaving)
        task.add_done_callback(partial(self._left, disk))
        done, _ = await asyncio.wait([task], timeout=_LEAVE_MS_MAX / 1_000)
        if not done:
            log.error("disk_does_not_answer", path=disk.folder.path)

    @staticmethod
    def _left(disk: NodeDisk, leaving: asyncio.Task[None]) -> None:
        if not leaving.cancelled() and (failure := leaving.exception()) is not None:
            log.error("disk_not_closed", path=disk.folder.path, error=failure)

    async def take_in(self, disk: NodeDisk) -> None:
        """Raises: as `open`; InvalidRequest: it is another cluster's, or another disk's copy."""
        assert disk.state is DiskState.OUT
        layout = VolumeLayout(disk.folder.path)
        await self._runtime.blocking.run(check_place, self._runtime.disk, layout)
        await disk.open(self._runtime, self._config)
        try:
            if any(work.volume.volume_id == disk.volume_id for work in self._works):
                raise InvalidRequest("a copy of another disk", volume=disk.volume_id)
            if self._cluster_id:
                await self._belong(disk)
            await self._start(disk)
        except (TrioxygenError, OSError) as error:
            await self._leave(disk, error)
            raise
        self._start_workers(disk)
        log.info("disk_in", path=disk.folder.path, volume=disk.volume_id)
        self._changed()

    # ---- what it tells ----

    async def belong_to(self, cluster_id: str) -> None:
        """Raises: InvalidRequest: a volume belongs to another cluster."""
        async with self._belonging:
            self._cluster_id = cluster_id
            for disk in self.disks:
                if disk.volume is not None:
                    await self._belong(disk)

    async def _belong(self, disk: NodeDisk) -> None:
        assert disk.volume is not None
        run = partial(belong_to, self._runtime.disk, disk.volume.layout, self._cluster_id)
        await self._runtime.blocking.run(run)

    def failed_reports(self) -> list[VolumeReport]:
        """Of those whose containers are not reported; one that has not been in since the start has
        no id."""
        return [
            VolumeReport(volume_id=disk.volume_id, failed=True, path=path_text(disk.folder.path))
            for disk in self.disks
            if disk.work is None or disk.work not in self._works
        ]

    async def stop(self) -> None:
        for disk in self.disks:
            try:
                await disk.stop(self._runtime)
            except (TrioxygenError, OSError) as error:
                # The others are closed all the same.
                log.error("disk_not_closed", path=disk.folder.path, error=error)
        self._works.clear()
        await self._finishing.ended()
