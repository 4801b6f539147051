"""A DataNode: its volumes, their pipelines and workers, its service and its heartbeat."""

import asyncio
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

from trioxygen.common import logs
from trioxygen.common.network import Server
from trioxygen.common.paging import Room
from trioxygen.common.runtime import Runtime
from trioxygen.common.worker import Worker
from trioxygen.hdds.container.blocks import block_key, container_key
from trioxygen.hdds.container.compaction import Compactor
from trioxygen.hdds.container.scrub import Scrubber
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.datanode import recovery
from trioxygen.hdds.datanode.block_listing import listed_blocks
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.datanode.config import DataNodeConfig
from trioxygen.hdds.datanode.flusher import Flusher
from trioxygen.hdds.datanode.heartbeat import Heartbeat, volume_report
from trioxygen.hdds.datanode.metrics import DataNodeCollector, VolumeWork
from trioxygen.hdds.datanode.pipeline import Pipeline
from trioxygen.hdds.datanode.ports import ScmClient
from trioxygen.hdds.datanode.reads import Reads
from trioxygen.hdds.datanode.service import DataNodeService
from trioxygen.hdds.datanode.streams import Streams
from trioxygen.hdds.datanode.volumes import VolumeParts, belong_to, open_volume
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeDataNodeReply,
    ListBlocksReply,
    ListBlocksRequest,
)
from trioxygen.proto.v1.scm_pb2 import ContainerReport, CorruptBlock

log = logs.get(__name__)

_EXPIRY_INTERVAL_MS = 60_000.0


class _SealedExpiry:
    """A Worker: drops received blocks that nobody put."""

    interval_ms = _EXPIRY_INTERVAL_MS

    def __init__(self, streams: Streams, volume_id: str) -> None:
        self.name = f"sealed-expiry-{volume_id}"
        self._streams = streams

    async def work(self) -> bool:
        await self._streams.drop_expired()
        return False


