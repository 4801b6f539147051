"""A DataNode: its volumes, their pipelines and workers, its service and its heartbeat."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trioxygen.common import logs
from trioxygen.common.finishing import joined, to_the_end
from trioxygen.common.rpc.network import Server, Service
from trioxygen.common.runtime import Runtime
from trioxygen.common.worker import Worker
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.copying.copies import Copier, Copies
from trioxygen.hdds.copying.imports import Imports
from trioxygen.hdds.datanode.block_listing import listed_blocks
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.datanode.description import described, tell_room
from trioxygen.hdds.datanode.heartbeat import Heartbeat
from trioxygen.hdds.datanode.homes import Homes
from trioxygen.hdds.datanode.metrics import DataNodeCollector
from trioxygen.hdds.datanode.ports import Locate, ScmClient
from trioxygen.hdds.datanode.service import DataNodeService
from trioxygen.hdds.datanode.volumes import VolumeParts, belong_to, open_volume
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.reconstruction.rebuilds import Rebuilder, Rebuilds
from trioxygen.hdds.ring import recovery
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.places import Recovered
from trioxygen.hdds.ring.rings import Rings
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeDataNodeReply,
    ListBlocksReply,
    ListBlocksRequest,
)

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class OpenedVolume:
    """One whose rings do not run yet."""

    parts: VolumeParts
    volume: Volume
    recovered: Recovered


class DataNode:
    """`open` returns when the volumes have been found whole, `start` when the log is replayed and
    the service answers; then heartbeats begin.

    Args:
        scms: a client of each SCM; none for a node that is tried alone: it sends no heartbeats.
        services: served beside its own: what members of rings say to each other.
        locate: the SCM's answer for some containers; None: nobody is asked.
    """

    def __init__(
        self,
        runtime: Runtime,
        config: DataNodeConfig,
        volumes: Sequence[VolumeParts],
        scms: Sequence[ScmClient],
        *,
        services: Sequence[Service] = (),
        locate: Locate | None = None,
    ) -> None:
        assert volumes, "a DataNode without a volume"
        self._runtime, self._config, self._parts = runtime, config, volumes
        self._scms, self._services = scms, services
        self._opened: list[OpenedVolume] = []
        self.works: list[VolumeWork] = []
        self.homes = Homes(config.node_id, self.works, locate)
        self._tasks: list[asyncio.Task[Any]] = []
        self._server: Server | None = None
        # The SCMs answer at once, and the first answer is written to a volume's file.
        self._belonging = asyncio.Lock()
        # Set once the SCM that leads has taken it in.
        self.registered = asyncio.Event()
        # Set once it knows of a ring of this node: blocks are given from then on.
        self.ring_known = asyncio.Event()
        self.copies = Copies(runtime, config, self.homes)
        self.rebuilds = Rebuilds(runtime, config, self.copies.pace)
        self.imports = Imports(runtime, config, self.homes)
        self._collector = DataNodeCollector(self.works, self.copies, self.imports)

    @property
    def address(self) -> str:
        assert self._server is not None, "not started"
        return self._server.address

    async def open(self) -> None:
        """Raises: UnknownFormat, Corrupt; nothing is open any more then."""
        try:
            for parts in self._parts:
                self._opened.append(await self._open_volume(parts))
        except BaseException:
            await self.stop()
            raise

    async def start(self) -> None:
        """Opens it if nobody has. Raises: as `open`, LogCorrupt; nothing runs any more then."""
        if not self._opened:
            await self.open()
        try:
            while self._opened:
                await self._start_volume(self._opened[0])
            await self._serve()
        except BaseException:
            await self.stop()
            raise

    async def _serve(self) -> None:
        service = DataNodeService(
            homes=self.homes,
            imports=self.imports,
            describe=self.describe,
            list_blocks=self.list_blocks,
            read_small_bytes_max=self._config.read_small_bytes_max,
        )
        network = self._runtime.network
        services = [service.service(), *self._services]
        self._server = await network.serve(self._config.address, services)
        self._runtime.registry.register(self._collector)
        for work in self.works:
            for worker in work.workers():
                self._start_worker(worker)
        self._start_worker(self.imports)
        for number in range(1, self._config.copies_max + 1):
            self._start_worker(Copier(self.copies, number))
        for number in range(1, self._config.rebuilds_max + 1):
            self._start_worker(Rebuilder(self.rebuilds, number))
        commands = Commands(self._runtime.clock, self.homes, self.copies, self.rebuilds)
        instance = self._runtime.rng.getrandbits(63) | 1
        for number, scm in enumerate(self._scms, start=1):
            self._start_worker(
                Heartbeat(
                    name="heartbeat" if len(self._scms) == 1 else f"heartbeat-{number}",
                    node_id=self._config.node_id,
                    address=self._config.advertised_address or self._server.address,
                    instance=instance,
                    scm=scm,
                    runtime=self._runtime,
                    works=self.works,
                    commands=commands,
                    registered=self._registered,
                    ring_known=self.ring_known.set,
                    reported_at_once_max=self._config.reported_at_once_max,
                )
            )
        log.info("datanode_started", node=self._config.node_id, address=self._server.address)

    async def _open_volume(self, parts: VolumeParts) -> OpenedVolume:
        runtime = self._runtime
        volume = await open_volume(runtime, parts, self._config.volume_limits())
        try:
            recovered = await self._recovered(volume)
            volume.room.look()
        except BaseException:
            await runtime.blocking.run(volume.close)
            raise
        return OpenedVolume(parts, volume, recovered)

    async def _recovered(self, volume: Volume) -> Recovered:
        """When it is cancelled: once its thread has ended, which stops at the next container."""
        breaking_off = asyncio.Event()
        loading = self._runtime.blocking.run(recovery.load, volume, breaking_off.is_set)
        try:
            return await joined(loading)
        finally:
            breaking_off.set()
            # A thread that reads a store which is closed meanwhile would take the process along.
            await to_the_end(asyncio.gather(loading, return_exceptions=True))

    async def _start_volume(self, opened: OpenedVolume) -> None:
        parts, volume = opened.parts, opened.volume
        rings = Rings(
            self._runtime, self._config, volume, parts.log, parts.replicas, opened.recovered
        )
        work = VolumeWork(
            rings,
            self._config,
            self._runtime.clock,
            network=self._runtime.network,
            sources=self.homes.sources,
        )
        self.works.append(work)
        self._opened.remove(opened)
        # Before the replay: a long log needs room.
        self._start_worker(work.flusher)
        parts.log.watch_pressure(work.flusher.relieve_log)
        await rings.start()
        for container_id, container in volume.containers.items():
            if not container.is_within_ids:
                work.blocks.fail_container(container_id, "ids beyond those that clusters have")
        work.removals.begin()
        await work.flusher.flush_if_possible()
        work.flusher.may_trim_log = True
        await work.leaving.go_on()
        tell_room(volume)
        others = [other.volume.containers.keys() for other in self.works if other is not work]
        for known in others:
            assert not known & volume.containers.keys(), "a container is on two volumes"

    def _start_worker(self, worker: Worker) -> None:
        self._tasks.append(self._runtime.tasks.start_worker(worker))

    async def stop(self) -> None:
        """Refuses new calls, ends those under way, and leaves everything applied in the index."""
        if self._server is not None:
            await self._server.stop()
            self._runtime.registry.unregister(self._collector)
            self._server = None
        await self._runtime.tasks.end(*self._tasks)
        await self.imports.finished()
        for work in self.works:
            await work.stop()
            await self._runtime.blocking.run(work.volume.close)
        self.works.clear()
        while self._opened:
            await self._runtime.blocking.run(self._opened.pop().volume.close)

    def takes_writes(self) -> bool:
        """On every volume that has rings one goes on. Others may be of pipelines whose members have
        left; but a volume whose log has failed takes none until the node's restart."""
        ringed = [work for work in self.works if len(work.rings)]
        return bool(self.works) and all(
            any(ring.goes_on() for ring in work.rings) for work in ringed
        )

    async def _registered(self, cluster_id: str, leads: bool) -> None:
        async with self._belonging:
            for work in self.works:
                volume: Volume = work.volume
                await self._runtime.blocking.run(
                    belong_to, self._runtime.disk, volume.layout, cluster_id
                )
        if leads:
            self.registered.set()

    def is_full(self) -> bool:
        """None of its volumes takes data."""
        return bool(self.works) and all(work.volume.room.is_full() for work in self.works)

    def describe(self, after: bytes = b"") -> DescribeDataNodeReply:
        return described(self._config.node_id, self.works, after)

    async def list_blocks(self, request: ListBlocksRequest) -> ListBlocksReply:
        """Of all volumes; blocks that only the log has yet are not among them."""
        return await self._runtime.blocking.run(
            listed_blocks, [work.volume for work in self.works], request
        )
