"""Container states and the moves between them."""

from typing import Final

from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import ContainerState

_ALLOWED: Final[dict[ContainerState, set[ContainerState]]] = {
    scm_pb2.OPEN: {scm_pb2.CLOSING, scm_pb2.CLOSED, scm_pb2.UNHEALTHY},
    scm_pb2.CLOSING: {scm_pb2.CLOSED, scm_pb2.QUASI_CLOSED, scm_pb2.UNHEALTHY},
    scm_pb2.QUASI_CLOSED: {scm_pb2.CLOSED, scm_pb2.UNHEALTHY},
    scm_pb2.CLOSED: {scm_pb2.DELETING, scm_pb2.UNHEALTHY},
    scm_pb2.UNHEALTHY: {scm_pb2.DELETING},
    scm_pb2.DELETING: {scm_pb2.DELETED},
}


def may_move(now: ContainerState, to: ContainerState) -> bool:
    return to in _ALLOWED.get(now, set())


def move(now: ContainerState, to: ContainerState) -> ContainerState:
    """`to`; an illegal move is a programming error."""
    assert may_move(now, to), f"illegal container move {now} -> {to}"
    return to
