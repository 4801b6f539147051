"""Moves what the rings' log has brought into segments and the block index, in batches."""

import asyncio
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import NoSpace
from trioxygen.common.finishing import Finishing, joined
from trioxygen.common.full_disk import FULL_WAIT_MS
from trioxygen.common.origin import no_origin
from trioxygen.hdds.container.blocks import block_key
from trioxygen.hdds.container.garbage import Freed
from trioxygen.hdds.container.open_files import FileId, OpenFile
from trioxygen.hdds.container.segment import Place
from trioxygen.hdds.container.view import ContainerView
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.pending import Generation, PendingBlock
from trioxygen.hdds.ring.persist import Persisted, Run, persist, persist_deletions
from trioxygen.hdds.ring.rings import Rings
from trioxygen.metadata.store.ports import StoreFailed

log = logs.get(__name__)

# Of a whole generation that the disk refuses, before its containers are tried each for itself.
_TRIES: Final = 3


class Flusher:
    """A Worker. Flushes as soon as there is something, then rests for the interval and gathers."""

    def __init__(self, rings: Rings, config: DataNodeConfig, clock: Clock) -> None:
        self.name = f"flusher-{rings.volume.volume_id}"
        self.interval_ms = config.flush_interval_ms
        self._rings, self._blocks = rings, rings.blocks
        self._config, self._clock = config, clock
        self._volume: Volume = rings.volume
        self._finishing = Finishing()
        self._flushing: asyncio.Task[None] | None = None
        self._relieving: asyncio.Task[None] | None = None
        self._synced_ms = clock.monotonic_ms()
        self._unsynced_log_bytes = 0
        # Set once the log has been replayed: before, it cannot drop anything.
        self.may_trim_log = False
        self._failures = 0
        self.flushes = 0
        self.syncs = 0
        self.written_bytes = 0

    async def work(self) -> bool:
        await self._blocks.has_pending.wait()
        if await self.flush_if_possible():
            await self._sync_sometimes()
            return self._blocks.pending_bytes >= self._config.flush_bytes
        await self._clock.sleep_ms(FULL_WAIT_MS)
        return True

    async def flush_if_possible(self) -> bool:
        """As `flush_generation`; whether there was room. What has none stays in the log and in
        memory, readable."""
        try:
            await self.flush_generation()
        except NoSpace:
            return False
        return True

    async def flush_all(self) -> None:
        """All that was applied before the call is in the index."""
        while self._blocks.has_pending.is_set():
            await self.flush_generation()

    async def flush_container(self, container_id: int) -> None:
        """All that was applied to it before the call is in the index. What is pending of others may
        wait for room: what a full disk holds is copied elsewhere all the same.

        Raises: NoSpace, OSError."""
        if self._blocks.is_pending(container_id):
            await self.flush_all()

    async def flush_generation(self) -> None:
        """One generation. It goes on when the caller is cancelled.

        Raises: NoSpace, OSError; the generation is tried again at the next call.
        """
        # One that is done is not waited for: who does that in a loop would never let go of it.
        if self._flushing is None or self._flushing.done():
            # For all whose blocks wait, whoever asks for it.
            self._flushing = self._finishing.begin(self._flush(), context=no_origin())
        await joined(self._flushing)

    async def _flush(self) -> None:
        volume, blocks = self._volume, self._blocks
        async with volume.commit_lock:
            generation = blocks.begin_flush()
            if generation is None:
                return
            try:
                freed = await self._persist_or_apart(generation)
            except NoSpace:
                if volume.room.ran_out():
                    log.error("volume_full", volume=volume.volume_id)
                await self._make_way()
                raise
            self._failures = 0
            volume.index_is_written()
            blocks.end_flush()
            if volume.room.recovered():
                log.info("volume_has_room_again", volume=volume.volume_id)
        try:
            await volume.reclaim(freed)
        except OSError as error:
            # Disk space that nothing names any more: compaction finds what lies in segments.
            log.error("space_not_reclaimed", volume=volume.volume_id, error=error)

    async def _persist_or_apart(self, generation: Generation) -> list[Freed]:
        """As a whole if that can be; otherwise container by container, so that one which cannot be
        written takes no other with it.

        Raises: NoSpace, OSError: nothing can be written; what is left is tried again."""
        try:
            return await self._persist(generation, is_whole=True)
        except NoSpace:
            raise
        except Exception as error:
            self._failures += 1
            self._volume.failed(error)
            log.error("flush_failed", volume=self._volume.volume_id, error=error)
            # No container is at fault where the index is not written.
            if isinstance(error, StoreFailed):
                raise
            if isinstance(error, OSError) and self._failures < _TRIES:
                raise
        freed: list[Freed] = []
        for container_id, share in generation.by_container().items():
            try:
                freed += await self._persist(share, is_whole=False)
            except (NoSpace, StoreFailed):
                raise
            except Exception as error:
                await self._blocks.give_up(share, error)
            generation.take_out(container_id)
        freed += await self._persist(generation, is_whole=True)
        return freed

    async def _persist(self, generation: Generation, *, is_whole: bool) -> list[Freed]:
        """Also in memory. What the index names no more."""
        volume, blocks = self._volume, self._blocks
        views: dict[int, ContainerView] = {}
        files: list[OpenFile] = []
        runs: list[Run] = []
        try:
            await self._add_runs(runs, generation, files)
            for container_id, container in blocks.containers_of(generation).items():
                state = generation.states.get(container_id, container.committed_state)
                views[container_id] = ContainerView.of(container, state)
            applied = self._rings.rows_of(generation) if is_whole else []
            write = partial(persist, applied=applied)
            done = await volume.store_lane.run(write, volume.store, generation, runs, views)
        except BaseException:
            for seen in views.values():
                seen.give_back()
            await self._undo(runs)
            raise
        finally:
            for file in files:
                volume.files.release(file)
        self._adopt(generation, views, done)
        return done.freed

    async def _undo(self, runs: list[Run]) -> None:
        """Each try of a full disk must not leave half of it in segments."""
        for run in runs:
            size_bytes = run.size_bytes
            punching = self._volume.store_lane.run(
                run.file.punch_hole, run.offset_bytes, size_bytes
            )
            try:
                await punching
            except (NoSpace, OSError) as error:
                log.warning("space_not_given_back", segment=run.segment, reason=error)
            run.container.give_back(Place(run.segment, run.offset_bytes), size_bytes)

    async def _make_way(self) -> None:
        """Deletions that wait behind blocks without room are made first: they may free it."""
        volume, blocks = self._volume, self._blocks
        generation = blocks.flush_failed()
        freed: list[Freed] = []
        if generation.deleted:
            containers = {
                blocks.container: volume.containers[blocks.container]
                for blocks in generation.deleted
                if blocks.container in volume.containers
            }
            views = {
                container_id: ContainerView.of(container, container.committed_state)
                for container_id, container in containers.items()
            }
            try:
                done = await volume.store_lane.run(
                    persist_deletions, volume.store, generation, views
                )
            except BaseException:
                for seen in views.values():
                    seen.give_back()
                raise
            generation.deleted.clear()
            self._adopt_changes(views, done)
            freed += done.freed
        await volume.reclaim([*freed, *generation.take_dropped()])

    async def _add_runs(
        self, runs: list[Run], generation: Generation, files: list[OpenFile]
    ) -> None:
        """Reserves room for the data, a run for each container."""
        volume = self._volume
        by_container: dict[int, list[tuple[bytes, PendingBlock]]] = {}
        for key, pending in generation.puts.items():
            if pending.data is not None:
                container_id = pending.container.container_id
                by_container.setdefault(container_id, []).append((key, pending))
        for container_id, blocks in by_container.items():
            container = blocks[0][1].container
            size_bytes = sum(pending.block.size_bytes for _, pending in blocks)
            place = container.reserve(size_bytes, segment_bytes_max=volume.limits.segment_bytes_max)
            try:
                file_id = FileId(container_id, place.segment, 0)
                file = await volume.files.acquire(file_id, create=True)
            except BaseException:
                container.give_back(place, size_bytes)
                raise
            files.append(file)
            run = Run(container, file.file, place.segment, place.offset_bytes, size_bytes, blocks)
            runs.append(run)

    def _adopt(
        self, generation: Generation, views: dict[int, ContainerView], done: Persisted
    ) -> None:
        self._adopt_changes(views, done)
        for pending in (*generation.puts.values(), *generation.dropped):
            if pending.record is not None:
                pending.container.release_record(pending.record)
        for pending in generation.puts.values():
            pending.container.flushed(pending.pending_bytes)
        self.flushes += 1
        self.syncs += done.syncs
        self.written_bytes += done.written_bytes
        self._unsynced_log_bytes += generation.log_bytes

    def _adopt_changes(self, views: dict[int, ContainerView], done: Persisted) -> None:
        volume = self._volume
        for container_id, seen in views.items():
            before = seen.container.state
            seen.adopt(done.of(container_id))
            volume.container_changed(container_id)
            if seen.container.state is not before:
                volume.tell_news()
        for freed in done.freed:
            volume.corrupt_block_is_gone(block_key(freed.container, freed.local))

    async def _sync_sometimes(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if (
            self._unsynced_log_bytes >= self._config.store_sync_log_bytes
            or now_ms - self._synced_ms >= self._config.store_sync_interval_ms
        ):
            self._synced_ms = now_ms
            await self.sync_store()

    async def sync_store(self) -> None:
        """The index is on stable storage: the log may drop what it holds."""
        if not self.may_trim_log:
            return
        persisted = {
            pipeline_id: position.index for pipeline_id, position in self._blocks.persisted.items()
        }
        self._unsynced_log_bytes = 0
        try:
            await joined(self._volume.store_lane.run(self._volume.store.sync))
        except StoreFailed as error:
            self._volume.failed(error)
            raise
        self._rings.state_is_durable(persisted)

    def relieve_log(self) -> None:
        """The log wants to drop what it can, soon."""
        if self._relieving is None:
            self._relieving = self._finishing.begin(self._relieve(), context=no_origin())

    async def _relieve(self) -> None:
        try:
            await self.flush_if_possible()
            await self.sync_store()
        except (NoSpace, OSError) as error:
            log.warning("log_not_relieved", volume=self._volume.volume_id, reason=error)
        finally:
            self._relieving = None

    async def finished(self) -> None:
        """What was begun has ended."""
        await self._finishing.ended()

    async def end(self) -> None:
        """Leaves in the index what there is room for; the log has the rest."""
        try:
            while self._blocks.has_pending.is_set() and await self.flush_if_possible():
                continue
            # Also what the index names already, whose space is still being given back.
            await self._finishing.ended()
            await self.sync_store()
        except (NoSpace, OSError) as error:
            log.warning("volume_not_flushed", volume=self._volume.volume_id, reason=error)
            await self._finishing.ended()
