"""Moves what the ring's log has applied into segments and the block index, in batches."""

import asyncio
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import NoSpace
from trioxygen.hdds.container.blocks import block_key
from trioxygen.hdds.container.container import ContainerView, Place, adopt, view
from trioxygen.hdds.container.garbage import Freed
from trioxygen.hdds.container.open_files import FileId, OpenFile
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.datanode.config import DataNodeConfig
from trioxygen.hdds.datanode.pending import Generation, PendingBlock
from trioxygen.hdds.datanode.persist import Persisted, Run, persist, persist_deletions
from trioxygen.hdds.datanode.pipeline import Pipeline

log = logs.get(__name__)

_FULL_WAIT_MS: Final = 250.0
# Of a whole generation that the disk refuses, before its containers are tried each for itself.
_TRIES: Final = 3


class Flusher:
    """A Worker. Flushes as soon as there is something, then rests for the interval and gathers."""

    def __init__(self, pipeline: Pipeline, config: DataNodeConfig, clock: Clock) -> None:
        self.name = f"flusher-{pipeline.volume.volume_id}"
        self.interval_ms = config.flush_interval_ms
        self._pipeline, self._config, self._clock = pipeline, config, clock
        self._volume: Volume = pipeline.volume
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
        await self._pipeline.has_pending.wait()
        if await self.flush_if_possible():
            await self._sync_sometimes()
            return self._pipeline.pending_bytes >= self._config.flush_bytes
        await self._clock.sleep_ms(_FULL_WAIT_MS)
        return True

    async def flush_if_possible(self) -> bool:
        """As `flush_one`; whether there was room. What there is none for stays in the log and in
        memory, readable."""
        try:
            await self.flush_one()
        except NoSpace:
            return False
        return True

    async def flush_all(self) -> None:
        """All that was applied before the call is in the index."""
        while self._pipeline.has_pending.is_set():
            await self.flush_one()

    async def flush_one(self) -> None:
        """One generation. It goes on when the caller is cancelled.

        Raises: NoSpace, OSError; the generation is tried again at the next call.
        """
        # One that is done is not waited for: who does that in a loop would never let go of it.
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.get_running_loop().create_task(self._flush())
        await asyncio.shield(self._flushing)

    async def _flush(self) -> None:
        volume, pipeline = self._volume, self._pipeline
        async with volume.commit_lock:
            generation = pipeline.begin_flush()
            if generation is None:
                return
            try:
                freed = await self._persist_or_apart(generation)
            except NoSpace:
                self._set_stuck(True)
                await self._make_way()
                raise
            self._failures = 0
            pipeline.end_flush()
            self._set_stuck(False)
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
            log.error("flush_failed", volume=self._volume.volume_id, error=error)
            if isinstance(error, OSError) and self._failures < _TRIES:
                raise
        freed: list[Freed] = []
        for container_id, share in generation.by_container().items():
            try:
                freed += await self._persist(share, is_whole=False)
            except NoSpace:
                raise
            except Exception as error:
                await self._pipeline.give_up(share, error)
            generation.take_out(container_id)
        freed += await self._persist(generation, is_whole=True)
        return freed

    async def _persist(self, generation: Generation, *, is_whole: bool) -> list[Freed]:
        """Also in memory. What the index names no more."""
        volume, pipeline = self._volume, self._pipeline
        views: dict[int, ContainerView] = {}
        files: list[OpenFile] = []
        runs: list[Run] = []
        try:
            await self._add_runs(runs, generation, files)
            for container_id, container in pipeline.containers_of(generation).items():
                state = generation.states.get(container_id, container.committed_state)
                views[container_id] = view(container, state)
            write = partial(persist, is_whole=is_whole)
            done = await volume.store_lane.run(write, volume.store, generation, runs, views)
        except BaseException:
            for seen in views.values():
                seen.container.dirty_segments |= seen.dirty_segments
            await self._undo(runs)
            raise
        finally:
            for file in files:
                volume.files.release(file)
        self._adopt(generation, views, done)
        return done.freed

    def _set_stuck(self, is_stuck: bool) -> None:
        volume = self._volume
        if is_stuck and not volume.room.is_stuck:
            log.error("volume_full", volume=volume.volume_id)
        elif volume.room.is_stuck and not is_stuck:
            log.info("volume_has_room_again", volume=volume.volume_id)
        volume.room.is_stuck = is_stuck

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
        volume, pipeline = self._volume, self._pipeline
        generation = pipeline.flush_failed()
        freed: list[Freed] = []
        if generation.deleted:
            containers = {
                blocks.container: volume.containers[blocks.container]
                for blocks in generation.deleted
                if blocks.container in volume.containers
            }
            views = {
                container_id: view(container, container.committed_state)
                for container_id, container in containers.items()
            }
            try:
                done = await volume.store_lane.run(
                    persist_deletions, volume.store, generation, views
                )
            except BaseException:
                for seen in views.values():
                    seen.container.dirty_segments |= seen.dirty_segments
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
            pending.container.pending_bytes -= pending.pending_bytes
        self.flushes += 1
        self.syncs += done.syncs
        self.written_bytes += done.written_bytes
        self._unsynced_log_bytes += generation.log_bytes

    def _adopt_changes(self, views: dict[int, ContainerView], done: Persisted) -> None:
        volume = self._volume
        for container_id, seen in views.items():
            adopt(seen, done.of(container_id))
            volume.changed_containers.add(container_id)
        for freed in done.freed:
            volume.corrupt.pop(block_key(freed.container, freed.local), None)

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
        index = self._pipeline.persisted_index
        self._unsynced_log_bytes = 0
        await asyncio.shield(self._volume.store_lane.run(self._volume.store.sync))
        self._pipeline.ring.state_is_durable_through(index)

    def relieve_log(self) -> None:
        """The log wants to drop what it can, soon."""
        if self._relieving is None:
            self._relieving = asyncio.get_running_loop().create_task(self._relieve())

    async def _relieve(self) -> None:
        try:
            await self.flush_if_possible()
            await self.sync_store()
        except (NoSpace, OSError) as error:
            log.warning("log_not_relieved", volume=self._volume.volume_id, reason=error)
        finally:
            self._relieving = None

    async def end(self) -> None:
        """Leaves in the index what there is room for; the log has the rest."""
        try:
            while self._pipeline.has_pending.is_set() and await self.flush_if_possible():
                continue
            if self._relieving is not None:
                await asyncio.wait((self._relieving,))
            await self.sync_store()
        except (NoSpace, OSError) as error:
            log.warning("volume_not_flushed", volume=self._volume.volume_id, reason=error)
