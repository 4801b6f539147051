"""What is done about pipelines between heartbeats: those whose members have fallen silent are
replaced, and members of closed ones leave their rings."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.units import MINUTE_MS
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.pipelines.known import KnownPipelines
from trioxygen.metadata.scm.pipelines.memberships import Memberships
from trioxygen.metadata.scm.pipelines.plan import PlanPipeline, must_leave
from trioxygen.metadata.scm.pipelines.plan_nodes import Cluster
from trioxygen.metadata.scm.pipelines.state import PipelineState, state_of
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import NODES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import MovePipeline, PipelineRow, RemovePipeline

log = logs.get(__name__)

_ROWS_AT_ONCE_MAX: Final = 1_000
# Of the group's time.
_REMOVED_AFTER_MS: Final = 5 * MINUTE_MS


class PipelineWatch:
    """The leader's, a Worker.

    Args:
        leads: whether this SCM does, and has begun its term.
        stood_still_ms: looks that are so far apart show that this process stood still.
        close_delay_ms, drain_ms_max: see `must_leave`.
    """

    name = "scm-pipelines"

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        pipelines: KnownPipelines,
        memberships: Memberships,
        clock: Clock,
        *,
        leads: Callable[[], bool],
        may_give_ids: Callable[[], Awaitable[bool]],
        interval_ms: float,
        stood_still_ms: float,
        close_delay_ms: float,
        drain_ms_max: float,
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._pipelines, self._memberships, self._clock = pipelines, memberships, clock
        self._leads, self._may_give_ids = leads, may_give_ids
        self.interval_ms, self._stood_still_ms = interval_ms, stood_still_ms
        self._close_delay_ms, self._drain_ms_max = close_delay_ms, drain_ms_max
        self._looked_ms = clock.monotonic_ms()
        self._closing_since_ms: dict[int, float] = {}

    def forget(self) -> None:
        """Since when pipelines are being closed."""
        self._closing_since_ms.clear()

    async def work(self) -> bool:
        now_ms = self._clock.monotonic_ms()
        apart_ms, self._looked_ms = now_ms - self._looked_ms, now_ms
        if not self._leads():
            return False
        # What nodes say has to be heard first.
        has_stood_still = apart_ms >= self.interval_ms + self._stood_still_ms
        if has_stood_still or not await self._may_give_ids():
            return False
        await self._memberships.make_plan()
        await self._let_leave(now_ms)
        await self._remove()
        return False

    async def _let_leave(self, now_ms: float) -> None:
        since_ms = self._closing_since_ms
        with self._executor.store.read() as txn:
            rows = self._pipelines.standing(txn)
            ids = {key for key, row in rows.items() if state_of(row) is PipelineState.CLOSING}
            for gone in since_ms.keys() - ids:
                del since_ms[gone]
            if not ids:
                return
            cluster, pipelines = self._memberships.observed(txn)
        closing = [each for each in pipelines if each.pipeline_id in ids]
        taking = self._taking_blocks(closing, cluster)
        for pipeline in closing:
            closing_ms = now_ms - since_ms.setdefault(pipeline.pipeline_id, now_ms)
            takes_blocks = pipeline.pipeline_id in taking
            if must_leave(
                pipeline,
                cluster,
                takes_blocks=takes_blocks,
                closing_ms=closing_ms,
                close_delay_ms=self._close_delay_ms,
                drain_ms_max=self._drain_ms_max,
            ):
                if takes_blocks:
                    log.warning("pipeline_left_undrained", pipeline=pipeline.pipeline_id)
                to = scm_pb2.PIPELINE_CLOSED
                await self._executor.execute(MovePipeline(pipeline_id=pipeline.pipeline_id, to=to))

    def _taking_blocks(self, closing: Iterable[PlanPipeline], cluster: Cluster) -> set[int]:
        """Pipelines that a living member has a container of which is not closed yet."""
        members = {node_id for pipeline in closing for node_id in pipeline.node_ids}
        alive = [node for node in members if node in cluster.nodes and cluster.nodes[node].is_alive]
        return {
            self._replicas.of_node(node_id)[container_id].pipeline_id
            for node_id in alive
            for container_id in self._replicas.taking_at(node_id)
        }

    async def _remove(self) -> None:
        """Rows of those that have never had a container, and that nobody is in any more, or will be
        by a command that is still on its way."""
        now_ms = self._executor.group_ms()
        with self._executor.store.read() as txn:
            unused = [
                row.pipeline_id
                for row in self._pipelines.unused(txn)
                if now_ms - row.created_ms >= _REMOVED_AFTER_MS
                and all(self._has_left(txn, node_id, row) for node_id in row.node_ids)
            ]
        for pipeline_id in unused[:_ROWS_AT_ONCE_MAX]:
            await self._executor.execute(RemovePipeline(pipeline_id=pipeline_id))

    def _has_left(self, txn: ReadTxn, node_id: str, row: PipelineRow) -> bool:
        if not NODES.exists(txn, node_id.encode()):
            return True
        report = self._nodes.report(node_id)
        is_healthy = self._nodes.health(node_id) == scm_pb2.HEALTHY
        return (
            report is not None
            and is_healthy
            and report.fully_reported
            and row.pipeline_id not in report.pipelines
        )
