"""Has containers repaired: looks at those that changed and, now and then, at all; what lacks
something waits in a queue until the nodes that it takes are free. The leader's background work."""

from collections.abc import Callable, Sequence
from itertools import islice
from random import Random
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.containers.outstanding import OutstandingDeletions
from trioxygen.metadata.scm.rate import RecentRate
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.replication.in_flight import InFlight, Kind
from trioxygen.metadata.scm.replication.nodes_view import NodesView
from trioxygen.metadata.scm.replication.plan import Planning, Waits
from trioxygen.metadata.scm.replication.queue import RepairQueue
from trioxygen.metadata.scm.replication.watch import ContainerWatch
from trioxygen.metadata.scm.schema import CONTAINERS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    ContainerReport,
    DataNodeCommand,
    FailedRepair,
    MoveContainers,
)

log = logs.get(__name__)

_IDLE_INTERVAL_MS: Final = 1_000.0
_MOVES_AT_ONCE_MAX: Final = 1_000
# Containers whose failures are remembered: of those that failed last.
_FAILED_MAX: Final = 10_000
# A replica that is one: what it was made from it has.
_MADE: Final = frozenset({scm_pb2.CLOSED, scm_pb2.QUASI_CLOSED, scm_pb2.UNHEALTHY})


class Repairs:
    """A Worker.

    Args:
        leads: whether this SCM does, and has begun its term.
        may_replicate: reports have shown what there is.
    """

    name = "scm-replication"

    def __init__(
        self,
        executor: Executor,
        replicas: Replicas,
        watch: ContainerWatch,
        queue: RepairQueue,
        in_flight: InFlight,
        deletions: OutstandingDeletions,
        clock: Clock,
        rng: Random,
        config: ReplicationConfig,
        *,
        leads: Callable[[], bool],
        may_replicate: Callable[[], bool],
    ) -> None:
        self._executor, self._replicas, self._watch = executor, replicas, watch
        self._queue, self._in_flight, self._deletions = queue, in_flight, deletions
        self._clock, self._rng, self._config = clock, rng, config
        self._leads, self._may_replicate = leads, may_replicate
        self.interval_ms = _IDLE_INTERVAL_MS
        self.made = RecentRate()
        # By container: how often what was planned has come to nothing, in a row.
        self._failures: dict[int, int] = {}
        self.forget()

    def forget(self) -> None:
        """A leader's term begins."""
        self._began_ms = self._pass_began_ms = self._clock.monotonic_ms()
        # Where the look at all containers is; None: it is through.
        self._after: bytes | None = b""
        self._has_waited = False
        # Of this look: containers, and the time that it took of this process.
        self._looked_at, self._looking_ms = 0, 0.0
        # When all were last looked at, counted from the term's begin; 0: not yet.
        self.looked_at_all_ms = 0
        self._failures.clear()
        self._queue.forget()
        self._in_flight.forget()
        self._watch.forget()

    def is_waiting(self) -> bool:
        """Nothing is repaired yet: it is not known well enough what there is. Once in a term all
        nodes have told, or are dead: what a silent one has is else taken for lost, if nobody has
        told this SCM of it."""
        is_soon = self._clock.monotonic_ms() - self._began_ms < self._config.grace_ms
        if self._has_waited or is_soon or not self._may_replicate():
            return not self._has_waited
        with self._executor.store.read() as txn:
            view = self._watch.view(txn)
        self._has_waited = all(
            node.is_dead or self._watch.has_reported(node.node_id) for node in view.nodes.values()
        )
        return not self._has_waited

    def queued(self) -> int:
        return len(self._queue)

    def weight_max(self) -> int:
        """Of all that is in flight, by the nodes there are."""
        takes_max = self._watch.takers_count() * self._config.copies_per_node_max
        return max(1, int(takes_max * self._config.in_flight_share))

    # ---- with heartbeats ----

    def reported(self, node_id: str, changed: Sequence[int]) -> None:
        """Args: changed: containers whose replica at the node counts for something else now."""
        of_node = self._replicas.of_node(node_id)
        for container_id in changed:
            report = of_node.get(container_id)
            if report is None:
                self._in_flight.gone(container_id, node_id)
            elif report.state in _MADE:
                for operation in self._in_flight.got(container_id, node_id):
                    self._failures.pop(container_id, None)
                    self.made.add(self._clock.monotonic_ms(), operation.size_bytes)
        if not self._has_waited:
            # All are looked at when it is over; what has to be closed does not wait for that.
            changed = [each for each in changed if not _is_closed(of_node.get(each))]
        self._watch.noticed_now(changed)

    def failed(self, node_id: str, failures: Sequence[FailedRepair]) -> None:
        """What comes to nothing is not waited for until its deadline. It is planned anew a moment
        later: by then nodes have said what room they have, if that was it."""
        for failure in failures:
            container_id = failure.container_id
            failed = self._in_flight.failed(container_id, node_id, failure.target_node_id)
            for operation in failed:
                wait_ms = self._config.wait_ms(self._note_failure(container_id))
                now_ms = self._clock.monotonic_ms()
                operation.deadline_ms = min(operation.deadline_ms, now_ms + wait_ms)
                log.warning(
                    "repair_failed",
                    kind=operation.kind.value,
                    container=container_id,
                    node=node_id,
                    targets=",".join(operation.targets),
                    reason=failure.reason,
                    again_after_ms=int(wait_ms),
                )

    def _note_failure(self, container_id: int) -> int:
        """How many there are of it now, in a row."""
        times = self._failures.pop(container_id, 0) + 1
        self._failures[container_id] = times
        if len(self._failures) > _FAILED_MAX:
            del self._failures[next(iter(self._failures))]
        return times

    def commands(self, node_id: str) -> list[DataNodeCommand]:
        return self._in_flight.due(
            node_id,
            now_ms=self._clock.monotonic_ms(),
            resend_after_ms=self._config.resend_after_ms,
        )

    # ---- in turns ----

    async def work(self) -> bool:
        self.interval_ms = _IDLE_INTERVAL_MS
        if not self._leads():
            return False
        is_current = self._deletions.catch_up()
        # Replicas that had more to delete than others are alike now, or lack what those have.
        self._watch.noticed(self._deletions.take_done())
        await self._deletions.settle()
        if not is_current:
            self.interval_ms = self._config.turn_interval_ms
            return False
        if self.is_waiting():
            # All are looked at when it is over.
            self._watch.take_due(self._config.queue_max)
            return False
        self._look()
        self._plan()
        begun = await self._begin()
        await self._move_rows()
        if self._watch.has_due or self._after is not None or begun:
            self.interval_ms = self._config.turn_interval_ms
        return False

    def _look(self) -> None:
        """At what is due, and at some of all: one does not wait for the other."""
        now_ms, looks_max = self._clock.monotonic_ms(), self._config.looks_per_turn_max
        with self._executor.store.read() as txn:
            view = self._watch.view(txn)
            dead = frozenset(node.node_id for node in view.nodes.values() if node.is_dead)
            for operation in self._in_flight.drop(now_ms=now_ms, without=dead):
                # Of one that failed its node's reason has been said.
                if not operation.has_failed:
                    log.warning(
                        "repair_given_up",
                        kind=operation.kind.value,
                        container=operation.container_id,
                        node=operation.node_id,
                        targets=",".join(operation.targets),
                    )
                self._watch.noticed([operation.container_id])
            self._watch.look(txn, self._watch.take_due(looks_max))
            self._look_at_all(txn, view, now_ms)
            self._watch.missing.tell(txn)

    def _look_at_all(self, txn: ReadTxn, view: NodesView, now_ms: float) -> None:
        if self._after is None:
            if now_ms - self._pass_began_ms < self._config.check_interval_ms:
                return
            self._after = b""
        if not self._after:
            self._pass_began_ms, self._looked_at, self._looking_ms = now_ms, 0, 0.0
        began_ms = self._clock.monotonic_ms()
        looks_max = self._config.looks_per_turn_max
        rows = [*islice(CONTAINERS.scan(txn, prefix=b"", after=self._after or None), looks_max)]
        for _, row in rows:
            self._watch.look_at(txn, row, view)
        self._after = rows[-1][0] if len(rows) == looks_max else None
        self._looked_at += len(rows)
        self._looking_ms += self._clock.monotonic_ms() - began_ms
        if self._after is None:
            self.looked_at_all_ms = int(now_ms - self._began_ms)
            log.info(
                "containers_looked_at",
                count=self._looked_at,
                seconds=round((now_ms - self._pass_began_ms) / 1_000, 1),
                busy_s=round(self._looking_ms / 1_000, 2),
            )

    def _plan(self) -> None:
        """As much as the nodes can take now. What is planned is counted at once, and told later."""
        busy: list[tuple[int, int]] = []
        with self._executor.store.read() as txn:
            view = self._watch.view(txn)
            planning = Planning(
                config=self._config,
                view=view,
                in_flight=self._in_flight,
                rng=self._rng,
                now_ms=self._clock.monotonic_ms(),
                failures=self._failures,
            )
            weight_max = self.weight_max()
            for container_id in self._queue.take(self._config.looks_per_turn_max):
                row = CONTAINERS.get(txn, id_key(container_id))
                if row is None:
                    continue
                container, finding = self._watch.examined(txn, row, view)
                if not finding.repairs:
                    continue
                if self._in_flight.weight >= weight_max:
                    busy.append((container_id, finding.remaining))
                    break
                plan = planning.of(container, finding)
                self._watch.note_place(container_id, has_place=plan.waits is not Waits.FOR_A_NODE)
                for operation in plan.operations:
                    operation.is_held = True
                    self._in_flight.begin(operation)
                if plan.waits is Waits.FOR_A_TURN:
                    busy.append((container_id, finding.remaining))
        for container_id, remaining in busy:
            self._queue.put(container_id, remaining)

    async def _begin(self) -> int:
        """Deletions that wait for others wait for the new replicas, too: what is sent may still
        have the blocks. See `Deletions.commands`.

        Returns: how many were begun. Raises: what the executor raises; the others are begun with
        the next turn."""
        held = [operation for operation in self._in_flight if operation.is_held]
        for operation in held:
            if operation.kind is not Kind.REMOVAL:
                await self._deletions.await_also(operation.container_id, operation.targets)
            operation.is_held = False
        if held:
            log.info("repairs_begun", count=len(held), in_flight=len(self._in_flight))
        return len(held)

    async def _move_rows(self) -> None:
        by_state: dict[ContainerState, list[int]] = {}
        for container_id, to in self._watch.take_moves(_MOVES_AT_ONCE_MAX).items():
            by_state.setdefault(to, []).append(container_id)
        for to, container_ids in by_state.items():
            await self._executor.execute(MoveContainers(container_ids=container_ids, to=to.proto))
            self._watch.noticed(container_ids)


def _is_closed(replica: ContainerReport | None) -> bool:
    return replica is not None and replica.state == scm_pb2.CLOSED
