"""One disk of a DataNode: its containers, block index, open files, and what is known corrupt."""

import asyncio
from dataclasses import dataclass
from typing import Final, TypeVar

from trioxygen.common import logs
from trioxygen.common.blocking import Blocking
from trioxygen.common.disk import Disk
from trioxygen.common.worker import Tasks
from trioxygen.hdds.container.blocks import BlockIndex, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.garbage import Freed, Garbage, Hole
from trioxygen.hdds.container.layout import VolumeLayout
from trioxygen.hdds.container.open_files import FileId, OpenFile, OpenFiles
from trioxygen.hdds.container.packed_segment import SegmentAppender
from trioxygen.hdds.container.room import Room, usual_reserve_bytes
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1.scm_pb2 import CorruptBlock
from trioxygen.proto.v1.types_pb2 import BlockId

log = logs.get(__name__)

T = TypeVar("T")

CORRUPT_BLOCKS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeLimits:
    cached_blocks_max: int
    open_files_max: int
    segment_bytes_max: int
    # Stays free: client writes beyond it are refused. None: as much as is usual for the disk.
    space_reserve_bytes: int | None


class Volume:
    """Owned by the event loop. One lane (thread) writes the store; `commit_lock` is held by whoever
    computes and commits a transaction, until the counters in memory have followed.
    """

    def __init__(
        self,
        *,
        volume_id: str,
        layout: VolumeLayout,
        store: Store,
        disk: Disk,
        blocking: Blocking,
        tasks: Tasks,
        limits: VolumeLimits,
    ) -> None:
        self.volume_id, self.layout, self.store = volume_id, layout, store
        self.disk, self.blocking, self.limits = disk, blocking, limits
        self.index = BlockIndex(store, cached_blocks_max=limits.cached_blocks_max)
        self.files = OpenFiles(disk, blocking, layout, files_max=limits.open_files_max)
        self.garbage = Garbage()
        self.containers: dict[int, Container] = {}
        self.changed_containers: set[int] = set()
        self.corrupt: dict[bytes, str] = {}
        self.unreported_corrupt: set[bytes] = set()
        self.commit_lock = asyncio.Lock()
        self.store_lane = blocking.lane(f"index-{volume_id}")
        self.segment_lane = blocking.lane(f"segments-{volume_id}")
        self.appender = SegmentAppender(self.segment_lane, tasks)
        reserve_bytes = limits.space_reserve_bytes
        if reserve_bytes is None:
            reserve_bytes = usual_reserve_bytes(disk.space(layout.root).capacity_bytes)
        self.room = Room(volume_id, lambda: disk.space(layout.root), reserve_bytes)

    def container(self, container_id: int, pipeline_id: str) -> Container:
        """Made when it is new."""
        found = self.containers.get(container_id)
        if found is None:
            found = Container(container_id, pipeline_id=pipeline_id)
            self.containers[container_id] = found
            self.changed_containers.add(container_id)
        return found

    def record_corrupt(self, key: bytes, reason: str) -> None:
        if key in self.corrupt or len(self.corrupt) >= CORRUPT_BLOCKS_MAX:
            return
        container, local = block_of_key(key)
        log.error("block_corrupt_found", container=container, local=local, reason=reason)
        self.corrupt[key] = reason
        self.unreported_corrupt.add(key)

    def corrupt_blocks(self, keys: set[bytes] | None = None) -> list[CorruptBlock]:
        found: list[CorruptBlock] = []
        for key in sorted(self.corrupt if keys is None else keys & self.corrupt.keys()):
            container, local = block_of_key(key)
            block = BlockId(container=container, local=local)
            found.append(CorruptBlock(block=block, reason=self.corrupt[key]))
        return found

    async def reclaim(self, freed: list[Freed]) -> None:
        """Gives back the disk space of blocks whose rows are gone (committed)."""
        own_files = [found for found in freed if found.block.segment < 0]
        for found in own_files:
            self.files.drop(FileId(found.container, found.block.segment, found.local))
        if own_files:
            await self.blocking.run(self._unlink, own_files)
        for hole in self.garbage.holes(freed):
            await self._punch(hole)

    def _unlink(self, freed: list[Freed]) -> None:
        for found in freed:
            self.disk.remove(self.layout.block(found.container, found.local))

    async def _punch(self, hole: Hole) -> None:
        container = self.containers[hole.container]
        segment = container.segments.get(hole.segment)
        if segment is None:
            return
        file = await self.files.acquire(FileId(hole.container, hole.segment, 0))
        punching = self.blocking.run(file.file.punch_hole, hole.offset_bytes, hole.size_bytes)
        await self.use(file, punching)
        segment.punched_bytes += hole.size_bytes
        container.dirty_segments.add(hole.segment)

    async def use(self, file: OpenFile, job: "asyncio.Future[T]") -> "T":
        """Awaits a job that uses an acquired file; it is released when the job has really ended."""
        job.add_done_callback(lambda _: self.files.release(file))
        return await asyncio.shield(job)

    async def remove_segment(self, container: int, segment: int) -> None:
        file_id = FileId(container, segment, 0)
        self.files.drop(file_id)
        self.garbage.forget(container, segment)
        await self.blocking.run(self.disk.remove, self.files.path(file_id))

    def close(self) -> None:
        """After the last job. Blocks until the lanes have ended."""
        self.store_lane.close()
        self.segment_lane.close()
        self.files.close()
        self.store.close()
