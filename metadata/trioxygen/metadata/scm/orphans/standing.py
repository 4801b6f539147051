"""What a replica that the SCM has no use for is, and what is done about it. Pure."""

from dataclasses import dataclass
from enum import unique

from trioxygen.common.container_state import TAKES_BLOCKS, ContainerState
from trioxygen.common.states import State


@unique
class Why(State):
    """Why nobody knows it."""

    # Deleted, or never given: the state would know it.
    NO_CONTAINER = "its container was deleted, or never was"
    # It came through another pipeline: of a state that was put back.
    ANOTHER_CONTAINER = "another container has its id"


@unique
class Act(State):
    KEEP = "keep"
    CLOSE = "close"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanReplica:
    """Attributes:
    age_ms: since it was noticed.
    is_to_go: an operator wants it to.
    """

    why: Why
    state: ContainerState
    age_ms: int
    is_to_go: bool = False


def left_ms(orphan: OrphanReplica, keep_ms: int) -> int | None:
    """Until it goes. None: it does not by itself: nothing does where none is to, nor what may be of
    a state that comes back."""
    if orphan.is_to_go:
        return 0
    if not keep_ms or orphan.why is Why.ANOTHER_CONTAINER:
        return None
    return max(0, keep_ms - orphan.age_ms)


def act(orphan: OrphanReplica, keep_ms: int) -> Act:
    """One that takes blocks is closed before it can go."""
    if left_ms(orphan, keep_ms) != 0:
        return Act.KEEP
    return Act.CLOSE if orphan.state in TAKES_BLOCKS else Act.REMOVE
