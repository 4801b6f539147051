"""What the SCM tells operators of the balancer, as numbers of now."""

from itertools import islice
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.balancer.balancer import Balancer, Evenness
from trioxygen.metadata.scm.balancer.disk_use import Band, DiskUse, bytes_left, farthest_first
from trioxygen.metadata.scm.balancer.moving import MoveStep, Moving
from trioxygen.proto.v1.scm_pb2 import BalancedNode, ContainerMove, DescribeBalancerReply

_NODES_MAX: Final = 1_000
_MOVES_MAX: Final = 1_000


def described_balancer(
    balancer: Balancer, executor: Executor, clock: Clock
) -> DescribeBalancerReply:
    """Of the leader's."""
    now_ms, row = clock.monotonic_ms(), balancer.row()
    is_running = row is not None and row.running
    threshold = row.threshold_percent if row is not None else balancer.config.threshold_percent
    with executor.store.read() as txn:
        now = balancer.evenness(txn, threshold)
    rate, iteration = balancer.moved.per_s(now_ms), balancer.iteration
    left = bytes_left(now.uses, now.band)
    reply = DescribeBalancerReply(
        balancer=row,
        waits_for=balancer.waits_for() if is_running else "",
        bytes_left=left,
        queued=len(iteration.queued) if iteration is not None else 0,
        moves=[_move(each, now_ms) for each in islice(balancer.moving, _MOVES_MAX)],
        moved_bytes_per_s=int(rate),
        estimated_ms=int(left / rate * 1_000) if rate and is_running else 0,
    )
    if row is not None:
        reply.moved, reply.moved_bytes, reply.failed = row.moved, row.moved_bytes, row.failed
    if iteration is not None:
        reply.moved += iteration.moved
        reply.moved_bytes += iteration.moved_bytes
        reply.failed += iteration.failed
    _fill_nodes(reply, now)
    return reply


def _fill_nodes(reply: DescribeBalancerReply, now: Evenness) -> None:
    band = now.band
    reply.mean_percent, reply.low_percent = 100 * band.mean, 100 * band.low
    reply.high_percent = 100 * band.high
    reply.nodes_counted = len(now.uses)
    reply.nodes_out = sum(not band.holds(use) for use in now.uses)
    reply.nodes.extend(
        _node(use, band) for use in islice(farthest_first(now.uses, band), _NODES_MAX)
    )


def _node(use: DiskUse, band: Band) -> BalancedNode:
    return BalancedNode(
        node_id=use.node_id,
        capacity_bytes=use.capacity_bytes,
        used_bytes=use.used_bytes,
        used_percent=100 * use.share,
        above_bytes=band.above_bytes(use),
        below_bytes=band.below_bytes(use),
    )


def _move(moving: Moving, now_ms: float) -> ContainerMove:
    movable = moving.move.movable
    return ContainerMove(
        container_id=movable.container_id,
        from_node_id=moving.move.source,
        to_node_id=moving.move.target,
        size_bytes=movable.size_bytes,
        age_ms=int(now_ms - moving.begun_ms),
        copied=moving.step is MoveStep.REMOVING,
    )
