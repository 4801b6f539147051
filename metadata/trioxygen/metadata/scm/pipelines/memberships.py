"""Which nodes are in which pipelines: what the plan says is done, each member is told to join its
ring or to leave it, and a pipeline is open when its members have joined. The leader's work, with
heartbeats and between them."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Final

from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.finishing import Finishing, joined
from trioxygen.common.replication import Replication
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import NodeReport, Nodes
from trioxygen.metadata.scm.pipelines.known import KnownPipelines
from trioxygen.metadata.scm.pipelines.pipelines import (
    get_pipeline,
    replication_of,
    ring_of,
    volume_id_of,
)
from trioxygen.metadata.scm.pipelines.plan import (
    NewPipeline,
    PipelineLimits,
    PipelinePlan,
    PlanPipeline,
    Reason,
    plan,
)
from trioxygen.metadata.scm.pipelines.plan_nodes import Cluster, cluster_of, plan_node
from trioxygen.metadata.scm.pipelines.state import WRITING, PipelineState, state_of
from trioxygen.metadata.scm.pipelines.writable import has_failed, has_leader
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import (
    ClosePipeline,
    ClosePipelineCommand,
    DataNodeCommand,
    MovePipeline,
    PipelineCommand,
    PipelineRow,
    PutPipeline,
)

log = logs.get(__name__)

# The ids of pipelines begin with 1.
_PLANNING: Final = 0
# A plan looks at all nodes: after one, the loop is without so many times as long. At most so long.
_UNPLANNED_SHARE: Final = 9
_UNPLANNED_MS_MAX: Final = 1_000.0
# So long a node that has registered may be the one that others wait for, to form a ring.
_NEW_FOR_MS: Final = 30_000.0


class Memberships:
    """Args:
    may_give_ids: a pipeline's is one. Until then nothing is planned.
    replication: of which there are always pipelines. Of others there are some once they are
        demanded.
    """

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        pipelines: KnownPipelines,
        may_give_ids: Callable[[], Awaitable[bool]],
        rng: random.Random,
        clock: Clock,
        *,
        replication: Replication,
        limits: PipelineLimits,
    ) -> None:
        self._executor, self._nodes, self._pipelines = executor, nodes, pipelines
        self._may_give_ids, self._rng, self._clock = may_give_ids, rng, clock
        self._next_plan_ms = clock.monotonic_ms()
        self._limits = limits
        self._wanted = {replication: None}
        # What was proposed is committed also when the heartbeat's call has ended.
        self._finishing = Finishing()
        # By the pipeline that is opened, or _PLANNING: heartbeats join what is under way, so that
        # two of them plan nothing twice, and those that wait in vain leave nothing behind.
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def forget(self) -> None:
        """Another leader may have changed them, or another state be loaded."""
        self._pipelines.forget()

    def demand(self, replication: Replication) -> None:
        """There is to be a pipeline of it."""
        self._wanted[replication] = None
        self._begun(_PLANNING, self._plan)

    async def look_after(self, node_id: str, report: NodeReport) -> None:
        """Raises: what the executor raises."""
        if not report.fully_reported:
            return
        for row in self._formed(node_id):
            await joined(self._begun(row.pipeline_id, partial(self._open, row)))
        if not self._wants_plan(node_id) or not await self._may_give_ids():
            return
        planning = self._under_way.get(_PLANNING)
        if planning is not None:
            # It may have looked before this node had reported all.
            await joined(planning)
        if self._wants_plan(node_id):
            await self.make_plan()

    async def make_plan(self) -> None:
        """Raises: what the executor raises."""
        await joined(self._begun(_PLANNING, self._plan))

    def _begun(
        self, key: int, work: Callable[[], Coroutine[None, None, None]]
    ) -> "asyncio.Task[None]":
        task = self._under_way.get(key)
        if task is None or task.done():
            task = self._finishing.begin(work())
            self._under_way[key] = task
            task.add_done_callback(partial(self._work_ended, key))
        return task

    def _work_ended(self, key: int, task: "asyncio.Task[None]") -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            # Nobody may wait for it any more.
            log.warning("memberships_not_changed", pipeline=key, reason=error)

    async def ended(self) -> None:
        """Nothing of it is under way any more. After the executor's end."""
        await self._finishing.ended()

    def _wants_plan(self, node_id: str) -> bool:
        """It has lost a disk that a ring was on, or is in no ring and could be."""
        with self._executor.store.read() as txn:
            node = plan_node(txn, node_id, self._nodes)
            if node is None:
                return False
            rows = self._writing(txn, node_id)
            if not rows:
                return node.is_usable
            return any(
                node.has_lost(volume_id_of(row, node_id)) or has_failed(self._nodes, node_id, row)
                for row in rows
            )

    def _writing(self, txn: ReadTxn, node_id: str) -> list[PipelineRow]:
        rows = self._pipelines.of_node(txn, node_id)
        return [row for row in rows if state_of(row) in WRITING]

    def _formed(self, node_id: str) -> list[PipelineRow]:
        """Of a node, those that are not open yet and can be."""
        with self._executor.store.read() as txn:
            return [
                row
                for row in self._pipelines.of_node(txn, node_id)
                if state_of(row) is PipelineState.ALLOCATED
                and has_leader(self._nodes, row, row.node_ids)
            ]

    async def _open(self, row: PipelineRow) -> None:
        to = PipelineState.OPEN.proto
        await self._executor.execute(MovePipeline(pipeline_id=row.pipeline_id, to=to))

    async def _plan(self) -> None:
        await self._clock.sleep_ms(max(0.0, self._next_plan_ms - self._clock.monotonic_ms()))
        # Another one may by now: what it does is not this one's to plan, nor to say.
        self._executor.check_leader()
        with self._executor.store.read() as txn:
            former = [row.former_id for row in self._pipelines.formers(txn)]
        for former_id in former:
            await self._executor.execute(ClosePipeline(former_id=former_id))
        planned = self._planned()
        commands: list[Message] = []
        for pipeline_id, reason in planned.closed.items():
            say = log.info if reason is Reason.REPLACED else log.warning
            say("pipeline_closing", pipeline=pipeline_id, reason=reason.value)
            commands.append(ClosePipeline(pipeline_id=pipeline_id))
        commands += [PutPipeline(pipeline=_row_of(new)) for new in planned.made]
        # All at once: one entry of the log takes many.
        await asyncio.gather(*(self._executor.execute(command) for command in commands))

    def _planned(self) -> PipelinePlan:
        began_ms = self._clock.monotonic_ms()
        with self._executor.store.read() as txn:
            cluster, pipelines = self.observed(txn)
        planned = plan(cluster, pipelines, self._wanted, self._limits, self._rng)
        ended_ms = self._clock.monotonic_ms()
        rest_ms = min(_UNPLANNED_SHARE * (ended_ms - began_ms), _UNPLANNED_MS_MAX)
        self._next_plan_ms = ended_ms + rest_ms
        return planned

    def observed(self, txn: ReadTxn) -> tuple[Cluster, list[PlanPipeline]]:
        """As the plan sees them: nodes, and pipelines that are not closed."""
        now_ms = self._executor.group_ms()
        rows = self._pipelines.standing(txn).values()
        return cluster_of(txn, self._nodes), [
            PlanPipeline(
                pipeline_id=row.pipeline_id,
                replication=replication_of(row),
                state=state_of(row),
                node_ids=tuple(row.node_ids),
                volume_ids=tuple(row.volume_ids),
                age_ms=now_ms - row.created_ms,
                has_leader=has_leader(self._nodes, row, row.node_ids),
                failed=frozenset(
                    node_id for node_id in row.node_ids if has_failed(self._nodes, node_id, row)
                ),
            )
            for row in rows
        ]

    def are_forming(self, node_id: str) -> bool:
        """Whether a ring waits for the node, or for its news, or it has come just now and may get
        one: its next heartbeat is then waited for."""
        with self._executor.store.read() as txn:
            states = {state_of(row) for row in self._pipelines.of_node(txn, node_id)}
        if PipelineState.ALLOCATED in states:
            return True
        is_new = self._nodes.registered_ms_ago(node_id) < _NEW_FOR_MS
        return is_new and PipelineState.OPEN not in states

    def commands(self, node_id: str, report: NodeReport) -> list[DataNodeCommand]:
        """To join rings that the node does not take part in yet, to leave those that are closed."""
        with self._executor.store.read() as txn:
            rows = self._pipelines.of_node(txn, node_id)
            node = plan_node(txn, node_id, self._nodes)
            joining = [
                DataNodeCommand(
                    create_pipeline=PipelineCommand(
                        pipeline=ring_of(txn, row, node_id), volume_id=volume_id_of(row, node_id)
                    )
                )
                for row in rows
                if row.pipeline_id not in report.pipelines
                and state_of(row) in WRITING
                and not (node is not None and node.has_lost(volume_id_of(row, node_id)))
            ]
            standing = {row.pipeline_id for row in rows}
            left = [
                ring
                for ring in report.pipelines
                if ring not in standing and self._has_closed(txn, ring, node_id)
            ]
        leaving = [
            # What is not closed in it by now is not going to be.
            DataNodeCommand(close_pipeline=ClosePipelineCommand(pipeline_id=ring, force=True))
            for ring in left
        ]
        return [*joining, *leaving]

    @staticmethod
    def _has_closed(txn: ReadTxn, pipeline_id: int, node_id: str) -> bool:
        """One of the node's. What is not known at all is left alone."""
        row = get_pipeline(txn, pipeline_id)
        return row is not None and node_id in row.node_ids and state_of(row) is PipelineState.CLOSED


def _row_of(new: NewPipeline) -> PipelineRow:
    indexes = range(1, len(new.node_ids) + 1) if new.replication.is_ec else ()
    return PipelineRow(
        node_ids=new.node_ids,
        volume_ids=new.volume_ids,
        replica_indexes=indexes,
        replication=new.replication.proto,
    )
