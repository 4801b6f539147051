"""The states of a pipeline and the moves between them."""

from enum import unique
from typing import Final

from trioxygen.common.states import Moves, State
from trioxygen.common.states import move as _move
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import PipelineRow


@unique
class PipelineState(State):
    """Values are those of the protobuf enum."""

    # Its members are told to join its ring; nobody writes yet.
    ALLOCATED = 1
    OPEN = 2
    # It takes no new blocks, its containers are being closed.
    CLOSING = 3
    # Its members are told to leave its ring.
    CLOSED = 4

    @property
    def proto(self) -> scm_pb2.PipelineState:
        return _PROTO_OF[self]


MOVES: Final[Moves[PipelineState]] = {
    # One that nobody has written through has nothing to be closed.
    PipelineState.ALLOCATED: frozenset({PipelineState.OPEN, PipelineState.CLOSED}),
    PipelineState.OPEN: frozenset({PipelineState.CLOSING}),
    PipelineState.CLOSING: frozenset({PipelineState.CLOSED}),
    PipelineState.CLOSED: frozenset(),
}
_PROTO_OF: Final = {
    PipelineState.ALLOCATED: scm_pb2.PIPELINE_ALLOCATED,
    PipelineState.OPEN: scm_pb2.PIPELINE_OPEN,
    PipelineState.CLOSING: scm_pb2.PIPELINE_CLOSING,
    PipelineState.CLOSED: scm_pb2.PIPELINE_CLOSED,
}
# Its members are in its ring, or on their way into it.
WRITING: Final = frozenset({PipelineState.ALLOCATED, PipelineState.OPEN})


def state_of(row: PipelineRow) -> PipelineState:
    """Rows of before there were states, and of containers that were adopted, say only whether they
    are open: members of one that is not have not been told to leave."""
    if row.state != scm_pb2.PIPELINE_STATE_UNSPECIFIED:
        return PipelineState(row.state)
    return PipelineState.OPEN if row.open else PipelineState.CLOSING


def may_move(row: PipelineRow, to: PipelineState) -> bool:
    return to in MOVES[state_of(row)]


def move(row: PipelineRow, to: PipelineState) -> None:
    row.state = _move(MOVES, state_of(row), to).proto
    row.open = to is PipelineState.OPEN
