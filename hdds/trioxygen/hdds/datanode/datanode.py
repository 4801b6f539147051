"""A DataNode: its volumes, their pipelines and workers, its service and its heartbeat."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from trioxygen.common import logs
from trioxygen.common.rpc.network import Server, Service
from trioxygen.common.runtime import Runtime
from trioxygen.common.worker import FAILURE_WAIT_MS_MAX, Worker
from trioxygen.hdds.copying.copies import Copier, Copies
from trioxygen.hdds.copying.imports import Imports
from trioxygen.hdds.datanode.block_listing import listed_blocks
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.datanode.description import described
from trioxygen.hdds.datanode.disk_watch import DiskWatch
from trioxygen.hdds.datanode.disks import Disks
from trioxygen.hdds.datanode.heartbeat import Heartbeat
from trioxygen.hdds.datanode.homes import Homes
from trioxygen.hdds.datanode.metrics import DataNodeCollector
from trioxygen.hdds.datanode.mounts import Mounts
from trioxygen.hdds.datanode.ports import Locate, ScmClient
from trioxygen.hdds.datanode.service import DataNodeService
from trioxygen.hdds.datanode.volumes import OwnedFolder, VolumeFolder, VolumeParts
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.reconstruction.rebuilds import Rebuilder, Rebuilds
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.tokens.gate import TokenGate
from trioxygen.hdds.tokens.minting import OwnTokens
from trioxygen.hdds.tokens.network import TokenNetwork
from trioxygen.metadata.client.token_keys import KnownTokenKeys
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeDataNodeReply,
    ListBlocksReply,
    ListBlocksRequest,
)

log = logs.get(__name__)

# An SCM that comes back is told soon: writers wait for it.
_SCM_AWAY_WAIT_MS_MAX: Final = 1_000.0


class DataNode:
    """`open` returns when the volumes have been found whole, `start` when the log is replayed and
    the service answers; then heartbeats begin.

    Args:
        scms: a client of each SCM; none for a node that is tried alone: it sends no heartbeats.
        services: served beside its own: what members of rings say to each other.
        locate: the SCM's answer for some containers; None: nobody is asked.
        token_keys: of block tokens; None: they are not used.
        mounts_file: see `Mounts`.
    """

    def __init__(
        self,
        runtime: Runtime,
        config: DataNodeConfig,
        volumes: Sequence[VolumeParts | VolumeFolder],
        scms: Sequence[ScmClient],
        *,
        services: Sequence[Service] = (),
        locate: Locate | None = None,
        token_keys: KnownTokenKeys | None = None,
        mounts_file: Path | None = None,
    ) -> None:
        assert volumes, "a DataNode without a volume"
        self._token_keys = token_keys
        self.token_gate: TokenGate | None = None
        if token_keys is not None:
            self.token_gate = TokenGate(token_keys.ring, token_keys.refresh)
            own = OwnTokens(token_keys.ring, config.node_id, token_keys.refresh)
            runtime = replace(runtime, network=TokenNetwork(runtime.network, own))
        self._runtime, self._config = runtime, config
        self._scms, self._services = scms, services
        self.works: list[VolumeWork] = []
        self.homes = Homes(config.node_id, self.works, disk_count=len(volumes), locate=locate)
        folders = [OwnedFolder(each) if isinstance(each, VolumeParts) else each for each in volumes]
        self.disks = Disks(
            runtime,
            config,
            folders,
            self.works,
            self.homes,
            mounts=Mounts(runtime, mounts_file),
            changed=self._disks_changed,
        )
        self._tasks: list[asyncio.Task[Any]] = []
        self._heartbeats: list[Heartbeat] = []
        self._server: Server | None = None
        # Set once the SCM that leads has taken it in.
        self.registered = asyncio.Event()
        # Set once it knows of a ring of this node: blocks are given from then on.
        self.ring_known = asyncio.Event()
        self.copies = Copies(runtime, config, self.homes)
        self.rebuilds = Rebuilds(runtime, config, self.copies.pace, self.copies.failures)
        self.imports = Imports(runtime, config, self.homes)
        self._collector = DataNodeCollector(
            self.works, self.disks, self.copies, self.imports, self.rebuilds, self.token_gate
        )

    @property
    def address(self) -> str:
        assert self._server is not None, "not started"
        return self._server.address

    async def open(self) -> None:
        """Raises: UnknownFormat, Corrupt; nothing is open any more then."""
        try:
            await self.disks.open()
        except BaseException:
            await self.stop()
            raise

    async def start(self) -> None:
        """Opens it if nobody has. Raises: as `open`, LogCorrupt; nothing runs any more then."""
        if not self.disks.are_open:
            await self.open()
        try:
            await self.disks.start()
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
        own = service.service()
        if self._token_keys is not None and self.token_gate is not None:
            self._start_worker(self._token_keys)
            own = self.token_gate.guarding(own)
        services = [own, *self._services]
        self._server = await network.serve(self._config.address, services)
        self._runtime.registry.register(self._collector)
        self.disks.serve()
        self._watch_disks()
        self._start_worker(self.imports)
        for number in range(1, self._config.copies_max + 1):
            self._start_worker(Copier(self.copies, number))
        for number in range(1, self._config.rebuilds_max + 1):
            self._start_worker(Rebuilder(self.rebuilds, number))
        commands = Commands(self._runtime.clock, self.homes, self.copies, self.rebuilds)
        instance = self._runtime.rng.getrandbits(63) | 1
        leading: set[str] = set()
        for number, scm in enumerate(self._scms, start=1):
            self._heartbeats.append(
                Heartbeat(
                    name="heartbeat" if len(self._scms) == 1 else f"heartbeat-{number}",
                    node_id=self._config.node_id,
                    address=self._config.advertised_address or self._server.address,
                    instance=instance,
                    scm=scm,
                    runtime=self._runtime,
                    works=self.works,
                    failed_volumes=self.disks.failed_reports,
                    commands=commands,
                    failures=self.copies.failures,
                    registered=self._registered,
                    ring_known=self.ring_known.set,
                    leading=leading,
                    reported_at_once_max=self._config.reported_at_once_max,
                )
            )
            self._start_worker(self._heartbeats[-1], failure_wait_ms_max=_SCM_AWAY_WAIT_MS_MAX)
        log.info("datanode_started", node=self._config.node_id, address=self._server.address)

    def _watch_disks(self) -> None:
        config = self._config
        for number, disk in enumerate(self.disks.disks, start=1):
            if config.disk_probe_ms:
                watch = DiskWatch(
                    self._runtime,
                    self.disks,
                    disk,
                    number,
                    interval_ms=config.disk_probe_ms,
                    answer_ms_max=config.disk_answer_ms_max,
                )
                self._start_worker(watch)

    def _disks_changed(self) -> None:
        """The SCMs hear of it at once."""
        for heartbeat in self._heartbeats:
            heartbeat.wake.set()

    def _start_worker(
        self, worker: Worker, *, failure_wait_ms_max: float = FAILURE_WAIT_MS_MAX
    ) -> None:
        tasks = self._runtime.tasks
        self._tasks.append(tasks.start_worker(worker, failure_wait_ms_max=failure_wait_ms_max))

    async def stop(self) -> None:
        """Refuses new calls, ends those under way, and leaves everything applied in the index."""
        if self._server is not None:
            await self._server.stop()
            self._runtime.registry.unregister(self._collector)
            self._server = None
        await self._runtime.tasks.end(*self._tasks)
        await self.imports.finished()
        await self.disks.stop()

    def takes_writes(self) -> bool:
        """On every volume that has rings one goes on. Others may be of pipelines whose members have
        left; but a volume whose log has failed takes none until the node's restart."""
        ringed = [work for work in self.works if len(work.rings)]
        return bool(self.works) and all(
            any(ring.goes_on() for ring in work.rings) for work in ringed
        )

    async def _registered(self, cluster_id: str, leads: bool) -> None:
        await self.disks.belong_to(cluster_id)
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
