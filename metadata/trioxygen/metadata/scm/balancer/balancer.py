"""Evens out how full DataNodes' disks are, while an operator wants it and nothing else is to be
mended. The leader's background work; whether it runs is in the state, what is under way is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.balancer.commands import balancer_row
from trioxygen.metadata.scm.balancer.config import BalancerConfig
from trioxygen.metadata.scm.balancer.disk_use import Band, DiskUse, band_of
from trioxygen.metadata.scm.balancer.eligible import disk_uses, movable_of, unknown
from trioxygen.metadata.scm.balancer.iteration import Iteration, Look
from trioxygen.metadata.scm.balancer.mending import Mending
from trioxygen.metadata.scm.balancer.moving import MoveStep, MovesUnderWay, Moving, step_of
from trioxygen.metadata.scm.balancer.plan import Move, MoveLimits, Planning, givers
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.rate import RecentRate
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.plan import copy_of
from trioxygen.metadata.scm.schema import CONTAINERS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import BalancerRow, NoteBalancing
from trioxygen.proto.v1.types_pb2 import DataNodeAddress

log = logs.get(__name__)

_IDLE_INTERVAL_MS: Final = 1_000.0
WITHIN_THE_BAND: Final = "all DataNodes are within the band"
NOTHING_TO_MOVE: Final = (
    "nothing can be moved: what fuller DataNodes hold is too large for the band or its limits, is "
    "not closed, or may not lie on the emptier ones"
)


@dataclass(frozen=True, slots=True)
class Evenness:
    """How full nodes are now."""

    uses: list[DiskUse]
    band: Band


class Balancer:
    """A Worker.

    Args: leads: whether this SCM does, and has begun its term.
    """

    name = "scm-balancer"

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        mending: Mending,
        moving: MovesUnderWay,
        clock: Clock,
        config: BalancerConfig,
        *,
        leads: Callable[[], bool],
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._mending, self._watch = mending, mending.watch
        self._repairs, self._in_flight = mending.repairs, mending.in_flight
        self._clock, self._leads = clock, leads
        self.config, self.moving = config, moving
        self.interval_ms = _IDLE_INTERVAL_MS
        self.moved = RecentRate()
        self.failed = 0
        self.forget()

    def forget(self) -> None:
        """A leader's term begins: what another one had under way is not this one's."""
        self.moving.forget()
        self.iteration: Iteration | None = None
        self._look: Look | None = None
        self._idle_looks = 0
        self._look_after_ms = 0.0

    def row(self) -> BalancerRow | None:
        """None: it has never been started."""
        with self._executor.store.read() as txn:
            return balancer_row(txn)

    def evenness(self, txn: ReadTxn, threshold_percent: float) -> Evenness:
        uses = disk_uses(self._watch.view(txn), self._nodes)
        return Evenness(uses, band_of(uses, threshold_percent))

    def waits_for(self) -> str:
        """Why nothing is begun now; empty: nothing keeps it."""
        waits_for = self._mending.waits_for(self.moving)
        if not waits_for and self.iteration is None:
            waits_for = self._mending.removes() or self._silence()
        return waits_for

    def _silence(self) -> str:
        """Who may be the emptiest of all, as far as is known here; empty: nobody."""
        with self._executor.store.read() as txn:
            silent = unknown(self._watch.view(txn), self._nodes)
        return f"DataNodes that say nothing, or not all yet: {len(silent)}" if silent else ""

    # ---- in turns ----

    async def work(self) -> bool:
        self.interval_ms = _IDLE_INTERVAL_MS
        if not self._leads():
            return False
        row = self.row()
        self._follow()
        is_running = row is not None and row.running
        if row is None or not is_running or self.waits_for():
            self._pause()
            if row is not None and self.iteration is not None and not len(self.moving):
                await self._end_iteration(row)
            return False
        if self.iteration is not None:
            self._begin_moves()
            if not self.iteration.queued and not len(self.moving):
                await self._end_iteration(row)
        elif self._clock.monotonic_ms() >= self._look_after_ms:
            await self._plan(row)
        return False

    def _pause(self) -> None:
        """What is being copied goes on; nothing more is begun."""
        self._look = None
        self._idle_looks = 0
        if self.iteration is not None:
            self.iteration.queued.clear()

    def _follow(self) -> None:
        """What reports show of the moves under way."""
        now_ms = self._clock.monotonic_ms()
        for each in self.moving:
            each.step = step_of(
                each.move,
                self._replicas.of_container(each.move.movable.container_id),
                is_asked=bool(self._in_flight.of_container(each.move.movable.container_id)),
                is_late=now_ms - each.begun_ms >= self.config.move_ms_max,
            )
            if each.step in (MoveStep.DONE, MoveStep.FAILED):
                self._end(each, now_ms)

    def _end(self, ended: Moving, now_ms: float) -> None:
        movable = ended.move.movable
        self.moving.end(movable.container_id)
        # Begun in this term, so there is an iteration that it is of.
        assert self.iteration is not None, movable
        if ended.step is MoveStep.DONE:
            self.moved.add(now_ms, movable.size_bytes)
            self.iteration.moved += 1
            self.iteration.moved_bytes += movable.size_bytes
            return
        self.failed += 1
        self.iteration.failed += 1
        log.warning(
            "move_given_up",
            container=movable.container_id,
            source=ended.move.source,
            target=ended.move.target,
        )

    async def _end_iteration(self, row: BalancerRow) -> None:
        """Raises: what the executor raises."""
        ended, self.iteration = self.iteration, None
        assert ended is not None
        self._look_after_ms = self._clock.monotonic_ms() + self.config.settle_ms
        await self._executor.execute(
            NoteBalancing(
                run=row.run,
                iterations=1,
                moved=ended.moved,
                moved_bytes=ended.moved_bytes,
                failed=ended.failed,
            )
        )

    # ---- planning ----

    async def _plan(self, row: BalancerRow) -> None:
        """Looks at what givers hold, in pieces, then plans. Raises: what the executor raises."""
        with self._executor.store.read() as txn:
            now = self.evenness(txn, row.threshold_percent)
            if all(now.band.holds(use) for use in now.uses):
                why = WITHIN_THE_BAND
            elif self._look_on(txn, now) or self._plan_on(row, now):
                self.interval_ms = self.config.turn_interval_ms
                return
            else:
                why = self._planned()
        self._look = None
        if why:
            await self._executor.execute(NoteBalancing(run=row.run, ended_why=why))

    def _look_on(self, txn: ReadTxn, now: Evenness) -> bool:
        """True: there is more to look at."""
        if self._look is None:
            ids = [use.node_id for use in givers(now.uses, now.band)]
            self._look = Look(self._largest_first(ids))
        look, view, looked_at = self._look, self._watch.view(txn), 0
        for node_id, container_id in look.left:
            if look.count_of(node_id) >= self.config.movables_per_node_max:
                continue
            row = CONTAINERS.get(txn, id_key(container_id))
            if row is not None:
                container, finding = self._watch.examined(txn, row, view)
                holders = self._replicas.of_container(container_id)
                movable = movable_of(container, finding, node_id, holders)
                if movable is not None:
                    look.note(node_id, movable)
            looked_at += 1
            if looked_at >= self.config.looks_per_turn_max:
                return True
        return False

    def _largest_first(self, node_ids: list[str]) -> Iterator[tuple[str, int]]:
        """What nodes hold, the fullest node's first."""
        for node_id in node_ids:
            reports = self._replicas.of_node(node_id)
            sizes = [(-report.used_bytes, each) for each, report in reports.items()]
            for _, container_id in sorted(sizes):
                yield node_id, container_id

    def _plan_on(self, row: BalancerRow, now: Evenness) -> bool:
        """True: there is more to plan."""
        look = self._look
        assert look is not None
        if look.steps is None:
            limits = MoveLimits(
                containers_max=row.containers_moving_max,
                bytes_max=row.moving_bytes_max,
                node_bytes_max=row.node_moving_bytes_max,
            )
            look.steps = Planning(now.uses, now.band, look.movables, limits).steps()
        # Where hardly anything may move a step takes a hundred times as long as elsewhere.
        ends_ms = self._clock.monotonic_ms() + self.config.planning_ms_max
        for move in look.steps:
            if move is not None:
                look.moves.append(move)
            if self._clock.monotonic_ms() >= ends_ms:
                return True
        return False

    def _planned(self) -> str:
        """Why it ends; empty: it goes on."""
        assert self._look is not None
        moves = self._look.moves
        if moves:
            self._idle_looks = 0
            self.iteration = Iteration()
            self.iteration.queued.extend(moves)
            self.interval_ms = self.config.turn_interval_ms
            size_bytes = sum(move.movable.size_bytes for move in moves)
            log.info("moves_planned", count=len(moves), bytes=size_bytes)
            return ""
        self._idle_looks += 1
        self._look_after_ms = self._clock.monotonic_ms() + self.config.settle_ms
        return NOTHING_TO_MOVE if self._idle_looks >= self.config.idle_looks_max else ""

    # ---- moving ----

    def _begin_moves(self) -> None:
        """As many as may be under way, looked at once more. What cannot be begun now waits."""
        iteration = self.iteration
        assert iteration is not None
        weight_max = int(self._repairs.weight_max() * self.config.in_flight_share)
        with self._executor.store.read() as txn:
            for _ in range(min(len(iteration.queued), self.config.looks_per_turn_max)):
                if self._in_flight.weight >= max(1, weight_max):
                    return
                move = iteration.queued.popleft()
                if self._is_busy(move):
                    iteration.queued.append(move)
                else:
                    self._begin(txn, move)

    def _is_busy(self, move: Move) -> bool:
        sending = self._in_flight.sending(move.source)
        getting = self._in_flight.getting(move.target)
        return max(sending, getting) >= self.config.node_moves_max

    def _begin(self, txn: ReadTxn, move: Move) -> None:
        """Where it may still be moved so: else it is dropped, and the next plan meets it again."""
        container_id = move.movable.container_id
        view, row = self._watch.view(txn), CONTAINERS.get(txn, id_key(container_id))
        taker = next((each for each in view.takers if each.node_id == move.target), None)
        if row is None or taker is None or taker.free_bytes < move.movable.size_bytes:
            return
        container, finding = self._watch.examined(txn, row, view)
        holders = self._replicas.of_container(container_id)
        movable = movable_of(container, finding, move.source, holders)
        if movable is None or not movable.may_lie_on(move.target, taker.rack):
            return
        now_ms = self._clock.monotonic_ms()
        operation = copy_of(
            container,
            move.source,
            DataNodeAddress(
                node_id=move.target,
                address=view.addresses[move.target],
                replica_index=movable.replica_index,
            ),
            is_low_priority=True,
            begun_ms=now_ms,
            deadline_ms=now_ms + self.config.move_ms_max,
        )
        # Deletions that wait for the source wait for the target, too: see `Repairs`.
        operation.is_held = True
        self._in_flight.begin(operation)
        self.moving.begin(move, now_ms=now_ms)
