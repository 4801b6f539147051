"""Looks at containers, and keeps what is said of them: how many are how, which replicas are to be
closed, what waits for its repair. The leader's memory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.pace import kept_ms
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.checks import examine
from trioxygen.metadata.scm.replication.findings import AS_THEY_SHOULD_BE, Close, Finding, Health
from trioxygen.metadata.scm.replication.missing import MissingLog
from trioxygen.metadata.scm.replication.nodes_view import NodesView, observe_nodes
from trioxygen.metadata.scm.replication.observed import ObservedContainer
from trioxygen.metadata.scm.replication.observer import Observer, is_plainly_healthy
from trioxygen.metadata.scm.replication.queue import RepairQueue
from trioxygen.metadata.scm.schema import CONTAINERS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2, types_pb2
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    ContainerRow,
    DataNodeCommand,
)

# In one heartbeat.
_LOOKED_AT_MAX: Final = 2_000
# With one heartbeat, since something has changed; others are soon.
_LOOKED_AT_NOW_MAX: Final = 200
# Of what had no place, with each view of the nodes: those that were asked longest ago.
_PLACES_LOOKED_FOR_MAX: Final = 50
# A view of the nodes is made anew after it.
_VIEW_KEPT_MS: Final = 1_000.0
_LACKING: Final = frozenset({Health.UNDER_REPLICATED, Health.MIS_REPLICATED})


class ContainerWatch:
    """Args: missing_max: members that may be missing where there are no more nodes.

    Attributes: missing: what is to be said in the log of containers that cannot be read."""

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        queue: RepairQueue,
        observer: Observer,
        clock: Clock,
        *,
        missing_max: int,
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._queue, self._observer = queue, observer
        self._clock, self._missing_max = clock, missing_max
        self.missing = MissingLog(clock)
        self._view: NodesView | None = None
        self._view_ms, self._is_view_current = 0.0, False
        # What is not as it should be.
        self._health: dict[int, Health] = {}
        self._ids: defaultdict[Health, dict[int, None]] = defaultdict(dict)
        self._closes: defaultdict[str, dict[int, Close]] = defaultdict(dict)
        self._closed_at: dict[int, tuple[str, ...]] = {}
        # What lacks something that no node can take.
        self._unplaced: dict[int, None] = {}
        # To be looked at soon.
        self._due: dict[int, None] = {}
        self._moves: dict[int, ContainerState] = {}
        self._turns: dict[str, int] = {}

    def forget(self) -> None:
        """All that was said, and whose turn it is."""
        self._observer.forget()
        self._view = None
        for kept in (self._health, self._ids, self._closes, self._closed_at, self._due):
            kept.clear()
        self._moves.clear()
        self._turns.clear()
        self._unplaced.clear()
        self.missing.forget()

    # ---- what is to be looked at ----

    def noticed_now(self, container_ids: Sequence[int]) -> None:
        """Something that counts has changed of them: what is done about it does not wait, unless
        they are very many."""
        with self._executor.store.read() as txn:
            self.look(txn, container_ids[:_LOOKED_AT_NOW_MAX])
        self.noticed(container_ids[_LOOKED_AT_NOW_MAX:])

    def noticed(self, container_ids: Iterable[int]) -> None:
        """Something that counts has changed of them."""
        self._due.update(dict.fromkeys(container_ids))

    def take_due(self, count_max: int) -> list[int]:
        due = [*islice(self._due, count_max)]
        for container_id in due:
            del self._due[container_id]
        return due

    @property
    def has_due(self) -> bool:
        return bool(self._due)

    def nodes_changed(self) -> None:
        """There are others, or they are something else: not only by the time that has passed."""
        self._is_view_current = False

    def has_reported(self, node_id: str) -> bool:
        """All that it has, in this term."""
        return self._nodes.fully_reported(node_id)

    def view(self, txn: ReadTxn) -> NodesView:
        """Of the nodes, at most a second old. What nodes hold that have changed is due."""
        now_ms, before = self._clock.monotonic_ms(), self._view
        if before is not None:
            is_current = self._is_view_current
            view_kept_ms = (
                _VIEW_KEPT_MS if is_current else min(_VIEW_KEPT_MS, kept_ms(len(before.nodes)))
            )
            if now_ms - self._view_ms < view_kept_ms:
                return before
        view = observe_nodes(txn, self._nodes, missing_max=self._missing_max)
        self._view, self._view_ms, self._is_view_current = view, now_ms, True
        if before is not None:
            for node_id in view.changed_since(before):
                self.noticed(self._replicas.of_node(node_id))
            if not view.takes_as(before):
                # What had no place may have one.
                self.noticed(self._unplaced)
        # So it may where a node has more room than before, or the container shrinks.
        self.noticed(islice(self._unplaced, _PLACES_LOOKED_FOR_MAX))
        self.noticed(self._observer.waiting_for_time())
        return view

    # ---- looking ----

    def look(self, txn: ReadTxn, container_ids: Iterable[int]) -> None:
        view = self.view(txn)
        for container_id in container_ids:
            row = CONTAINERS.get(txn, id_key(container_id))
            if row is None:
                self._said(container_id, None)
                self._observer.forget_container(container_id)
            else:
                self.look_at(txn, row, view)

    def look_at(self, txn: ReadTxn, row: ContainerRow, view: NodesView) -> None:
        container_id = row.container_id
        if container_id not in self._health and container_id not in self._closed_at:
            if row.state == scm_pb2.OPEN and row.replication.type != types_pb2.EC:
                # All that is said of it: it is open. Members of a coded one may lag behind.
                return
            reports = self._replicas.of_container(container_id)
            if is_plainly_healthy(row, reports, view):
                return
        self._said(container_id, self.examined(txn, row, view)[1])

    def examined(
        self, txn: ReadTxn, row: ContainerRow, view: NodesView
    ) -> tuple[ObservedContainer, Finding]:
        """Its finding, which is not kept."""
        container = self._observer.observed(txn, row, view)
        return container, examine(container)

    def _said(self, container_id: int, finding: Finding | None) -> None:
        health = Health.HEALTHY if finding is None else finding.health
        self._note_health(container_id, health)
        self._note_closes(container_id, () if finding is None else finding.closes)
        self._moves.pop(container_id, None)
        if finding is None:
            self._queue.discard(container_id)
            return
        self._observer.note(container_id, finding)
        if finding.moves_to is not None:
            self._moves[container_id] = finding.moves_to
        if finding.repairs:
            self._queue.put(container_id, finding.remaining)
        else:
            self._queue.discard(container_id)
            # It is no node that it waits for, and would never go behind the others.
            self._unplaced.pop(container_id, None)

    def _note_health(self, container_id: int, health: Health) -> None:
        before = self._health.pop(container_id, None)
        if before is not None:
            self._ids[before].pop(container_id, None)
        if health not in _LACKING:
            self._unplaced.pop(container_id, None)
        if health not in AS_THEY_SHOULD_BE:
            self._health[container_id] = health
            self._ids[health][container_id] = None
        if before is not health:
            if health is Health.MISSING:
                self.missing.lost(container_id)
            elif before is Health.MISSING:
                self.missing.back(container_id)

    def _note_closes(self, container_id: int, closes: tuple[Close, ...]) -> None:
        for node_id in self._closed_at.pop(container_id, ()):
            self._closes[node_id].pop(container_id, None)
        if closes:
            self._closed_at[container_id] = tuple(close.node_id for close in closes)
            for close in closes:
                self._closes[close.node_id][container_id] = close

    # ---- what comes of it ----

    def commands(self, node_id: str) -> list[DataNodeCommand]:
        """To close replicas. What the node may still write is looked at with each heartbeat: few
        containers are open, and who closes their pipelines need not say so here."""
        closes = self._closes[node_id]
        looked_at = self._next(node_id, [*closes])
        with self._executor.store.read() as txn:
            self.look(txn, looked_at)
        return [
            DataNodeCommand(
                close_container=CloseContainerCommand(
                    container_id=container_id, force=closes[container_id].force
                )
            )
            for container_id in looked_at
            if container_id in closes
        ]

    def _next(self, node_id: str, closing: list[int]) -> list[int]:
        """They take turns where a node has very many: its heartbeat does not wait for all."""
        ids = [*dict.fromkeys([*self._replicas.taking_at(node_id), *closing])]
        if len(ids) <= _LOOKED_AT_MAX:
            return ids
        first = self._turns.get(node_id, 0) % len(ids)
        self._turns[node_id] = first + _LOOKED_AT_MAX
        return [*ids[first:], *ids[:first]][:_LOOKED_AT_MAX]

    def takers_count(self) -> int:
        """Nodes that can be given replicas."""
        return 0 if self._view is None else len(self._view.takers)

    def take_moves(self, count_max: int) -> dict[int, ContainerState]:
        """Rows that are to take another state."""
        moves = dict(islice(self._moves.items(), count_max))
        for container_id in moves:
            del self._moves[container_id]
        return moves

    def note_place(self, container_id: int, *, has_place: bool) -> None:
        """Whether a node can take what it lacks."""
        self._unplaced.pop(container_id, None)
        if not has_place:
            # Behind the others: they take turns.
            self._unplaced[container_id] = None

    def has_no_place(self, container_id: int) -> bool:
        return container_id in self._unplaced

    @property
    def unplaced_count(self) -> int:
        return len(self._unplaced)

    def counts(self) -> Mapping[Health, int]:
        """Of containers that are not as they should be."""
        return {health: len(ids) for health, ids in self._ids.items() if ids}

    def samples(self, health: Health, count_max: int) -> Iterator[int]:
        return islice(self._ids[health], count_max)

    def health(self, container_id: int) -> Health | None:
        """None: as it should be, or not looked at yet."""
        return self._health.get(container_id)
