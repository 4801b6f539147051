"""One disk of a DataNode: its containers, block index, open files, and what is known corrupt."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from trioxygen.common import logs
from trioxygen.common.blocking import Blocking
from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Disk, DiskSpace
from trioxygen.common.errors import Unavailable
from trioxygen.common.finishing import joined
from trioxygen.common.worker import Tasks
from trioxygen.hdds.container.blocks import BlockIndex, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.disk_faults import Fault, fault_of, is_mounted
from trioxygen.hdds.container.garbage import Freed, Garbage, Hole
from trioxygen.hdds.container.layout import VolumeLayout
from trioxygen.hdds.container.open_files import FileId, OpenFile, OpenFiles
from trioxygen.hdds.container.packed_segment import SegmentAppender
from trioxygen.hdds.container.room import Room, usual_reserve_bytes
from trioxygen.metadata.store.ports import Store, StoreFailed
from trioxygen.proto.v1.datanode_pb2 import ImportContainerCommand
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


@dataclass(slots=True)
class Unreported:
    """What has changed on a volume since one SCM was told last.

    Attributes:
    corrupt: blocks that were found corrupt, or are so no more: by their keys in the index.
    news: set when something of it should be told at once.
    """

    containers: set[int] = field(default_factory=set)
    corrupt: set[bytes] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def container_changed(self, container_id: int) -> None:
        self.containers.add(container_id)

    def take(self) -> "Unreported":
        """It is being told; `give_back` when that fails."""
        taken = Unreported(self.containers, self.corrupt)
        self.containers, self.corrupt = set(), set()
        return taken

    def give_back(self, taken: "Unreported") -> None:
        self.containers |= taken.containers
        self.corrupt |= taken.corrupt


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
        # Taken off while their rings stay: by container, which ring.
        self.gone: dict[int, int] = {}
        self.corrupt: dict[bytes, str] = {}
        self._unreported: list[Unreported] = []
        self._trouble: list[Callable[[], None]] = []
        # Why its index could not be written when that was tried last.
        self.index_failure: StoreFailed | None = None
        # Why the disk did not say how much is free, when it was asked last; empty: it did.
        self._space_fault = ""
        self.commit_lock = asyncio.Lock()
        # Of whoever moves a container's segments about, or takes it off.
        self.housekeeping = asyncio.Lock()
        self.store_lane = blocking.lane(f"index-{volume_id}")
        self.segment_lane = blocking.lane(f"segments-{volume_id}")
        self.appender = SegmentAppender(self.segment_lane, tasks)
        reserve_bytes = limits.space_reserve_bytes
        if reserve_bytes is None:
            reserve_bytes = usual_reserve_bytes(disk.space(layout.root).capacity_bytes)
        self.room = Room(volume_id, self._space, reserve_bytes)

    def _space(self) -> DiskSpace:
        """Raises Unavailable. It is asked several times a second: what is wrong is logged once."""
        try:
            space = self.disk.space(self.layout.root)
        except OSError as error:
            is_news, self._space_fault = str(error) != self._space_fault, str(error)
            raise self.unwritable(error, is_news=is_news) from error
        self._space_fault = ""
        return space

    def make_container(
        self, container_id: int, *, pipeline_id: int, replica_index: int
    ) -> Container:
        """One that is not here: an entry of its pipeline's log says so."""
        assert container_id not in self.containers, container_id
        made = Container(container_id, pipeline_id=pipeline_id, replica_index=replica_index)
        self.containers[container_id] = made
        self.container_changed(container_id)
        return made

    def import_container(self, command: ImportContainerCommand) -> Container:
        """One that is not here is being made out of another replica."""
        former = self.containers.get(command.container_id)
        assert former is None or former.is_bare, command.container_id
        recovering = ContainerState.RECOVERING
        made = Container(
            command.container_id,
            state=recovering,
            logged_state=recovering,
            committed_state=recovering,
            pipeline_id=command.pipeline_id,
            replica_index=command.replica_index,
            highest_local=command.highest_local,
            commit_sequence=command.commit_sequence,
            origin_node_id=command.origin_node_id,
        )
        self.containers[command.container_id] = made
        self.container_changed(command.container_id)
        return made

    def take_off(self, container: Container, *, ring: int | None) -> None:
        """Its rows and files have gone.

        Args: ring: that is here and may still bring entries for it; None: none does."""
        container_id = container.container_id
        assert self.containers[container_id] is container
        del self.containers[container_id]
        if ring is not None:
            self.gone[container_id] = ring
        for number in container.segments:
            self.garbage.forget(container_id, number)
        for key in [key for key in self.corrupt if block_of_key(key)[0] == container_id]:
            self.corrupt_block_is_gone(key)
        self.container_changed(container_id)

    def load_gone(self, rings: Mapping[int, int]) -> None:
        """Containers that were taken off, at start; by them, their rings."""
        self.gone |= rings

    def forget_gone(self, container_ids: Iterable[int]) -> None:
        """Their ring has gone too."""
        for container_id in container_ids:
            del self.gone[container_id]

    def load_container(self, container: Container) -> None:
        """On the disk, at start."""
        assert container.container_id not in self.containers, container.container_id
        self.containers[container.container_id] = container

    def unreported(self, news: asyncio.Event | None = None) -> Unreported:
        """What changes from now on, for one that reports it; nothing as yet."""
        self._unreported.append(Unreported(news=news or asyncio.Event()))
        return self._unreported[-1]

    def tell_news(self) -> None:
        """The SCMs are told at once, not with the next heartbeat that is due: a ring has another
        leader, a container another state, a command was carried out."""
        for unreported in self._unreported:
            unreported.news.set()

    def container_changed(self, container_id: int) -> None:
        for unreported in self._unreported:
            unreported.container_changed(container_id)

    def record_corrupt(self, key: bytes, reason: str) -> None:
        if key in self.corrupt or len(self.corrupt) >= CORRUPT_BLOCKS_MAX:
            return
        container, local = block_of_key(key)
        home = self.containers.get(container)
        if home is not None and not home.is_readable:
            return  # its files are going, or not all here yet
        log.error("block_corrupt_found", container=container, local=local, reason=reason)
        self.corrupt[key] = reason
        self._corrupt_changed(key)
        self.tell_news()

    def corrupt_block_is_gone(self, key: bytes) -> None:
        """If it was one. It has been deleted, or has its bytes again."""
        if self.corrupt.pop(key, None) is not None:
            self._corrupt_changed(key)

    def _corrupt_changed(self, key: bytes) -> None:
        for unreported in self._unreported:
            unreported.corrupt.add(key)

    def mended_blocks(self, keys: set[bytes]) -> list[BlockId]:
        """Of those that were corrupt."""
        mended = map(block_of_key, sorted(keys - self.corrupt.keys()))
        return [BlockId(container=container, local=local) for container, local in mended]

    def corrupt_blocks(self, keys: set[bytes] | None = None) -> list[CorruptBlock]:
        corrupt: list[CorruptBlock] = []
        for key in sorted(self.corrupt if keys is None else keys & self.corrupt.keys()):
            container, local = block_of_key(key)
            block = BlockId(container=container, local=local)
            corrupt.append(CorruptBlock(block=block, reason=self.corrupt[key]))
        return corrupt

    async def reclaim(self, freed: list[Freed]) -> None:
        """Gives back the disk space of blocks whose rows are gone (committed)."""
        own_files = [freed_block for freed_block in freed if freed_block.block.segment < 0]
        for freed_block in own_files:
            self.files.drop(
                FileId(freed_block.container, freed_block.block.segment, freed_block.local)
            )
        if own_files:
            await self.blocking.run(self._unlink, own_files)
        for hole in self.garbage.holes(freed):
            await self._punch(hole)

    def _unlink(self, freed: list[Freed]) -> None:
        for freed_block in freed:
            self.disk.remove(self.layout.block(freed_block.container, freed_block.local))

    async def _punch(self, hole: Hole) -> None:
        container = self.containers.get(hole.container)
        if container is None or hole.segment not in container.segments:
            return
        try:
            file = await self.files.acquire(FileId(hole.container, hole.segment, 0))
        except FileNotFoundError:
            if hole.segment not in container.segments:
                return  # compacted meanwhile, and gone as a whole
            raise
        punching = self.blocking.run(file.file.punch_hole, hole.offset_bytes, hole.size_bytes)
        await self.use(file, punching)
        container.punched(hole.segment, hole.size_bytes)

    async def use(self, file: OpenFile, job: "asyncio.Future[T]") -> "T":
        """Awaits a job that uses an acquired file; it is released when the job has really ended."""
        job.add_done_callback(lambda _: self.files.release(file))
        return await joined(job)

    async def remove_segment(self, container: int, segment: int) -> None:
        file_id = FileId(container, segment, 0)
        self.files.drop(file_id)
        self.garbage.forget(container, segment)
        await self.blocking.run(self.disk.remove, self.files.path(file_id))

    def watch_trouble(self, watcher: Callable[[], None]) -> None:
        """Calls it when something on the disk could not be read or written."""
        self._trouble.append(watcher)

    def trouble(self) -> None:
        for watcher in self._trouble:
            watcher()

    def failed(self, error: Exception) -> None:
        """Something could not be written: the disk is looked at."""
        if isinstance(error, StoreFailed):
            self.index_failure = error
        self.trouble()

    def index_is_written(self) -> None:
        """Again, where it was not before."""
        self.index_failure = None

    async def unreadable(self, error: OSError) -> str:
        """What is wrong with a file that could not be read; the disk is looked at.

        Raises: Unavailable: not that file is bad, but others of the disk cannot be read either."""
        is_here = await self.blocking.run(is_mounted, self.disk, self.layout)
        fault = fault_of(error, is_mounted=is_here)
        if fault is Fault.FILE and isinstance(error, FileNotFoundError):
            # Perhaps it was removed, or its block has moved.
            return "the file is missing"
        if fault is not Fault.PROCESS:
            self.trouble()
        if fault is not Fault.FILE:
            log.warning("disk_not_read", volume=self.volume_id, error=error)
            raise Unavailable("nothing can be read from the disk now", cause=str(error)) from error
        return "the disk does not read it"

    def unwritable(self, error: OSError, *, is_news: bool = True) -> Unavailable:
        """What whoever writes is told, and so writes elsewhere; the disk is looked at."""
        self.failed(error)
        if is_news:
            log.warning("disk_not_written", volume=self.volume_id, error=error)
        return Unavailable("the disk cannot be written", cause=str(error))

    def leave(self) -> None:
        """It is taken out of service: whoever still reads it is sent elsewhere."""
        self.index.shut()

    def close(self) -> None:
        """After the last job. Blocks until the lanes, and whoever reads the index, have ended."""
        self.index.close()
        self.store_lane.close()
        self.segment_lane.close()
        self.files.close()
        self.store.close()
