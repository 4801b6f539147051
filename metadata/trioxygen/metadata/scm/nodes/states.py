"""The states of a DataNode: its health, which the age of its last heartbeat says, and beside it the
operation, which operators choose. Pure."""

from enum import unique
from typing import Final

from trioxygen.common.states import Moves, State
from trioxygen.common.states import move as _move
from trioxygen.proto.v1 import scm_pb2


@unique
class Health(State):
    """Values are those of the protobuf enum."""

    HEALTHY = 1
    # Silent for so long that nothing new is placed there; it may come back at once.
    STALE = 2
    # What it holds counts as lost, until it comes back.
    DEAD = 3

    @property
    def proto(self) -> scm_pb2.NodeHealth:
        return _HEALTH_PROTO[self]


_HEALTH_PROTO: Final = {
    Health.HEALTHY: scm_pb2.HEALTHY,
    Health.STALE: scm_pb2.STALE,
    Health.DEAD: scm_pb2.DEAD,
}
HEALTH_MOVES: Final[Moves[Health]] = {
    Health.HEALTHY: frozenset({Health.STALE, Health.DEAD}),
    Health.STALE: frozenset({Health.HEALTHY, Health.DEAD}),
    # Silent again, when it had been heard only between two looks.
    Health.DEAD: frozenset({Health.HEALTHY, Health.STALE}),
}


def health_of(silent_ms: float, *, stale_after_ms: float, dead_after_ms: float) -> Health:
    """Args: silent_ms: since its last heartbeat."""
    if silent_ms >= dead_after_ms:
        return Health.DEAD
    return Health.STALE if silent_ms >= stale_after_ms else Health.HEALTHY


def move_health(now: Health, to: Health) -> Health:
    return _move(HEALTH_MOVES, now, to)


@unique
class Operation(State):
    """Values are those of the protobuf enum."""

    IN_SERVICE = 0
    # Takes no new data; its replicas are being copied elsewhere.
    DECOMMISSIONING = 1
    # Nothing hangs on it any more.
    DECOMMISSIONED = 2
    # It may be switched off: its replicas count as there, and others suffice meanwhile.
    IN_MAINTENANCE = 3
    ENTERING_MAINTENANCE = 4

    @property
    def proto(self) -> scm_pb2.NodeOperation:
        return _OPERATION_PROTO[self]

    @property
    def takes_data(self) -> bool:
        """New pipelines and new replicas are placed on it."""
        return self is Operation.IN_SERVICE

    @property
    def is_maintenance(self) -> bool:
        return self in (Operation.ENTERING_MAINTENANCE, Operation.IN_MAINTENANCE)


_OPERATION_PROTO: Final = {
    Operation.IN_SERVICE: scm_pb2.IN_SERVICE,
    Operation.DECOMMISSIONING: scm_pb2.DECOMMISSIONING,
    Operation.DECOMMISSIONED: scm_pb2.DECOMMISSIONED,
    Operation.IN_MAINTENANCE: scm_pb2.IN_MAINTENANCE,
    Operation.ENTERING_MAINTENANCE: scm_pb2.ENTERING_MAINTENANCE,
}
OPERATION_MOVES: Final[Moves[Operation]] = {
    Operation.IN_SERVICE: frozenset({Operation.DECOMMISSIONING, Operation.ENTERING_MAINTENANCE}),
    Operation.DECOMMISSIONING: frozenset({Operation.DECOMMISSIONED, Operation.IN_SERVICE}),
    Operation.DECOMMISSIONED: frozenset({Operation.IN_SERVICE}),
    Operation.ENTERING_MAINTENANCE: frozenset({Operation.IN_MAINTENANCE, Operation.IN_SERVICE}),
    Operation.IN_MAINTENANCE: frozenset({Operation.IN_SERVICE}),
}
# What operators ask for, and what then is as they want it: there is nothing to move.
ASKED: Final = {
    Operation.IN_SERVICE: frozenset({Operation.IN_SERVICE}),
    Operation.DECOMMISSIONING: frozenset({Operation.DECOMMISSIONING, Operation.DECOMMISSIONED}),
    Operation.ENTERING_MAINTENANCE: frozenset(
        {Operation.ENTERING_MAINTENANCE, Operation.IN_MAINTENANCE}
    ),
}


def move_operation(now: Operation, to: Operation) -> Operation:
    return _move(OPERATION_MOVES, now, to)
