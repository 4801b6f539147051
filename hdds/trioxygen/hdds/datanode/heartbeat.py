"""Heartbeats: registers with the SCM, reports, and does what the answers say."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.rules.network import RULES
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.datanode.metrics import VolumeWork
from trioxygen.hdds.datanode.ports import ScmClient
from trioxygen.proto.v1.scm_pb2 import (
    ContainerReport,
    HeartbeatRequest,
    RegisterDataNodeRequest,
    VolumeReport,
)

log = logs.get(__name__)

_INTERVAL_MS_FIRST = 1_000.0
_ACKNOWLEDGED_AT_ONCE_MAX = 50_000


def volume_report(work: VolumeWork) -> VolumeReport:
    volume = work.volume
    room = volume.room
    writable_bytes = room.look()
    return VolumeReport(
        volume_id=volume.volume_id,
        capacity_bytes=room.capacity_bytes,
        used_bytes=sum(
            container.used_bytes + container.garbage_bytes
            for container in volume.containers.values()
        ),
        free_bytes=room.free_bytes,
        reserved_bytes=room.free_bytes - writable_bytes,
        full=room.is_full(),
        refused_entries=work.pipeline.refusals.entries,
    )


class Heartbeat:
    """A Worker; the SCM gives the interval.

    Args:
        registered: is told the cluster id.
        reported_at_once_max: containers in one request; more are in those that follow at once.
    """

    name = "heartbeat"

    def __init__(
        self,
        *,
        node_id: str,
        address: str,
        scm: ScmClient,
        clock: Clock,
        works: Sequence[VolumeWork],
        commands: Commands,
        registered: Callable[[str], Awaitable[None]],
        reported_at_once_max: int,
    ) -> None:
        self._node_id, self._address = node_id, address
        self._scm, self._works, self._commands = scm, works, commands
        self._clock = clock
        self._volumes = [work.volume for work in works]
        self._told_cluster = registered
        self._reported_at_once_max = reported_at_once_max
        self.interval_ms = _INTERVAL_MS_FIRST
        self._cluster_id = ""
        # Containers that the request had no room for: the next one has.
        self._left: list[tuple[Volume, int]] = []
        self._is_registered = False
        self._full_report = True

    async def work(self) -> bool:
        if not self._is_registered:
            await self._register()
        changed = [volume.changed_containers for volume in self._volumes]
        corrupt = [volume.unreported_corrupt for volume in self._volumes]
        waiting = self._commands.deleted_transaction_ids
        acknowledged = set(islice(waiting, _ACKNOWLEDGED_AT_ONCE_MAX))
        request = self._request(acknowledged)
        for volume in self._volumes:
            volume.changed_containers, volume.unreported_corrupt = set(), set()
        asked_ms = self._clock.monotonic_ms()
        try:
            reply = await self._scm.heartbeat(request)
        except BaseException:
            for volume, containers, blocks in zip(self._volumes, changed, corrupt, strict=True):
                volume.changed_containers |= containers
                volume.unreported_corrupt |= blocks
            raise
        self._commands.deleted_transaction_ids -= acknowledged
        self._full_report = False
        for volume, container_id in self._left:
            volume.changed_containers.add(container_id)
        if reply.register_again:
            self._is_registered = False
            return True
        for command in reply.commands:
            await self._commands.execute(command, asked_ms=asked_ms)
        # What was done and what is left is told at once: the SCM waits for it.
        return bool(self._commands.deleted_transaction_ids or self._left)

    async def _register(self) -> None:
        reply = await self._scm.register(
            RegisterDataNodeRequest(
                node_id=self._node_id, address=self._address, cluster_id=self._cluster_id
            )
        )
        RULES.check(reply, "StorageContainerManager/RegisterDataNode")
        await self._told_cluster(reply.cluster_id)
        self._cluster_id = reply.cluster_id
        self._commands.follow(reply.term)
        self.interval_ms = float(reply.heartbeat_interval_ms) or _INTERVAL_MS_FIRST
        self._is_registered = self._full_report = True
        log.info("datanode_registered", node=self._node_id, cluster=reply.cluster_id)

    def _request(self, acknowledged: set[int]) -> HeartbeatRequest:
        containers: list[ContainerReport] = []
        self._left = []
        for volume in self._volumes:
            for container_id, container in volume.containers.items():
                if not container.has_proper_id:
                    continue  # set aside: the SCM would refuse the whole report
                if not self._full_report and container_id not in volume.changed_containers:
                    continue
                if len(containers) < self._reported_at_once_max:
                    containers.append(container.report())
                else:
                    self._left.append((volume, container_id))
        corrupt = [
            found
            for volume in self._volumes
            for found in volume.corrupt_blocks(
                None if self._full_report else volume.unreported_corrupt
            )
            if RULES.fault(found) is None
        ]
        return HeartbeatRequest(
            node_id=self._node_id,
            full_report=self._full_report,
            volumes=[volume_report(work) for work in self._works],
            containers=containers,
            deleted_transaction_ids=sorted(acknowledged),
            corrupt_blocks=corrupt,
            more=bool(self._left),
        )
