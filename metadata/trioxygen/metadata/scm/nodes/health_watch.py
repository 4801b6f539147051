"""Sees DataNodes fall silent and come back, and maintenances end: once each, on the leader."""

from collections.abc import Callable
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.nodes.states import Health, Operation, move_health
from trioxygen.metadata.scm.schema import NODES
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import MoveNodeOperation, NodeRow

log = logs.get(__name__)

_INTERVAL_MS: Final = 1_000.0

# Is told the node, and its health now.
HealthChanged = Callable[[str, Health], None]


class HealthWatch:
    """A Worker.

    Args:
        leads: whether this SCM does, and has begun its term.
        stood_still_ms: looks that are so far apart show that this process stood still.
    """

    name = "scm-node-health"
    interval_ms = _INTERVAL_MS

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        clock: Clock,
        *,
        leads: Callable[[], bool],
        stood_still_ms: float,
    ) -> None:
        self._executor, self._nodes, self._clock = executor, nodes, clock
        self._leads = leads
        self._stood_still_ms = stood_still_ms
        self._looked_ms = clock.monotonic_ms()
        # As it was at the last look. Of a new leader: everybody was there.
        self._health: dict[str, Health] = {}
        self._watchers: list[HealthChanged] = []

    def watch(self, watcher: HealthChanged) -> None:
        self._watchers.append(watcher)

    def begin(self) -> None:
        """A leader's term does."""
        self._health.clear()

    async def work(self) -> bool:
        self._count_stand_still()
        if not self._leads():
            return False
        with self._executor.store.read() as txn:
            rows = [row for _, row in NODES.scan(txn, prefix=b"")]
        for row in rows:
            self._look(row)
        for node_id in self._health.keys() - {row.node_id for row in rows}:
            del self._health[node_id]
        await self._end_maintenances(rows)
        return False

    def _count_stand_still(self) -> None:
        now_ms = self._clock.monotonic_ms()
        apart_ms, self._looked_ms = now_ms - self._looked_ms, now_ms
        if apart_ms >= self._stood_still_ms:
            log.warning("scm_stood_still", seconds=round(apart_ms / 1_000, 1))
            self._nodes.stood_still(apart_ms)

    def _look(self, row: NodeRow) -> None:
        node_id = row.node_id
        before = self._health.get(node_id, Health.HEALTHY)
        now = self._nodes.health_state(node_id)
        self._health[node_id] = now
        if now is before:
            return
        silent_seconds = round(self._nodes.silent_ms(node_id) / 1_000, 1)
        operation = Operation(row.operation).name
        match move_health(before, now):
            case Health.STALE:
                log.warning(
                    "datanode_stale", node=node_id, silent_s=silent_seconds, operation=operation
                )
            case Health.DEAD:
                log.error(
                    "datanode_dead", node=node_id, silent_s=silent_seconds, operation=operation
                )
            case Health.HEALTHY:
                log.info("datanode_back", node=node_id, before=before.name, operation=operation)
        for watcher in self._watchers:
            watcher(node_id, now)

    async def _end_maintenances(self, rows: list[NodeRow]) -> None:
        """Raises: what the executor raises."""
        until = [row for row in rows if row.maintenance_until_ms]
        if not until:
            return
        now_ms = self._executor.group_ms()
        for row in until:
            if row.maintenance_until_ms <= now_ms:
                log.info("maintenance_ended", node=row.node_id)
                await self._executor.execute(
                    MoveNodeOperation(
                        node_id=row.node_id, before=row.operation, to=scm_pb2.IN_SERVICE
                    )
                )
