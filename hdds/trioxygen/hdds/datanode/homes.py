"""Which volume and which ring of a DataNode a container or a pipeline is of."""

import asyncio
from collections.abc import Sequence

from trioxygen.common import logs
from trioxygen.common.errors import InvalidRequest, NoSuchContainer, NotLeader
from trioxygen.common.replication import Replication
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.datanode.origins import Holders
from trioxygen.hdds.datanode.ports import Locate
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.ring.ring import Ring
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.datanode_pb2 import RingRow
from trioxygen.proto.v1.types_pb2 import Pipeline

log = logs.get(__name__)


class Homes:
    """Implements `origins.Neighbours`.

    Args:
        works: filled and cleared by their owner.
        disk_count: that the node has; those that are out have no work.
        locate: the SCM's answer, if it is asked.
    """

    def __init__(
        self,
        node_id: str,
        works: Sequence[VolumeWork],
        *,
        disk_count: int,
        locate: Locate | None = None,
    ) -> None:
        self._node_id, self._works, self._locate = node_id, works, locate
        self._disk_count = disk_count
        self._joining = asyncio.Lock()

    def work_of(self, container_id: int) -> VolumeWork | None:
        for work in self._works:
            if container_id in work.volume.containers:
                return work
        return None

    def replica(self, container_id: int, replica_index: int) -> VolumeWork:
        """Of the replica that is here. Raises: NoSuchContainer: none, or another one."""
        work = self.work_of(container_id)
        if work is None:
            if any(each.rings.is_catching_up() for each in self._works):
                raise NotLeader("a ring has not caught up here yet", container=container_id)
            raise NoSuchContainer(container=container_id)
        here = work.volume.containers[container_id].replica_index
        if not work.volume.containers[container_id].is_readable:
            raise NoSuchContainer("it is on its way in or out", container=container_id)
        if here != replica_index:
            raise NoSuchContainer(
                "another replica of the container is here",
                container=container_id,
                replica_index=replica_index,
                here=here,
            )
        return work

    def writing(self, pipeline_id: int) -> tuple[VolumeWork, Ring]:
        """Raises: NotLeader: it does not take part in the ring, or not yet."""
        for work in self._works:
            ring = work.rings.get(pipeline_id)
            if ring is not None:
                return work, ring
        raise NotLeader("no such ring is here", pipeline=pipeline_id)

    def find(self, container_id: int) -> tuple[VolumeWork, Container] | None:
        work = self.work_of(container_id)
        return None if work is None else (work, work.volume.containers[container_id])

    def in_service(self) -> Sequence[VolumeWork]:
        """Volumes that take replicas."""
        return self._works

    def may_come_back(self) -> bool:
        """What is not here: a disk is out, or its log is yet to be replayed, and may have it."""
        return sum(work.rings.are_replayed for work in self._works) < self._disk_count

    def ring_of(self, container_id: int) -> Ring | None:
        work = self.work_of(container_id)
        if work is None:
            return None
        container: Container = work.volume.containers[container_id]
        return work.rings.of_container(container)

    async def governing(self, container_id: int) -> Ring | None:
        """Whose log says what becomes of it: its pipeline's, or else its volume's own. None: it is
        not here. Raises: NoSpace, LogCorrupt, OSError."""
        home = self.find(container_id)
        return None if home is None else await home[0].rings.governing(home[1])

    async def sources(self, container: Container) -> list[str]:
        """Addresses of other nodes that have a replica like the one here: the members of its ring,
        or, where that was left, those that the SCM knows."""
        work = self.work_of(container.container_id)
        ring = None if work is None else work.rings.get(container.pipeline_id)
        if ring is not None:
            return [
                member.address
                for member in ring.machine.members
                if member.replica_index == container.replica_index
                and member.node_id != self._node_id
            ]
        if self._locate is None:
            return []
        return [
            replica.datanode.address
            for location in await self._locate([container.container_id])
            for replica in location.replicas
            if replica.replica_index == container.replica_index
            and replica.datanode.node_id != self._node_id
        ]

    async def holders(self, container: Container) -> Holders | None:
        """Of an erasure-coded container: which other nodes hold which index, as the SCM knows."""
        if self._locate is None or not container.replica_index:
            return None
        for location in await self._locate([container.container_id]):
            if location.replication.type != types_pb2.EC:
                continue
            addresses: dict[int, list[str]] = {}
            for replica in location.replicas:
                if replica.datanode.node_id != self._node_id:
                    addresses.setdefault(replica.replica_index, []).append(replica.datanode.address)
            return Holders(Replication.of_proto(location.replication), addresses)
        return None

    def leave(self, pipeline_id: int, *, by_force: bool) -> None:
        """Begins to. Idempotent."""
        for work in self._works:
            if work.rings.get(pipeline_id) or work.rings.has_left(pipeline_id):
                work.leaving.begin(pipeline_id, by_force=by_force)

    async def join(self, pipeline: Pipeline, volume_id: str = "") -> None:
        """Takes part in a pipeline's ring, on this volume, or else the roomiest one. Idempotent.

        Raises: InvalidRequest: this node is none of its members, or the volume is not here."""
        names = [member.node_id for member in pipeline.datanodes]
        if self._node_id not in names:
            raise InvalidRequest("not a member", pipeline=pipeline.pipeline_id)
        row = RingRow(
            pipeline_id=pipeline.pipeline_id,
            members=pipeline.datanodes,
            replica=names.index(self._node_id) + 1,
        )
        async with self._joining:
            if any(work.rings.get(row.pipeline_id) for work in self._works):
                return
            if any(work.rings.has_left(row.pipeline_id) for work in self._works):
                log.warning("ring_was_left", pipeline=row.pipeline_id)
                return
            works = [work for work in self._works if volume_id in ("", work.volume.volume_id)]
            if not works:
                raise InvalidRequest(
                    "the ring's disk is not here", pipeline=row.pipeline_id, volume=volume_id
                )
            work = max(works, key=lambda work: work.volume.room.free_bytes)
            await work.rings.join(row)
