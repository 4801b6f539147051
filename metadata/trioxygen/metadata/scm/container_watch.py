"""Asks the container checks about what a node has reported, for the answer to its heartbeat."""

from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.container_checks import ObservedContainer, orders
from trioxygen.metadata.scm.pipelines import at_home
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import ContainerRow, DataNodeCommand

# In one heartbeat.
_LOOKED_AT_MAX: Final = 2_000


class ContainerWatch:
    """The leader's. Args: close_delay_ms: see `ObservedContainer`."""

    def __init__(
        self, executor: Executor, replicas: Replicas, clock: Clock, *, close_delay_ms: float
    ) -> None:
        self._executor, self._replicas, self._clock = executor, replicas, clock
        self._close_delay_ms = close_delay_ms
        self._closing_since_ms: dict[int, float] = {}
        self._turns: dict[str, int] = {}

    def forget(self) -> None:
        """Since when containers are being closed, and whose turn it is."""
        self._closing_since_ms.clear()
        self._turns.clear()

    def commands(self, node_id: str) -> list[DataNodeCommand]:
        commands: list[DataNodeCommand] = []
        with self._executor.store.read() as txn:
            for container_id in self._next(node_id):
                row = CONTAINERS.get(txn, id_key(container_id))
                if row is None or row.state != scm_pb2.CLOSING:
                    self._closing_since_ms.pop(container_id, None)
                if row is None:
                    continue
                command = orders(self._observed(txn, row)).get(node_id)
                if command is not None:
                    commands.append(command)
        return commands

    def _next(self, node_id: str) -> list[int]:
        """They take turns where a node has very many: its heartbeat does not wait for all."""
        ids = list(self._replicas.of_node(node_id))
        if len(ids) <= _LOOKED_AT_MAX:
            return ids
        first = self._turns.get(node_id, 0) % len(ids)
        self._turns[node_id] = first + _LOOKED_AT_MAX
        return [*ids[first:], *ids[:first]][:_LOOKED_AT_MAX]

    def _observed(self, txn: ReadTxn, row: ContainerRow) -> ObservedContainer:
        now_ms, since_ms = self._clock.monotonic_ms(), self._closing_since_ms
        state = ContainerState(row.state)
        began_ms = now_ms
        if state is ContainerState.CLOSING:
            began_ms = since_ms.setdefault(row.container_id, now_ms)
        return ObservedContainer(
            container_id=row.container_id,
            state=state,
            replicas=at_home(txn, row, self._replicas.of_container(row.container_id)),
            closing_ms=now_ms - began_ms,
            close_delay_ms=self._close_delay_ms,
        )
