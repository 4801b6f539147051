"""DataNodes as the choices about them see them: what the state and heartbeats say, put together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trioxygen.metadata.scm.nodes.nodes import Nodes, room_of
from trioxygen.metadata.scm.pipelines.placement import PlacementNode
from trioxygen.metadata.scm.schema import NODES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import NodeRow, VolumeReport


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """Attributes:
    is_in_service: nobody is taking it out of service.
    is_reported: which containers it has is known, and so which ids it has had.
    working: ids of the disks that work.
    roomy: those of them that take data, the roomiest first.
    has_disks: it has told which disks it has.
    """

    node_id: str
    rack: str = ""
    health: scm_pb2.NodeHealth = scm_pb2.HEALTHY
    is_in_service: bool = True
    is_reported: bool = True
    has_disks: bool = False
    working: tuple[str, ...] = ()
    roomy: tuple[str, ...] = ()
    free_bytes: int = 0
    used_share: float = 0.0

    @property
    def is_alive(self) -> bool:
        return self.health != scm_pb2.DEAD

    @property
    def is_healthy(self) -> bool:
        return self.health == scm_pb2.HEALTHY

    @property
    def has_room(self) -> bool:
        return not self.has_disks or bool(self.roomy)

    @property
    def has_working_disk(self) -> bool:
        return not self.has_disks or bool(self.working)

    def takes_data(self, volume_id: str) -> bool:
        """On that disk; empty: on whichever."""
        return self.has_room if not volume_id or not self.has_disks else volume_id in self.roomy

    @property
    def is_usable(self) -> bool:
        """New data may be placed on it."""
        return self.is_healthy and self.is_in_service and self.is_reported and self.has_room

    def has_lost(self, volume_id: str) -> bool:
        """Whether a disk is not there any more: it has failed, has been replaced, or is away. An
        empty one must not take its place in a ring, where its votes and entries count."""
        return bool(volume_id) and self.has_disks and volume_id not in self.working

    def placed(self, load: int = 0) -> PlacementNode:
        return PlacementNode(
            node_id=self.node_id,
            rack=self.rack,
            free_bytes=self.free_bytes,
            used_share=self.used_share,
            load=load,
        )


def cluster_of(txn: ReadTxn, nodes: Nodes) -> "Cluster":
    return Cluster(_plan_node(row, nodes) for _, row in NODES.scan(txn, prefix=b""))


def plan_node(txn: ReadTxn, node_id: str, nodes: Nodes) -> PlanNode | None:
    row = NODES.get(txn, node_id.encode())
    return None if row is None else _plan_node(row, nodes)


def _plan_node(row: NodeRow, nodes: Nodes) -> PlanNode:
    node_id = row.node_id
    report = nodes.report(node_id)
    volumes = [] if report is None else report.volumes
    working = [volume for volume in volumes if not volume.failed]
    roomy = sorted(
        (volume for volume in working if not volume.full and room_of(volume)),
        key=room_of,
        reverse=True,
    )
    return PlanNode(
        node_id=node_id,
        rack=row.rack,
        health=nodes.health(node_id),
        is_in_service=row.operation == scm_pb2.IN_SERVICE,
        is_reported=nodes.fully_reported(node_id),
        has_disks=bool(volumes),
        working=tuple(volume.volume_id for volume in working),
        roomy=tuple(volume.volume_id for volume in roomy),
        free_bytes=nodes.writable_bytes(node_id),
        used_share=_used_share(working),
    )


def _used_share(working: Iterable[VolumeReport]) -> float:
    capacity = used = 0
    for volume in working:
        capacity += volume.capacity_bytes
        used += volume.capacity_bytes - room_of(volume)
    return used / capacity if capacity else 0.0


class Cluster:
    """Attributes:
    nodes: all that the state knows, by their ids.
    usable: those that new data may be placed on.
    racks: so many of these on each rack.
    """

    __slots__ = ("nodes", "racks", "usable")

    def __init__(self, nodes: Iterable[PlanNode]) -> None:
        self.nodes: Mapping[str, PlanNode] = {node.node_id: node for node in nodes}
        self.usable: Sequence[PlanNode] = [node for node in self.nodes.values() if node.is_usable]
        self.racks: Mapping[str, int] = Counter(node.rack for node in self.usable)

    def racks_with(self, members: Iterable[PlanNode]) -> Mapping[str, int]:
        """The members count, too."""
        others = [member.rack for member in members if not member.is_usable]
        return Counter(self.racks) + Counter(others) if others else self.racks
