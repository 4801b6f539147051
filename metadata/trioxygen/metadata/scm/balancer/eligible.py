"""Which replicas may move, and which nodes give and take. Pure."""

from collections.abc import Iterable, Set

from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.scm.balancer.disk_use import DiskUse
from trioxygen.metadata.scm.balancer.plan import Movable
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.replication.findings import Finding, Health
from trioxygen.metadata.scm.replication.nodes_view import NodesView
from trioxygen.metadata.scm.replication.observed import NOTHING_PENDING, ObservedContainer
from trioxygen.metadata.scm.replication.standing import safe
from trioxygen.proto.v1 import scm_pb2


def movable_of(
    container: ObservedContainer, finding: Finding, node_id: str, holders: Iterable[str]
) -> Movable | None:
    """The node's replica, if it may move. None: it is not as it should be, somebody does something
    about it, or deletions in it have not been confirmed.

    Args: holders: nodes that report anything under its id."""
    if container.state is not ContainerState.CLOSED or not container.class_is_known:
        return None
    if finding.health is not Health.HEALTHY or finding.closes or finding.repairs:
        return None
    if container.pending != NOTHING_PENDING or container.deletions_wait:
        return None
    here = safe(container)
    own = next((each for each in here if each.node_id == node_id), None)
    if own is None or not own.used_bytes or len(here) < len(container.replicas):
        return None
    return Movable(
        container_id=container.container_id,
        size_bytes=own.used_bytes,
        replica_index=own.replica_index,
        holders=frozenset(holders),
        rack=own.node.rack,
        other_racks=tuple(each.node.rack for each in here if each is not own),
        rack_max=container.rack_max,
    )


def unknown(view: NodesView, nodes: Nodes) -> list[str]:
    """Nodes in service that may be there, and of which it is not known how full they are."""
    return [
        node.node_id
        for node in view.nodes.values()
        if node.stays
        and not node.is_dead
        and (node.health != scm_pb2.HEALTHY or not nodes.fully_reported(node.node_id))
    ]


def disk_uses(view: NodesView, nodes: Nodes) -> list[DiskUse]:
    """Of nodes that are healthy, in service, and have told what they hold."""
    takers: Set[str] = {taker.node_id for taker in view.takers}
    uses: list[DiskUse] = []
    for node in view.nodes.values():
        report = nodes.report(node.node_id)
        if report is None or not node.stays or node.health != scm_pb2.HEALTHY:
            continue
        serving = [volume for volume in report.volumes if not volume.failed]
        capacity_bytes = sum(volume.capacity_bytes for volume in serving)
        if not capacity_bytes or not nodes.fully_reported(node.node_id):
            continue
        takes = node.node_id in takers
        uses.append(
            DiskUse(
                node_id=node.node_id,
                capacity_bytes=capacity_bytes,
                used_bytes=sum(volume.used_bytes for volume in serving),
                free_bytes=nodes.writable_bytes(node.node_id) if takes else 0,
                rack=node.rack,
            )
        )
    return uses
