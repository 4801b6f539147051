"""Moves what the ring's log has applied into segments and the block index, in batches."""

import asyncio

from trioxygen.common.clock import Clock
from trioxygen.common.errors import NoSpace
from trioxygen.hdds.container.blocks import block_key
from trioxygen.hdds.container.container import ContainerView, adopt, view
from trioxygen.hdds.container.open_files import FileId, OpenFile
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.datanode.config import DataNodeConfig
from trioxygen.hdds.datanode.pending import Generation, PendingBlock
from trioxygen.hdds.datanode.persist import Persisted, Run, persist
from trioxygen.hdds.datanode.pipeline import Pipeline
from trioxygen.hdds.datanode.streams import release_record


class Flusher:
    """A Worker. Flushes as soon as there is something, then rests for the interval and gathers."""

    def __init__(self, pipeline: Pipeline, config: DataNodeConfig, clock: Clock) -> None:
        self.name = f"flusher-{pipeline.volume.volume_id}"
        self.interval_ms = config.flush_interval_ms
        self._pipeline, self._config, self._clock = pipeline, config, clock
        self._volume: Volume = pipeline.volume
        self._flushing: asyncio.Task[None] | None = None
        self._synced_ms = clock.monotonic_ms()
        self._unsynced_log_bytes = 0
        # Set once the log has been replayed: before, it cannot drop anything.
        self.may_trim_log = False
        self.flushes = 0
        self.syncs = 0
        self.written_bytes = 0

    async def work(self) -> bool:
        await self._pipeline.has_pending.wait()
        await self.flush_one()
        await self._sync_sometimes()
        return self._pipeline.pending_bytes >= self._config.flush_bytes

    async def flush_all(self) -> None:
        """All that was applied before the call is in the index."""
        while self._pipeline.has_pending.is_set():
            await self.flush_one()

    async def flush_one(self) -> None:
        """One generation. It goes on when the caller is cancelled.

        Raises: NoSpace, OSError; the generation is tried again at the next call.
        """
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush())
            self._flushing.add_done_callback(self._flush_ended)
        await asyncio.shield(self._flushing)

    def _flush_ended(self, _: "asyncio.Task[None]") -> None:
        self._flushing = None

    async def _flush(self) -> None:
        volume, pipeline = self._volume, self._pipeline
        async with volume.commit_lock:
            generation = pipeline.begin_flush()
            if generation is None:
                return
            views: dict[int, ContainerView] = {}
            files: list[OpenFile] = []
            try:
                runs = await self._runs(generation, files)
                for container_id, container in pipeline.containers_of(generation).items():
                    state = generation.states.get(container_id, container.committed_state)
                    views[container_id] = view(container, state)
                done = await volume.store_lane.run(persist, volume.store, generation, runs, views)
            except BaseException as error:
                for seen in views.values():
                    seen.container.dirty_segments |= seen.dirty_segments
                volume.full = volume.full or isinstance(error, NoSpace)
                raise
            finally:
                for file in files:
                    volume.files.release(file)
            self._adopt(generation, views, done)
            pipeline.end_flush()
        await volume.reclaim(done.freed)

    async def _runs(self, generation: Generation, files: list[OpenFile]) -> list[Run]:
        """Reserves room for the data, a run for each container."""
        volume = self._volume
        by_container: dict[int, list[tuple[bytes, PendingBlock]]] = {}
        for key, pending in generation.puts.items():
            if pending.data is not None:
                container_id = pending.container.container_id
                by_container.setdefault(container_id, []).append((key, pending))
        runs: list[Run] = []
        for container_id, blocks in by_container.items():
            container = blocks[0][1].container
            place = container.reserve(
                sum(pending.block.size_bytes for _, pending in blocks),
                segment_bytes_max=volume.limits.segment_bytes_max,
            )
            file = await volume.files.acquire(FileId(container_id, place.segment, 0), create=True)
            files.append(file)
            runs.append(Run(container, file.file, place.segment, place.offset_bytes, blocks))
        return runs

    def _adopt(
        self, generation: Generation, views: dict[int, ContainerView], done: Persisted
    ) -> None:
        volume = self._volume
        volume.full = False
        for container_id, seen in views.items():
            adopt(seen, done.of(container_id))
            volume.changed_containers.add(container_id)
        for pending in (*generation.puts.values(), *generation.dropped):
            if pending.record is not None:
                release_record(pending.container, pending.record)
        for pending in generation.puts.values():
            pending.container.pending_bytes -= pending.pending_bytes
        for freed in done.freed:
            volume.corrupt.pop(block_key(freed.container, freed.local), None)
        self.flushes += 1
        self.syncs += done.syncs
        self.written_bytes += done.written_bytes
        self._unsynced_log_bytes += generation.log_bytes

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
