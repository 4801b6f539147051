"""The balancer, for operators: asked of the SCM that leads."""

from trioxygen.gateway.admin.balancer_models import (
    BalancedNodeView,
    BalancerView,
    MoveView,
    NewBalancing,
)
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import scm_pb2 as scm


class ScmBalancerAdmin:
    def __init__(self, client: ScmClient) -> None:
        self._scm = client

    async def describe(self) -> BalancerView:
        request = scm.DescribeBalancerRequest()
        return _view(await self._scm.call(request, scm.DescribeBalancerReply))

    async def start(self, wanted: NewBalancing) -> BalancerView:
        request = scm.StartBalancerRequest(
            threshold_percent=wanted.threshold_percent,
            containers_moving_max=wanted.containers_moving_max,
            moving_bytes_max=wanted.moving_bytes_max,
            node_moving_bytes_max=wanted.node_moving_bytes_max,
        )
        return _view(await self._scm.call(request, scm.DescribeBalancerReply))

    async def stop(self) -> BalancerView:
        request = scm.StopBalancerRequest()
        return _view(await self._scm.call(request, scm.DescribeBalancerReply))


def _view(reply: scm.DescribeBalancerReply) -> BalancerView:
    row = reply.balancer
    return BalancerView(
        node_id=reply.node_id,
        is_running=row.running,
        has_run=reply.HasField("balancer"),
        waits_for=reply.waits_for,
        ended_why=row.ended_why,
        run_ms=max(1, row.ended_ms - row.started_ms) if row.ended_ms else 0,
        threshold_percent=row.threshold_percent,
        containers_moving_max=row.containers_moving_max,
        moving_bytes_max=row.moving_bytes_max,
        node_moving_bytes_max=row.node_moving_bytes_max,
        iterations=row.iterations,
        mean_percent=reply.mean_percent,
        low_percent=reply.low_percent,
        high_percent=reply.high_percent,
        nodes=[_node(node) for node in reply.nodes],
        nodes_out=reply.nodes_out,
        nodes_counted=reply.nodes_counted,
        bytes_left=reply.bytes_left,
        queued=reply.queued,
        moves=[_move(move) for move in reply.moves],
        moved=reply.moved,
        moved_bytes=reply.moved_bytes,
        failed=reply.failed,
        moved_bytes_per_s=reply.moved_bytes_per_s,
        estimated_ms=reply.estimated_ms,
    )


def _node(node: scm.BalancedNode) -> BalancedNodeView:
    return BalancedNodeView(
        node_id=node.node_id,
        capacity_bytes=node.capacity_bytes,
        used_bytes=node.used_bytes,
        used_percent=node.used_percent,
        above_bytes=node.above_bytes,
        below_bytes=node.below_bytes,
    )


def _move(move: scm.ContainerMove) -> MoveView:
    return MoveView(
        container_id=move.container_id,
        from_node_id=move.from_node_id,
        to_node_id=move.to_node_id,
        size_bytes=move.size_bytes,
        age_ms=move.age_ms,
        is_copied=move.copied,
    )
