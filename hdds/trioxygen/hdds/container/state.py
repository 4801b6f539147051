"""Container states and the moves between them."""

from enum import Enum, unique
from typing import Final

from trioxygen.proto.v1 import scm_pb2


@unique
class ContainerState(Enum):
    """Values are those of the protobuf enum."""

    OPEN = 1
    # Takes no new writes; streams that are under way may finish.
    CLOSING = 2
    CLOSED = 3
    QUASI_CLOSED = 4
    DELETING = 5
    # Something in it could not be written: it takes no more blocks, those that it has can be read.
    UNHEALTHY = 7


_ALLOWED: Final[dict[ContainerState, frozenset[ContainerState]]] = {
    ContainerState.OPEN: frozenset({ContainerState.CLOSING, ContainerState.UNHEALTHY}),
    ContainerState.CLOSING: frozenset(
        {ContainerState.CLOSED, ContainerState.QUASI_CLOSED, ContainerState.UNHEALTHY}
    ),
    ContainerState.QUASI_CLOSED: frozenset({ContainerState.CLOSED, ContainerState.UNHEALTHY}),
    ContainerState.CLOSED: frozenset({ContainerState.DELETING, ContainerState.UNHEALTHY}),
    ContainerState.DELETING: frozenset(),
    ContainerState.UNHEALTHY: frozenset({ContainerState.DELETING}),
}

TAKES_BLOCKS: Final = frozenset({ContainerState.OPEN, ContainerState.CLOSING})


def may_fail(state: ContainerState) -> bool:
    return ContainerState.UNHEALTHY in _ALLOWED[state]


def move(now: ContainerState, to: ContainerState) -> ContainerState:
    """`to`; an illegal move is a programming error."""
    assert to in _ALLOWED[now], f"illegal container move {now.name} -> {to.name}"
    return to


PROTO_OF: Final[dict[ContainerState, scm_pb2.ContainerState]] = {
    ContainerState.OPEN: scm_pb2.OPEN,
    ContainerState.CLOSING: scm_pb2.CLOSING,
    ContainerState.CLOSED: scm_pb2.CLOSED,
    ContainerState.QUASI_CLOSED: scm_pb2.QUASI_CLOSED,
    ContainerState.DELETING: scm_pb2.DELETING,
    ContainerState.UNHEALTHY: scm_pb2.UNHEALTHY,
}
