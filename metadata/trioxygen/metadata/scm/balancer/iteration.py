"""One plan of moves, from a look at what the givers hold to the end of the last move. The leader's
memory."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from trioxygen.metadata.scm.balancer.plan import Movable, Move


@dataclass(slots=True)
class Look:
    """At the containers of givers, in pieces, and the plan that comes of it.

    Attributes:
    left: (node, container), as they come.
    steps: of the plan; None: not all has been looked at.
    moves: planned so far.
    """

    left: Iterator[tuple[str, int]]
    movables: dict[str, list[Movable]] = field(default_factory=dict)
    steps: Iterator[Move | None] | None = None
    moves: list[Move] = field(default_factory=list)

    def note(self, node_id: str, movable: Movable) -> None:
        self.movables.setdefault(node_id, []).append(movable)

    def count_of(self, node_id: str) -> int:
        return len(self.movables.get(node_id, ()))


@dataclass(slots=True)
class Iteration:
    """Attributes:
    queued: planned, and not begun.
    moved, moved_bytes, failed: of what has ended.
    """

    queued: deque[Move] = field(default_factory=deque)
    moved: int = 0
    moved_bytes: int = 0
    failed: int = 0
