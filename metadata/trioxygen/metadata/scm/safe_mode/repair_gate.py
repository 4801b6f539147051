"""Whether replicas may be copied and removed: not before reports have shown what there is. Safe
mode's further rules, looked at by the leader until they have passed once in its term."""

from collections.abc import Callable
from itertools import islice
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.container_state import ContainerState
from trioxygen.common.pace import Pace
from trioxygen.common.replication import Replication
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.nodes.states import Health, Operation
from trioxygen.metadata.scm.pipelines.pipelines import at_home, writing
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.safe_mode.rules import (
    RuleState,
    SafeModeLimits,
    Share,
    containers_rule,
    datanodes_rule,
    pipelines_rule,
)
from trioxygen.metadata.scm.safe_mode.safe_mode import SafeModeWatch, silence_left_ms
from trioxygen.metadata.scm.schema import CONTAINERS, NODES, id_key
from trioxygen.proto.v1.scm_pb2 import NodeRow

log = logs.get(__name__)

_INTERVAL_MS: Final = 1_000.0
_SAID_AGAIN_MS: Final = 60_000.0
# Between two of them others have their turn.
_CONTAINERS_AT_ONCE_MAX: Final = 1_000
_CLOSED: Final = frozenset({ContainerState.CLOSED, ContainerState.QUASI_CLOSED})


class ReadableContainers:
    """Counts, in small pieces, which closed containers can be read by what is reported."""

    def __init__(self, executor: Executor, replicas: Replicas) -> None:
        self._executor, self._replicas = executor, replicas
        self._after: bytes | None = None
        # That lack replicas, as far as has been looked, with how many they need.
        self._waiting: dict[int, int] = {}
        self._left_in_round = self._known = 0
        self.is_counted = False

    @property
    def share(self) -> Share:
        return Share(self._known - len(self._waiting), self._known)

    def look(self) -> bool:
        """At the next ones; True: there are more in this round."""
        return self._look_again() if self.is_counted else self._count()

    def _count(self) -> bool:
        with self._executor.store.read() as txn:
            scan = CONTAINERS.scan(txn, prefix=b"", after=self._after)
            page = list(islice(scan, _CONTAINERS_AT_ONCE_MAX))
        for key, row in page:
            self._after = key
            if ContainerState(row.state) in _CLOSED and row.block_count:
                self._known += 1
                self._waiting[row.container_id] = Replication.of_proto(row.replication).data
        self.is_counted = len(page) < _CONTAINERS_AT_ONCE_MAX
        self._left_in_round = len(self._waiting)
        return True

    def _look_again(self) -> bool:
        if not self._left_in_round:
            self._left_in_round = len(self._waiting)
            return False
        looked_at = list(islice(self._waiting.items(), _CONTAINERS_AT_ONCE_MAX))
        self._left_in_round = max(0, self._left_in_round - len(looked_at))
        with self._executor.store.read() as txn:
            for container_id, needed in looked_at:
                # Behind all others, if it still waits: each has its turn.
                del self._waiting[container_id]
                row = CONTAINERS.get(txn, id_key(container_id))
                if row is None:
                    self._known -= 1
                    continue
                reports = at_home(txn, row, self._replicas.of_container(container_id))
                indexes = {report.replica_index for report in reports.values()}
                if len(indexes) < needed:
                    self._waiting[container_id] = needed
        return True


class RepairGate:
    """A Worker.

    Args:
        leads: whether this SCM does, and has begun its term.
        silent_after_ms: nodes that have not been heard for so long are waited for no more.
    """

    name = "scm-safe-mode"
    interval_ms = _INTERVAL_MS

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        ids: SafeModeWatch,
        clock: Clock,
        pace: Pace,
        *,
        leads: Callable[[], bool],
        limits: SafeModeLimits,
        silent_after_ms: float,
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._ids, self._clock, self._pace, self._leads = ids, clock, pace, leads
        self._limits, self._silent_after_ms = limits, silent_after_ms
        self.begin()

    def begin(self) -> None:
        """A leader's term does."""
        self._began_ms = self._said_ms = self._clock.monotonic_ms()
        self._containers = ReadableContainers(self._executor, self._replicas)
        self._is_open = self.is_forced = False

    def may_replicate(self) -> bool:
        """Also remove replicas. It stays so until the term's end."""
        return self._is_open

    def force(self) -> None:
        """An operator knows better."""
        log.warning("safe_mode_forced", **{rule.name: rule.waits_for for rule in self._waited()})
        self._ids.force()
        self._is_open = self.is_forced = True

    def _waited(self) -> list[RuleState]:
        return [rule for rule in self.rules() if not rule.passed]

    async def work(self) -> bool:
        if not self._leads() or self._is_open:
            return False
        async with self._pace.piece():
            has_more = self._containers.look()
        if has_more:
            return True
        waited, now_ms = self._waited(), self._clock.monotonic_ms()
        if waited and now_ms - self._said_ms >= _SAID_AGAIN_MS:
            self._said_ms = now_ms
            log.info("safe_mode_waits", **{rule.name: rule.waits_for for rule in waited})
        return False

    def rules(self) -> list[RuleState]:
        """As they are now. When all have passed, the gate is open."""
        rules = self._looked_at()
        if not self._is_open and all(rule.passed for rule in rules):
            self._is_open = True
            after_ms = self._clock.monotonic_ms() - self._began_ms
            log.info("safe_mode_left", after_s=round(after_ms / 1_000, 1))
        return rules

    def _looked_at(self) -> list[RuleState]:
        limits = self._limits
        with self._executor.store.read() as txn:
            rows = [row for _, row in NODES.scan(txn, prefix=b"")]
            led = [bool(self._nodes.leader_of(row)) for row in writing(txn)]
        expected = [row.node_id for row in rows if self._is_expected(row)]
        missing = [each for each in expected if not self._nodes.fully_reported(each)]
        # Who is in maintenance is not waited for, and has replicas all the same.
        unheard = [row.node_id for row in rows if self._may_have_more(row.node_id)]
        left_ms = silence_left_ms(self._nodes, missing, self._silent_after_ms)
        return [
            self._ids.rule(),
            datanodes_rule(
                Share(len(expected) - len(missing), len(expected)),
                percent=limits.datanodes,
                unheard=missing,
                are_silent=not left_ms,
                silence_left_ms=left_ms,
            ),
            containers_rule(
                self._containers.share,
                percent=limits.containers,
                unheard=unheard,
                is_counted=self._containers.is_counted,
            ),
            pipelines_rule(Share(sum(led), len(led)), percent=limits.pipelines),
        ]

    def _may_have_more(self, node_id: str) -> bool:
        """Than it has told. What a dead one has counts as lost, as in a term that goes on."""
        is_dead = self._nodes.health_state(node_id) is Health.DEAD
        return not (is_dead or self._nodes.fully_reported(node_id))

    def _is_expected(self, row: NodeRow) -> bool:
        """Others may be switched off."""
        in_use = (Operation.IN_SERVICE, Operation.DECOMMISSIONING, Operation.ENTERING_MAINTENANCE)
        return Operation(row.operation) in in_use or self._nodes.knows(row.node_id)
