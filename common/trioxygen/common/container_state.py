"""The states of a container and the moves between them: of its replicas on DataNodes, and of the
SCM's row about all of them."""

from enum import unique
from typing import Final

from trioxygen.common.errors import IllegalContainerMove
from trioxygen.common.states import Moves, State
from trioxygen.proto.v1 import scm_pb2


@unique
class ContainerState(State):
    """Values are those of the protobuf enum."""

    OPEN = 1
    # Takes no new writes; streams that are under way may finish.
    CLOSING = 2
    CLOSED = 3
    # Closed by one replica without the others, whose ring has gone: they may differ.
    QUASI_CLOSED = 4
    DELETING = 5
    DELETED = 6
    # Something in it could not be written: it takes no more blocks, those that it has can be read.
    UNHEALTHY = 7
    # A replica that is being made from others: nothing is read from it yet.
    RECOVERING = 8

    @property
    def proto(self) -> scm_pb2.ContainerState:
        return _PROTO_OF[self]


_ALLOWED: Final[Moves[ContainerState]] = {
    ContainerState.OPEN: frozenset({ContainerState.CLOSING, ContainerState.UNHEALTHY}),
    ContainerState.CLOSING: frozenset(
        {ContainerState.CLOSED, ContainerState.QUASI_CLOSED, ContainerState.UNHEALTHY}
    ),
    ContainerState.QUASI_CLOSED: frozenset(
        {ContainerState.CLOSED, ContainerState.UNHEALTHY, ContainerState.DELETING}
    ),
    ContainerState.CLOSED: frozenset({ContainerState.DELETING, ContainerState.UNHEALTHY}),
    ContainerState.UNHEALTHY: frozenset({ContainerState.DELETING}),
    # What it becomes is what it was made from.
    ContainerState.RECOVERING: frozenset(
        {
            ContainerState.CLOSED,
            ContainerState.QUASI_CLOSED,
            ContainerState.UNHEALTHY,
            ContainerState.DELETING,
        }
    ),
    ContainerState.DELETING: frozenset({ContainerState.DELETED}),
    ContainerState.DELETED: frozenset(),
}

_PROTO_OF: Final[dict[ContainerState, scm_pb2.ContainerState]] = {
    ContainerState.OPEN: scm_pb2.OPEN,
    ContainerState.CLOSING: scm_pb2.CLOSING,
    ContainerState.CLOSED: scm_pb2.CLOSED,
    ContainerState.QUASI_CLOSED: scm_pb2.QUASI_CLOSED,
    ContainerState.DELETING: scm_pb2.DELETING,
    ContainerState.DELETED: scm_pb2.DELETED,
    ContainerState.UNHEALTHY: scm_pb2.UNHEALTHY,
    ContainerState.RECOVERING: scm_pb2.RECOVERING,
}

# What the log may still bring blocks for; new ones are taken by OPEN alone.
TAKES_BLOCKS: Final = frozenset({ContainerState.OPEN, ContainerState.CLOSING})


def may_move(now: ContainerState, to: ContainerState) -> bool:
    return to in _ALLOWED[now]


def move(now: ContainerState, to: ContainerState) -> ContainerState:
    """`to`. Raises: IllegalContainerMove."""
    if not may_move(now, to):
        raise IllegalContainerMove(now=now.name, to=to.name)
    return to


def may_follow(now: ContainerState, to: ContainerState) -> bool:
    """Whether moves lead from one to the other. Who hears of a container now and then only may have
    missed the states between."""
    reached: set[ContainerState] = set()
    more = _ALLOWED[now]
    while more:
        reached |= more
        more = frozenset[ContainerState]().union(*(_ALLOWED[state] for state in more)) - reached
    return to in reached
