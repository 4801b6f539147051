"""Which pipelines a writer may be given, and what is said when there is none."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common.errors import (
    NoSpace,
    NotEnoughDataNodes,
    PipelineNotReady,
    TrioxygenError,
)
from trioxygen.common.replication import Replication
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes, room_of
from trioxygen.metadata.scm.pipelines.known import KnownPipelines
from trioxygen.metadata.scm.pipelines.pipelines import addressed, replication_of, volume_id_of
from trioxygen.metadata.scm.pipelines.plan import members_now
from trioxygen.metadata.scm.pipelines.plan_nodes import cluster_of
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import PipelineRow
from trioxygen.proto.v1.types_pb2 import Pipeline

_LAST_RESORT: Final = 1_000
# In one allocation, unless none of them is as it should be.
_LOOKED_AT_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class WritablePipeline:
    """One that goes on, as the choice among them sees it.

    Attributes:
    is_ready: its ring has a leader, or each of its rings has.
    has_room: for anything at all, as far as it is known.
    room_bytes: by the last report, less what was promised since: for a choice, not a bound. What is
        only promised may never come.
    missed: members that it has not, that do not answer, or that the writer has excluded.
    is_enough: the others suffice.
    """

    pipeline_id: int
    is_ready: bool = True
    has_room: bool = True
    room_bytes: int = 0
    missed: int = 0
    is_enough: bool = True

    @property
    def rank(self) -> int:
        return self.missed if self.is_enough else _LAST_RESORT


def best_of(pipelines: Iterable[WritablePipeline], wanted_bytes: int) -> list[WritablePipeline]:
    """Of those that take data. All members of a pipeline come before room, and nearly full ones
    only where nothing else is: what comes decides there."""
    taking = [pipeline for pipeline in pipelines if pipeline.is_ready and pipeline.has_room]
    best_rank = min((pipeline.rank for pipeline in taking), default=0)
    best = [pipeline for pipeline in taking if pipeline.rank == best_rank]
    return [pipeline for pipeline in best if pipeline.room_bytes > wanted_bytes] or best


def quorum_of(row: PipelineRow, missing_replicas_max: int) -> int:
    """So many members must answer: of a ring the majority; of an erasure-coded pipeline all, unless
    the configuration allows less."""
    replication = replication_of(row)
    if replication.is_ec:
        return min(len(row.node_ids), replication.members_min(missing_replicas_max))
    return len(row.node_ids) // 2 + 1


def leads(nodes: Nodes, node_id: str, pipeline_id: int) -> bool:
    report = nodes.report(node_id)
    ring = None if report is None else report.pipelines.get(pipeline_id)
    return ring is not None and ring.leader


def has_failed(nodes: Nodes, node_id: str, row: PipelineRow) -> bool:
    """Whether it takes part in its ring no more, and never will again."""
    report = nodes.report(node_id)
    ring = None if report is None else report.pipelines.get(row.pipeline_id)
    return ring is not None and ring.failed


def has_lost_disk(nodes: Nodes, node_id: str, row: PipelineRow) -> bool:
    """Whether the disk that its part of the ring is on is not there: no full one, which comes back
    by itself."""
    report, volume_id = nodes.report(node_id), volume_id_of(row, node_id)
    if report is None or not report.volumes:
        return False
    return all(volume.failed for volume in report.volumes if volume_id in ("", volume.volume_id))


def has_leader(nodes: Nodes, row: PipelineRow, members: Iterable[str]) -> bool:
    """Whether these members take writes: one of them leads their ring, or each leads its own."""
    if replication_of(row).is_ec:
        return all(leads(nodes, node_id, row.pipeline_id) for node_id in members)
    return nodes.leader_of(row) in set(members)


def room_bytes(nodes: Nodes, row: PipelineRow, node_id: str) -> int | None:
    """What client data may still take on the disk that a member's part of the ring is on. None: it
    has not said yet."""
    report = nodes.report(node_id)
    if report is None or not report.volumes:
        return None
    volume_id = volume_id_of(row, node_id)
    return max(
        (
            room_of(volume)
            for volume in report.volumes
            if volume_id in ("", volume.volume_id) and not (volume.failed or volume.full)
        ),
        default=0,
    )


class WritablePipelines:
    """Args:
    nodes_come_ms: so long after this SCM's start DataNodes that it does not know may register.
    demand: is told a replication that there is no pipeline of yet."""

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        pipelines: KnownPipelines,
        *,
        missing_replicas_max: int,
        nodes_come_ms: float,
        demand: Callable[[Replication], None],
    ) -> None:
        self._executor, self._nodes, self._pipelines = executor, nodes, pipelines
        self._missing_replicas_max, self._demand = missing_replicas_max, demand
        self._nodes_come_ms, self._turn = nodes_come_ms, 0

    def choose(
        self,
        replication: Replication,
        *,
        excluded: Collection[str],
        promised_bytes: Mapping[int, int],
        wanted_bytes: int,
    ) -> dict[int, PipelineRow]:
        """Those that are as good as any, by their ids.

        Raises: NotEnoughDataNodes, NoSpace, PipelineNotReady."""
        with self._executor.store.read() as txn:
            rows = self._pipelines.open_of(txn, replication)
        seen = self._all_seen(self._having_turn(rows), excluded, promised_bytes)
        best = best_of(seen.values(), wanted_bytes)
        if len(seen) < len(rows) and not any(
            pipeline.rank == 0 and pipeline.room_bytes > wanted_bytes for pipeline in best
        ):
            # There may be better ones.
            seen = self._all_seen(rows, excluded, promised_bytes)
            best = best_of(seen.values(), wanted_bytes)
        if not best:
            raise self._none(replication, seen.values())
        by_id = {row.pipeline_id: row for row in rows}
        return {pipeline.pipeline_id: by_id[pipeline.pipeline_id] for pipeline in best}

    def addressed(self, row: PipelineRow) -> Pipeline:
        """As a writer is told of it."""
        with self._executor.store.read() as txn:
            pipeline = addressed(txn, row)
        replication = replication_of(row)
        if replication.is_ec:
            pipeline.without_spare = not replication.keeps_spare(self._missing_replicas_max)
        return pipeline

    def _having_turn(self, rows: Sequence[PipelineRow]) -> Sequence[PipelineRow]:
        """Of very many, some: an allocation does not look at all."""
        if len(rows) <= _LOOKED_AT_MAX:
            return rows
        first = self._turn = (self._turn + _LOOKED_AT_MAX) % len(rows)
        return [*rows[first:], *rows[:first]][:_LOOKED_AT_MAX]

    def _all_seen(
        self,
        rows: Iterable[PipelineRow],
        excluded: Collection[str],
        promised_bytes: Mapping[int, int],
    ) -> dict[int, WritablePipeline]:
        """Those that go on, by their ids."""
        seen = (self._seen(row, excluded, promised_bytes) for row in rows)
        return {pipeline.pipeline_id: pipeline for pipeline in seen if pipeline is not None}

    def _seen(
        self, row: PipelineRow, excluded: Collection[str], promised_bytes: Mapping[int, int]
    ) -> WritablePipeline | None:
        """None: too few of its members are healthy."""
        nodes, quorum = self._nodes, quorum_of(row, self._missing_replicas_max)
        healthy = [
            node_id
            for node_id in row.node_ids
            if self._is_healthy(node_id)
            and not has_failed(nodes, node_id, row)
            and not has_lost_disk(nodes, node_id, row)
        ]
        if len(healthy) < quorum:
            return None
        there = [node_id for node_id in healthy if node_id not in excluded]
        rooms = [room_bytes(nodes, row, node_id) for node_id in healthy]
        known = [room for room in rooms if room is not None]
        return WritablePipeline(
            pipeline_id=row.pipeline_id,
            is_ready=has_leader(nodes, row, healthy)
            # Which ids its containers have had is known only then.
            and all(nodes.fully_reported(node_id) for node_id in healthy),
            has_room=all(known),
            room_bytes=min(known, default=0) - promised_bytes.get(row.pipeline_id, 0),
            missed=replication_of(row).members - len(there),
            is_enough=len(there) >= quorum,
        )

    def _is_healthy(self, node_id: str) -> bool:
        return self._nodes.health(node_id) == scm_pb2.HEALTHY

    def _none(
        self, replication: Replication, going_on: Collection[WritablePipeline]
    ) -> TrioxygenError:
        """What is said when no pipeline can be written."""
        if any(pipeline.has_room for pipeline in going_on):
            return PipelineNotReady("no pipeline that has room is ready yet")
        with self._executor.store.read() as txn:
            cluster = cluster_of(txn, self._nodes)
        needed = replication.members_min(self._missing_replicas_max)
        there = [
            node
            for node in cluster.nodes.values()
            if node.is_healthy and node.is_in_service and node.has_working_disk
        ]
        if members_now(replication, cluster, self._missing_replicas_max):
            self._demand(replication)
        if sum(node.has_room for node in there) >= needed:
            return PipelineNotReady(f"a pipeline of {replication.text} is being made")
        healthy = len(there)
        if going_on or healthy >= needed:
            return NoSpace("every pipeline has a DataNode that is full")
        reason = (
            f"{replication.text} needs {needed} healthy DataNodes in service, there are {healthy}"
        )
        if self._nodes.listening_ms() < self._nodes_come_ms:
            # An SCM that was lost, and starts anew, knows of none.
            return PipelineNotReady(f"{reason} yet")
        return NotEnoughDataNodes(
            reason,
            replication=replication.text,
            needed=needed,
            healthy=healthy,
        )

    def taking_new_data(self) -> set[str]:
        """The nodes of pipelines that blocks are given of."""
        return {
            node_id
            for row, pipeline in self._going_on()
            if pipeline.is_ready and pipeline.has_room
            for node_id in row.node_ids
            if self._is_healthy(node_id)
        }

    def is_full(self) -> bool:
        """Whether there are pipelines, and none takes data or will when it is ready."""
        going_on = [pipeline for _, pipeline in self._going_on()]
        return bool(going_on) and not any(pipeline.has_room for pipeline in going_on)

    def _going_on(self) -> list[tuple[PipelineRow, WritablePipeline]]:
        with self._executor.store.read() as txn:
            rows = self._pipelines.all_open(txn)
        seen = [(row, self._seen(row, (), {})) for row in rows]
        return [(row, pipeline) for row, pipeline in seen if pipeline is not None]
