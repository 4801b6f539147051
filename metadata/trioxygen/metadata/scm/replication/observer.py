"""Puts together what is known of a container: its row, its replicas, what is under way, and since
when this SCM has seen it as it is."""

from collections.abc import Callable
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import Replication
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.pipelines.pipelines import at_home, pipeline_of
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.replication.findings import Finding, Health
from trioxygen.metadata.scm.replication.in_flight import InFlight
from trioxygen.metadata.scm.replication.nodes_view import NodesView
from trioxygen.metadata.scm.replication.observed import (
    ObservedContainer,
    ObservedNode,
    ObservedReplica,
)
from trioxygen.metadata.scm.replication.open_coded import Mark, next_mark
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2, types_pb2
from trioxygen.proto.v1.scm_pb2 import ContainerReport, ContainerRow, PipelineRow

_BEING_CLOSED: Final = frozenset({ContainerState.CLOSING, ContainerState.QUASI_CLOSED})
_STATE_OF: Final = {state.proto: state for state in ContainerState}


class Observer:
    """Args:
    deletions_wait: whether nodes have not confirmed deletions in a container yet.
    moved_from: see `ObservedContainer`.
    close_delay_ms: see `ObservedContainer`.
    """

    def __init__(
        self,
        nodes: Nodes,
        replicas: Replicas,
        in_flight: InFlight,
        clock: Clock,
        config: ReplicationConfig,
        *,
        deletions_wait: Callable[[ReadTxn, int], bool],
        moved_from: Callable[[int], str],
        close_delay_ms: float,
    ) -> None:
        self._nodes, self._replicas, self._in_flight = nodes, replicas, in_flight
        self._clock, self._config = clock, config
        self._deletions_wait, self._moved_from = deletions_wait, moved_from
        self._close_delay_ms = close_delay_ms
        self._closing_since_ms: dict[int, float] = {}
        self._unsettled_since_ms: dict[int, float] = {}
        self._marks: dict[int, Mark] = {}

    def forget(self) -> None:
        self._closing_since_ms.clear()
        self._unsettled_since_ms.clear()
        self._marks.clear()

    def forget_container(self, container_id: int) -> None:
        self._closing_since_ms.pop(container_id, None)
        self._unsettled_since_ms.pop(container_id, None)
        self._marks.pop(container_id, None)

    def note(self, container_id: int, finding: Finding) -> None:
        """What was said of it: since when it waits for its replicas to become alike."""
        if finding.health is Health.UNDER_REPLICATED:
            if not finding.repairs:
                now_ms = self._clock.monotonic_ms()
                self._unsettled_since_ms.setdefault(container_id, now_ms)
        else:
            self._unsettled_since_ms.pop(container_id, None)

    def waiting_for_time(self) -> list[int]:
        """Containers that something else is said of when some time has passed."""
        return [*self._closing_since_ms, *self._unsettled_since_ms, *self._marks]

    def observed(self, txn: ReadTxn, row: ContainerRow, view: NodesView) -> ObservedContainer:
        state = _STATE_OF[row.state]
        replication = Replication.of_proto(row.replication)
        reports = at_home(txn, row, self._replicas.of_container(row.container_id))
        replicas = tuple(
            _replica(report, view.node(node_id), node_id) for node_id, report in reports.items()
        )
        wanted, rack_max = view.standard(replication)
        # Of a closed one nobody asks.
        pipeline = None if state is ContainerState.CLOSED else pipeline_of(txn, row)
        members = tuple(view.node(each) for each in pipeline.node_ids) if pipeline else ()
        return ObservedContainer(
            container_id=row.container_id,
            state=state,
            replication=replication,
            replicas=replicas,
            wanted=wanted,
            pipeline_id=row.pipeline_id,
            commit_sequence=_commit_sequence(row, replicas),
            block_count=row.block_count,
            members=members,
            members_known=all(self._is_known(member) for member in members),
            rack_max=rack_max,
            online_min=self._online_min(replication),
            pending=self._in_flight.pending(row.container_id),
            closing_ms=self._closing_ms(row.container_id, state),
            close_delay_ms=self._delay_ms(pipeline),
            unsettled_ms=self._unsettled_ms(row.container_id),
            settle_ms=self._config.settle_ms,
            lagging_ms=self._lagging_ms(row, replicas, members),
            lag_ms_max=self._config.lag_ms_max,
            age_ms=self._clock.wall_ms() - row.created_ms,
            empty_delay_ms=self._config.empty_delay_ms,
            class_is_known=row.replication.type != types_pb2.REPLICATION_TYPE_UNSPECIFIED,
            deletions_wait=self._deletions_wait(txn, row.container_id),
            moved_from=self._moved_from(row.container_id),
        )

    def _is_known(self, member: ObservedNode) -> bool:
        return member.is_dead or self._nodes.fully_reported(member.node_id)

    def _online_min(self, replication: Replication) -> int:
        if replication.is_ec:
            return replication.data + 1
        return self._config.maintenance_replicas_min

    def _closing_ms(self, container_id: int, state: ContainerState) -> float:
        if state not in _BEING_CLOSED:
            self._closing_since_ms.pop(container_id, None)
            return 0
        now_ms = self._clock.monotonic_ms()
        return now_ms - self._closing_since_ms.setdefault(container_id, now_ms)

    def _lagging_ms(
        self,
        row: ContainerRow,
        replicas: tuple[ObservedReplica, ...],
        members: tuple[ObservedNode, ...],
    ) -> float:
        """Of nodes that answer: a pipeline of others is closed, and its containers with it."""
        answer = all(each.health == scm_pb2.HEALTHY and self._is_known(each) for each in members)
        is_coded = row.replication.type == types_pb2.EC
        if not is_coded or row.state != scm_pb2.OPEN or not members or not answer:
            self._marks.pop(row.container_id, None)
            return 0
        now_ms = self._clock.monotonic_ms()
        before = self._marks.get(row.container_id)
        mark = next_mark(before, replicas, row.replication.data, len(members), now_ms)
        self._marks[row.container_id] = mark
        return now_ms - mark.since_ms

    def _delay_ms(self, pipeline: PipelineRow | None) -> float:
        """Of a pipeline that takes writes, a container is closed because it is full: writers hold
        leases in it. What is written to another is to be repaired soon."""
        is_open = pipeline is not None and pipeline.open
        lost_ms = min(self._config.lost_close_delay_ms, self._close_delay_ms)
        return self._close_delay_ms if is_open else lost_ms

    def _unsettled_ms(self, container_id: int) -> float:
        since_ms = self._unsettled_since_ms.get(container_id)
        return 0 if since_ms is None else self._clock.monotonic_ms() - since_ms