class DataNode:
    """`start` returns when the log is replayed and the service answers; then heartbeats begin.

    Args:
        scm: None for a node that is tried alone; it sends no heartbeats then.
    """

    def __init__(
        self,
        runtime: Runtime,
        config: DataNodeConfig,
        volumes: Sequence[VolumeParts],
        scm: ScmClient | None,
    ) -> None:
        assert volumes, "a DataNode without a volume"
        self._runtime, self._config, self._parts, self._scm = runtime, config, volumes, scm
        self.works: list[VolumeWork] = []
        self._homes: dict[int, VolumeWork] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        self._server: Server | None = None
        # Set once an SCM has taken it in.
        self.registered = asyncio.Event()
        self._collector = DataNodeCollector(self.works)

    @property
    def address(self) -> str:
        assert self._server is not None, "not started"
        return self._server.address

    async def start(self) -> None:
        """Raises: UnknownFormat, LogCorrupt; nothing runs any more then."""
        try:
            for parts in self._parts:
                await self._start_volume(parts)
            await self._serve()
        except BaseException:
            await self.stop()
            raise

    async def _serve(self) -> None:
        service = DataNodeService(
            home=self._homes.get,
            new_home=self._new_home,
            describe=self.describe,
            list_blocks=self.list_blocks,
            read_small_bytes_max=self._config.read_small_bytes_max,
        )
        network = self._runtime.network
        self._server = await network.serve(self._config.address, [service.service()])
        self._runtime.registry.register(self._collector)
        commands = Commands(self._runtime.clock, self._pipeline_of)
        for work in self.works:
            streams = work.pipeline.streams
            self._start_worker(work.compactor)
            self._start_worker(work.scrubber)
            self._start_worker(_SealedExpiry(streams, work.volume.volume_id))
        if self._scm is not None:
            self._start_worker(
                Heartbeat(
                    node_id=self._config.node_id,
                    address=self._config.advertised_address or self._server.address,
                    scm=self._scm,
                    clock=self._runtime.clock,
                    works=self.works,
                    commands=commands,
                    registered=self._registered,
                    reported_at_once_max=self._config.reported_at_once_max,
                )
            )
        log.info("datanode_started", node=self._config.node_id, address=self._server.address)

    async def _start_volume(self, parts: VolumeParts) -> None:
        runtime, config = self._runtime, self._config
        volume = await open_volume(runtime, parts, config.volume_limits())
        try:
            recovered = await runtime.blocking.run(recovery.load, volume)
            volume.room.look()
        except BaseException:
            await runtime.blocking.run(volume.close)
            raise
        work = self._work(volume, Pipeline(runtime, config, volume, parts.ring, recovered))
        self.works.append(work)
        # Before the replay: a long log needs room.
        self._start_worker(work.flusher)
        parts.ring.watch_pressure(work.flusher.relieve_log)
        await work.pipeline.start()
        for container_id, container in volume.containers.items():
            if not container.is_within_ids:
                work.pipeline.fail_container(container_id, "ids beyond those that clusters have")
        await work.flusher.flush_if_possible()
        pending = work.pipeline.pending_keys()
        await runtime.blocking.run(recovery.remove_orphans, volume, pending)
        work.flusher.may_trim_log = True
        _tell_room(volume)
        for container_id in volume.containers:
            assert container_id not in self._homes, f"container {container_id} on two volumes"
            self._homes[container_id] = work

    def _work(self, volume: Volume, pipeline: Pipeline) -> VolumeWork:
        config, clock = self._config, self._runtime.clock
        compactor = Compactor(
            volume,
            interval_ms=config.compaction_interval_ms,
            live_share=config.compact_live_share,
        )
        scrubber = Scrubber(
            volume,
            clock,
            bytes_per_s=config.scrub_bytes_per_s,
            interval_ms=config.scrub_interval_ms,
        )
        flusher = Flusher(pipeline, config, clock)
        return VolumeWork(pipeline, flusher, Reads(pipeline, config), compactor, scrubber)

    def _start_worker(self, worker: Worker) -> None:
        self._tasks.append(self._runtime.tasks.start_worker(worker))

    async def stop(self) -> None:
        """Refuses new calls, ends those under way, and leaves everything applied in the index."""
        if self._server is not None:
            await self._server.stop()
            self._runtime.registry.unregister(self._collector)
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for work in self.works:
            await work.pipeline.streams.finished()
            await work.compactor.finished()
            await work.flusher.end()
            await work.pipeline.ring.stop()
            await self._runtime.blocking.run(work.volume.close)
        self.works.clear()

    def takes_writes(self) -> bool:
        """Every volume's log goes on. One that has failed takes none until the node's restart."""
        return bool(self.works) and all([work.pipeline.ring.is_leader() for work in self.works])

    # ---- containers and their homes ----

    def _pipeline_of(self, container_id: int) -> Pipeline | None:
        work = self._homes.get(container_id)
        return work.pipeline if work is not None else None

    def _new_home(self, container_id: int) -> VolumeWork:
        work = max(self.works, key=lambda found: found.volume.room.free_bytes)
        self._homes[container_id] = work
        return work

    async def _registered(self, cluster_id: str) -> None:
        for work in self.works:
            volume: Volume = work.volume
            await self._runtime.blocking.run(
                belong_to, self._runtime.disk, volume.layout, cluster_id
            )
        self.registered.set()

    def is_full(self) -> bool:
        """None of its volumes takes data."""
        return bool(self.works) and all(work.volume.room.is_full() for work in self.works)

    def describe(self, after: bytes = b"") -> DescribeDataNodeReply:
        """A page of containers, then of corrupt blocks; `after` is a section and a key in it."""
        reply = DescribeDataNodeReply(
            node_id=self._config.node_id,
            volumes=[volume_report(work) for work in self.works],
            pending_blocks=sum(work.pipeline.pending_blocks for work in self.works),
        )
        room, last = Room(), after
        for position, one in self._described():
            if position <= after:
                continue
            if not room.takes(one.ByteSize()):
                reply.next = last
                break
            last = position
            if isinstance(one, ContainerReport):
                reply.containers.append(one)
            else:
                reply.corrupt_blocks.append(one)
        return reply

    async def list_blocks(self, request: ListBlocksRequest) -> ListBlocksReply:
        """Of all volumes; blocks that only the log has yet are not among them."""
        return await self._runtime.blocking.run(
            listed_blocks, [work.volume for work in self.works], request
        )

    def _described(self) -> Iterator[tuple[bytes, ContainerReport | CorruptBlock]]:
        containers = {
            container_key(container.container_id): container
            for work in self.works
            for container in work.volume.containers.values()
        }
        for key in sorted(containers):
            yield b"1" + key, containers[key].report()
        corrupt = [found for work in self.works for found in work.volume.corrupt_blocks()]
        keys = [block_key(found.block.container, found.block.local) for found in corrupt]
        for key, found in sorted(zip(keys, corrupt, strict=True), key=itemgetter(0)):
            yield b"2" + key, found


def _tell_room(volume: Volume) -> None:
    """Once at each start: what may still be written, and whether that is nothing."""
    room = volume.room
    left_bytes = room.look()
    told = {
        "volume": volume.volume_id,
        "room_bytes": left_bytes,
        "free_bytes": room.free_bytes,
        "reserved_bytes": room.reserve_bytes,
        "capacity_bytes": room.capacity_bytes,
    }
    if left_bytes:
        log.info("volume_has_room", **told)
    else:
        log.warning(
            "volume_has_no_room",
            **told,
            note="no data can be written: free some space, or lower storage.reserved_bytes",
        )
