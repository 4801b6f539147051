"""What DataNodes were told to do and have not reported yet: it counts as done until it is, or has
taken too long. The leader's memory, forgotten with its term."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import unique
from typing import Final

from trioxygen.common.states import State
from trioxygen.metadata.scm.replication.observed import NOTHING_PENDING, Pending
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand


@unique
class Kind(State):
    COPY = "copy"
    REBUILD = "rebuild"
    REMOVAL = "removal"


@dataclass(slots=True, kw_only=True)
class Operation:
    """Attributes:
    node_id: who is told, and does it.
    targets: nodes that are to get a replica, and of which index; of a removal none.
    weight: what it counts for of what a node may do at once.
    size_bytes: of the replica.
    is_held: it is not told yet: something has to be stored first.
    has_failed: its node has said so: it is told no more.
    sent_ms: when it was told last.
    """

    kind: Kind
    container_id: int
    node_id: str
    command: DataNodeCommand
    deadline_ms: float
    begun_ms: float = 0
    targets: dict[str, int] = field(default_factory=dict)
    weight: int = 1
    size_bytes: int = 0
    is_held: bool = False
    has_failed: bool = False
    sent_ms: float | None = None


_NO_OPERATIONS: Final[tuple[Operation, ...]] = ()


class InFlight:
    """Attributes: weight: of all copies, each of which counts for what it costs its node."""

    def __init__(self) -> None:
        self._of_container: dict[int, list[Operation]] = {}
        # Dicts for their order.
        self._of_node: defaultdict[str, dict[int, Operation]] = defaultdict(dict)
        self._sending: Counter[str] = Counter()
        self._getting: Counter[str] = Counter()
        self._removing: Counter[str] = Counter()
        self._targets_of: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.weight = 0

    def forget(self) -> None:
        for operation in [*self]:
            self._end(operation)

    def begin(self, operation: Operation) -> None:
        self._of_container.setdefault(operation.container_id, []).append(operation)
        self._of_node[operation.node_id][id(operation)] = operation
        self._count(operation, 1)
        for target in operation.targets:
            self._targets_of[target][operation.container_id] += 1

    def _count(self, operation: Operation, sign: int) -> None:
        if operation.kind is Kind.REMOVAL:
            self._removing[operation.node_id] += sign
            return
        self.weight += sign * operation.weight
        self._sending[operation.node_id] += sign * operation.weight
        for target in operation.targets:
            if target != operation.node_id:
                self._getting[target] += sign

    def _end(self, operation: Operation) -> None:
        self._count(operation, -1)
        of_container = self._of_container[operation.container_id]
        of_container.remove(operation)
        if not of_container:
            del self._of_container[operation.container_id]
        del self._of_node[operation.node_id][id(operation)]
        for target in [*operation.targets]:
            self._forget_target(operation, target)

    def _forget_target(self, operation: Operation, target: str) -> None:
        containers = self._targets_of[target]
        containers[operation.container_id] -= 1
        if containers[operation.container_id] <= 0:
            del containers[operation.container_id]

    def got(self, container_id: int, node_id: str) -> list[Operation]:
        """A node reports a replica that it was to get. Returns: what has come to its end."""
        ended: list[Operation] = []
        for operation in [*self._of_container.get(container_id, _NO_OPERATIONS)]:
            if node_id not in operation.targets:
                continue
            if len(operation.targets) == 1:
                self._end(operation)
                ended.append(operation)
                continue
            self._count(operation, -1)
            del operation.targets[node_id]
            self._forget_target(operation, node_id)
            self._count(operation, 1)
        return ended

    def gone(self, container_id: int, node_id: str) -> list[Operation]:
        """A node reports a replica no more."""
        ended = [
            operation
            for operation in self._of_container.get(container_id, _NO_OPERATIONS)
            if operation.kind is Kind.REMOVAL and operation.node_id == node_id
        ]
        for operation in ended:
            self._end(operation)
        return ended

    def failed(self, container_id: int, node_id: str, target: str) -> list[Operation]:
        """What the node has failed at, to be ended by its deadline. Args: target: of a copy; empty:
        it was to rebuild."""
        kind = Kind.COPY if target else Kind.REBUILD
        failed = [
            operation
            for operation in self._of_container.get(container_id, _NO_OPERATIONS)
            if operation.kind is kind
            and operation.node_id == node_id
            and (not target or target in operation.targets)
            and not operation.has_failed
        ]
        for operation in failed:
            operation.has_failed = True
        return failed

    def drop(self, *, now_ms: float, without: frozenset[str] = frozenset()) -> list[Operation]:
        """What has taken too long, and what nodes have to do with that are dead. Returns: it."""
        late = [
            operation
            for operation in self
            if operation.deadline_ms <= now_ms
            or operation.node_id in without
            or not without.isdisjoint(operation.targets)
        ]
        for operation in late:
            self._end(operation)
        return late

    def __iter__(self) -> Iterator[Operation]:
        for operations in self._of_container.values():
            yield from operations

    def __len__(self) -> int:
        return sum(map(len, self._of_container.values()))

    def of_container(self, container_id: int) -> Sequence[Operation]:
        return self._of_container.get(container_id, _NO_OPERATIONS)

    def pending(self, container_id: int) -> Pending:
        operations = self._of_container.get(container_id)
        if not operations:
            return NOTHING_PENDING
        return Pending(
            copies=tuple(each for op in operations for each in op.targets.items()),
            removals=frozenset(op.node_id for op in operations if op.kind is Kind.REMOVAL),
        )

    def targets_of(self, container_id: int) -> set[str]:
        operations = self._of_container.get(container_id, _NO_OPERATIONS)
        return {target for operation in operations for target in operation.targets}

    def expected_at(self, node_id: str) -> frozenset[int]:
        """Containers that it is to get a replica of."""
        containers = self._targets_of.get(node_id)
        return frozenset(containers) if containers else _NO_CONTAINERS

    def due(self, node_id: str, *, now_ms: float, resend_after_ms: float) -> list[DataNodeCommand]:
        """What the node is told now. It counts as told."""
        commands: list[DataNodeCommand] = []
        for operation in self._of_node.get(node_id, {}).values():
            sent_ms = operation.sent_ms
            is_soon = sent_ms is not None and now_ms - sent_ms < resend_after_ms
            if not (operation.is_held or operation.has_failed or is_soon):
                operation.sent_ms = now_ms
                command = DataNodeCommand()
                command.CopyFrom(operation.command)
                command.valid_ms = max(1, int(operation.deadline_ms - now_ms))
                commands.append(command)
        return commands

    def sending(self, node_id: str) -> int:
        return self._sending[node_id]

    def getting(self, node_id: str) -> int:
        return self._getting[node_id]

    def removing(self, node_id: str) -> int:
        return self._removing[node_id]


_NO_CONTAINERS: Final[frozenset[int]] = frozenset()