def _replica(report: ContainerReport, node: ObservedNode, node_id: str) -> ObservedReplica:
    return ObservedReplica(
        node=node,
        state=_STATE_OF[report.state],
        replica_index=report.replica_index,
        commit_sequence=report.commit_sequence,
        origin=report.origin_node_id or node_id,
        used_bytes=report.used_bytes,
        block_count=report.block_count,
        coded=tuple((each.data_cells, each.count, each.tag_sum) for each in report.coded),
    )


def _commit_sequence(row: ContainerRow, replicas: tuple[ObservedReplica, ...]) -> int:
    closed = [each.commit_sequence for each in replicas if each.state is ContainerState.CLOSED]
    return max(row.commit_sequence, *closed, 0)


def is_plainly_healthy(
    row: ContainerRow, reports: dict[str, ContainerReport], view: NodesView
) -> bool:
    """Whether it surely lacks nothing, by few looks: most containers do at most times, and looking
    at all of them is to cost little."""
    if row.state != scm_pb2.CLOSED or not row.block_count or not row.pipeline_id:
        return False
    replication = Replication.of_proto(row.replication)
    wanted, rack_max = view.standard(replication)
    if replication.is_ec or len(reports) != wanted:
        return False
    racks: list[str] = []
    for node_id, report in reports.items():
        node = view.nodes.get(node_id)
        if (
            node is None
            or node.health != scm_pb2.HEALTHY
            or node.operation != scm_pb2.IN_SERVICE
            or report.state != scm_pb2.CLOSED
            or report.commit_sequence != row.commit_sequence
            or report.pipeline_id != row.pipeline_id
            or not report.block_count
        ):
            return False
        racks.append(node.rack)
    return all(racks.count(rack) <= rack_max for rack in racks)
