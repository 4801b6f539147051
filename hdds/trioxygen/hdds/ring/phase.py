"""How a volume takes part in a ring. Only forward: the same ring is never joined again."""

from typing import Final

from trioxygen.common.states import Moves, State, move
from trioxygen.proto.v1 import datanode_pb2
from trioxygen.proto.v1.datanode_pb2 import RingRow


class RingPhase(State):
    """Values are those of the protobuf enum.

    MEMBER: it votes, and keeps the log.
    LEAVING: it takes part no more; what its part of the log still holds is being applied.
    LEFT: for good. What it had promised in the ring is forgotten with its log, so it must not vote
        there again.
    """

    MEMBER = 0
    LEAVING = 1
    LEFT = 2


_MOVES: Final[Moves[RingPhase]] = {
    RingPhase.MEMBER: frozenset((RingPhase.LEAVING,)),
    RingPhase.LEAVING: frozenset((RingPhase.LEFT,)),
    RingPhase.LEFT: frozenset(),
}
_PROTO: Final = {
    RingPhase.MEMBER: datanode_pb2.RING_MEMBER,
    RingPhase.LEAVING: datanode_pb2.RING_LEAVING,
    RingPhase.LEFT: datanode_pb2.RING_LEFT,
}


def phase_of(row: RingRow) -> RingPhase:
    return RingPhase(row.phase)


def moved(row: RingRow, to: RingPhase) -> RingRow:
    """The row of a ring in its next phase."""
    after = RingRow()
    after.CopyFrom(row)
    after.phase = _PROTO[move(_MOVES, phase_of(row), to)]
    return after
