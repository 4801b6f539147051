"""DataNodes on their way out of service, or into maintenance: when all that they hold is where it
is to be without them, they have arrived. The leader's background work."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import unique
from itertools import islice
from typing import Final

from trioxygen.common.container_state import ContainerState
from trioxygen.common.states import State
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.pipelines.state import PipelineState, state_of
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication import indexes, whole_copies
from trioxygen.metadata.scm.replication.findings import Health
from trioxygen.metadata.scm.replication.observed import NOTHING_PENDING, ObservedContainer
from trioxygen.metadata.scm.replication.watch import ContainerWatch
from trioxygen.metadata.scm.schema import CONTAINERS, NODES, PIPELINES, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import MoveNodeOperation, NodeOperation

_ARRIVES_AT: Final = {
    scm_pb2.DECOMMISSIONING: scm_pb2.DECOMMISSIONED,
    scm_pb2.ENTERING_MAINTENANCE: scm_pb2.IN_MAINTENANCE,
}
_GOING: Final = frozenset({ContainerState.DELETING, ContainerState.DELETED})
_INTERVAL_MS: Final = 2_000.0
# Between two of them others have their turn.
_LOOKED_AT_MAX: Final = 200
SAMPLES_MAX: Final = 20


@unique
class Holds(State):
    """Why a container keeps its node."""

    IS_WRITTEN = "it is not closed yet"
    IS_UNDECIDED = "its replicas were closed without each other"
    IS_LACKING = "it has too few replicas elsewhere"
    HAS_NO_PLACE = "it has too few replicas elsewhere, and no DataNode can take one"
    IS_MISSING = "no replica of it is whole: see missing containers"


# It does not end by itself.
_ENDLESS: Final = frozenset({Holds.HAS_NO_PLACE, Holds.IS_MISSING})
REPAIRS_WAIT: Final = "repairs, which have not begun: see o3 admin safemode status"
HAS_NOT_REPORTED: Final = "its report of all that it has"
IS_DEAD_UNHEARD: Final = (
    "its report of all that it has: it is dead since before this SCM led; start it, or remove it"
)


def holds(container: ObservedContainer) -> Holds | None:
    """Why a node that is on its way cannot do without it; None: it can. What is under way does not
    count before it is done."""
    if container.state in _GOING:
        return None
    if container.state in (ContainerState.OPEN, ContainerState.CLOSING):
        return Holds.IS_WRITTEN
    if container.state is ContainerState.QUASI_CLOSED:
        return Holds.IS_UNDECIDED
    done = replace(container, pending=NOTHING_PENDING)
    ec = container.replication.is_ec
    lacks = bool(indexes.lacking(done)) if ec else bool(whole_copies.lacking(done))
    return Holds.IS_LACKING if lacks else None


@dataclass(slots=True, kw_only=True)
class Progress:
    """Of one node: what the last look at all its containers counted.

    Attributes:
    is_counted: there was one.
    left, bytes_left: containers that keep it.
    unplaced: of them, what no other node can take.
    is_endless: some do not end by themselves.
    waiting: some of them, and why.
    waits_for: what is more than containers and pipelines; empty: nothing.
    """

    operation: NodeOperation
    containers: int = 0
    left: int = 0
    bytes_left: int = 0
    pipelines_left: int = 0
    unplaced: int = 0
    is_endless: bool = False
    is_counted: bool = False
    waits_for: str = ""
    waiting: list[tuple[int, Holds]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Look:
    """At all containers of a node, in pieces."""

    ids: Iterator[int]
    counts: Progress


class Departures:
    """A Worker.

    Args:
        leads: whether this SCM does, and has begun its term.
        is_waiting: it is not known yet what there is.
    """

    name = "scm-departures"

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        watch: ContainerWatch,
        *,
        leads: Callable[[], bool],
        is_waiting: Callable[[], bool],
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._watch, self._leads, self._is_waiting = watch, leads, is_waiting
        self.interval_ms = _INTERVAL_MS
        self.progress: dict[str, Progress] = {}
        self._looks: dict[str, _Look] = {}

    def forget(self) -> None:
        self.progress.clear()
        self._looks.clear()

    async def work(self) -> bool:
        if not self._leads():
            return False
        with self._executor.store.read() as txn:
            leaving = self._leaving(txn)
            if self._is_waiting():
                for node_id, operation in leaving.items():
                    self.progress[node_id] = Progress(operation=operation, waits_for=REPAIRS_WAIT)
                return False
            arrived = [
                node_id
                for node_id, operation in leaving.items()
                if self._look(txn, node_id, operation)
            ]
        for node_id in arrived:
            before = leaving[node_id]
            await self._executor.execute(
                MoveNodeOperation(node_id=node_id, before=before, to=_ARRIVES_AT[before])
            )
        return bool(self._looks)

    def _leaving(self, txn: ReadTxn) -> dict[str, NodeOperation]:
        """What is kept of others is forgotten."""
        leaving = {
            row.node_id: row.operation
            for _, row in NODES.scan(txn, prefix=b"")
            if row.operation in _ARRIVES_AT
        }
        for gone in self.progress.keys() - leaving.keys():
            del self.progress[gone]
            self._looks.pop(gone, None)
        return leaving

    def _look(self, txn: ReadTxn, node_id: str, operation: NodeOperation) -> bool:
        """At the next of its containers. True: it has arrived."""
        progress = self.progress.get(node_id)
        if progress is None or progress.operation != operation:
            self.progress[node_id] = Progress(operation=operation)
            self._looks.pop(node_id, None)
        look = self._looks.get(node_id)
        if look is None:
            ids = [*self._replicas.of_node(node_id)]
            counts = Progress(operation=operation, containers=len(ids))
            look = self._looks[node_id] = _Look(ids=iter(ids), counts=counts)
        view, looked_at = self._watch.view(txn), 0
        for container_id in islice(look.ids, _LOOKED_AT_MAX):
            looked_at += 1
            row = CONTAINERS.get(txn, id_key(container_id))
            if row is not None:
                container, finding = self._watch.examined(txn, row, view)
                reason = holds(container)
                if reason is Holds.IS_LACKING and finding.health is Health.MISSING:
                    reason = Holds.IS_MISSING
                elif reason is Holds.IS_LACKING and self._watch.has_no_place(container_id):
                    reason = Holds.HAS_NO_PLACE
                _count(look.counts, container, node_id, reason)
        if looked_at == _LOOKED_AT_MAX:
            return False
        del self._looks[node_id]
        counts = look.counts
        counts.is_counted, counts.pipelines_left = True, self._pipelines(txn, node_id)
        # What a node has that never told this SCM is not known.
        if not self._nodes.fully_reported(node_id):
            counts.waits_for = IS_DEAD_UNHEARD if view.node(node_id).is_dead else HAS_NOT_REPORTED
        self.progress[node_id] = counts
        return not (counts.waits_for or counts.left or counts.pipelines_left)

    def _pipelines(self, txn: ReadTxn, node_id: str) -> int:
        """That it is a member of, and that may still be written or are being closed."""
        return sum(
            node_id in row.node_ids
            and bool(row.pipeline_id)
            and state_of(row) is not PipelineState.CLOSED
            and bool(row.open or row.open_container_ids)
            for _, row in PIPELINES.scan(txn, prefix=b"")
        )


def _count(
    counts: Progress, container: ObservedContainer, node_id: str, reason: Holds | None
) -> None:
    own = [each for each in container.replicas if each.node_id == node_id]
    if reason is None or not own:
        return
    counts.left += 1
    counts.unplaced += reason is Holds.HAS_NO_PLACE
    counts.is_endless = counts.is_endless or reason in _ENDLESS
    counts.bytes_left += own[0].used_bytes
    if len(counts.waiting) < SAMPLES_MAX:
        counts.waiting.append((container.container_id, reason))
