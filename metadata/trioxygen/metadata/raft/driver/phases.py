"""The life of a replica's driver."""

import enum
from typing import Final

from trioxygen.common.states import Moves, State


class Phase(State):
    """NEW: not started.
    RUNNING: takes what the core wants done.
    INSTALLING: a snapshot is replacing state and log; the core is heard, its instructions wait.
    ENDED: stopped or failed: nothing is sent, written or applied any more.
    """

    NEW = enum.auto()
    RUNNING = enum.auto()
    INSTALLING = enum.auto()
    ENDED = enum.auto()


MOVES: Final[Moves[Phase]] = {
    Phase.NEW: frozenset((Phase.RUNNING,)),
    Phase.RUNNING: frozenset((Phase.INSTALLING, Phase.ENDED)),
    Phase.INSTALLING: frozenset((Phase.RUNNING, Phase.ENDED)),
    Phase.ENDED: frozenset(),
}
