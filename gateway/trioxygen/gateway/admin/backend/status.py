"""What OM and SCM say of themselves, as one picture of the store."""

from trioxygen.common.version import __version__
from trioxygen.gateway.admin.backend.views import replication_text
from trioxygen.gateway.admin.models import ContainersView, NodeView, OmView, ScmView, StatusView
from trioxygen.proto.v1 import om_pb2, scm_pb2


def status_view(
    om: om_pb2.DescribeOmReply, scm: scm_pb2.DescribeScmReply, *, is_ready: bool
) -> StatusView:
    """scm: all pages as one."""
    nodes = [_node(each) for each in scm.nodes]
    return StatusView(
        version=__version__,
        is_ready=is_ready,
        is_full=om.full or scm.full,
        replication=replication_text(scm.replication),
        missing_replicas_max=scm.missing_replicas_max,
        om=OmView(
            node_id=om.node_id,
            is_leader=om.leader,
            term=om.term,
            applied_index=om.applied_index,
            is_full=om.full,
            rows={table.name: table.rows for table in om.tables},
        ),
        scm=ScmView(
            node_id=scm.node_id,
            is_leader=scm.leader,
            applied_index=scm.applied_index,
            safe_mode=scm.safe_mode,
            is_full=scm.full,
            pipelines_open=sum(1 for pipeline in scm.pipelines if pipeline.open),
            waiting_delete_transactions=scm.waiting_delete_transactions,
            corrupt_blocks=len(scm.corrupt_blocks),
        ),
        nodes=nodes,
        refused_entries=_refused_entries(om, scm),
        containers=_containers(scm),
        capacity_bytes=sum(node.capacity_bytes for node in nodes),
        used_bytes=sum(node.used_bytes for node in nodes),
        free_bytes=sum(node.free_bytes for node in nodes),
        writable_bytes=sum(node.writable_bytes for node in nodes),
    )


def _node(described: scm_pb2.NodeDescription) -> NodeView:
    volumes = described.volumes
    return NodeView(
        node_id=described.node.node_id,
        address=described.node.address,
        health=scm_pb2.NodeHealth.Name(described.health),
        operation=scm_pb2.NodeOperation.Name(described.node.operation),
        last_heartbeat_age_ms=described.last_heartbeat_age_ms,
        capacity_bytes=sum(volume.capacity_bytes for volume in volumes),
        used_bytes=sum(volume.used_bytes for volume in volumes),
        free_bytes=sum(volume.free_bytes for volume in volumes),
        writable_bytes=sum(
            max(0, volume.free_bytes - volume.reserved_bytes)
            for volume in volumes
            if not volume.failed
        ),
        volumes=len(volumes),
        volumes_failed=sum(1 for volume in volumes if volume.failed),
        volumes_full=sum(1 for volume in volumes if volume.full),
        takes_new_data=described.takes_new_data,
    )


def _refused_entries(om: om_pb2.DescribeOmReply, scm: scm_pb2.DescribeScmReply) -> dict[str, int]:
    counts = {"om": om.refused_entries, "scm": scm.refused_entries}
    for each in scm.nodes:
        counts[each.node.node_id] = sum(volume.refused_entries for volume in each.volumes)
    return {name: count for name, count in counts.items() if count}


def _containers(scm: scm_pb2.DescribeScmReply) -> ContainersView:
    by_state: dict[str, int] = {}
    for container in scm.containers:
        state = scm_pb2.ContainerState.Name(container.state)
        by_state[state] = by_state.get(state, 0) + 1
    return ContainersView(
        by_state=by_state,
        used_bytes=sum(container.used_bytes for container in scm.containers),
        block_count=sum(container.block_count for container in scm.containers),
    )
