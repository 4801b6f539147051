"""How what a replica wants written goes to the log: on, or held up by a full disk."""

import enum
from typing import Final

from trioxygen.common.states import Moves, State


class Flow(State):
    """FLOWING: what is to be written is given to the log at once.
    FULL: the log's disk was full; all that comes waits until what was refused is written.
    ENDED: stopped, or the log is dead: nothing is written any more, and nobody called.
    """

    FLOWING = enum.auto()
    FULL = enum.auto()
    ENDED = enum.auto()


MOVES: Final[Moves[Flow]] = {
    Flow.FLOWING: frozenset((Flow.FULL, Flow.ENDED)),
    Flow.FULL: frozenset((Flow.FLOWING, Flow.ENDED)),
    Flow.ENDED: frozenset(),
}
