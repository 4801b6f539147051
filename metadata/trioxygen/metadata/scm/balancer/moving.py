"""Moves that have been begun: a copy goes to the target; then there is a replica too many, and the
one that the copy is made instead of goes as any other would. The leader's memory: a new one finds
the replica too many by itself, and moves what is still to be moved by a plan of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import unique

from trioxygen.common.container_state import ContainerState
from trioxygen.common.states import State
from trioxygen.metadata.scm.balancer.plan import Move
from trioxygen.proto.v1.scm_pb2 import ContainerReport


@unique
class MoveStep(State):
    """Where a move is."""

    COPYING = "copying"
    # It is at its target, and has still to go where it was.
    REMOVING = "removing"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class Moving:
    """A move, since when."""

    move: Move
    begun_ms: float
    step: MoveStep = MoveStep.COPYING


def step_of(
    move: Move, reports: Mapping[str, ContainerReport], *, is_asked: bool, is_late: bool
) -> MoveStep:
    """By what nodes report of the container.

    Args:
        is_asked: somebody is told to do something about it: to copy it, or to remove a replica.
        is_late: it has taken longer than it may."""
    at_target = reports.get(move.target)
    is_copied = at_target is not None and at_target.state == ContainerState.CLOSED.proto
    if is_copied and move.source not in reports:
        return MoveStep.DONE
    if is_late or (not is_copied and not is_asked):
        return MoveStep.FAILED
    return MoveStep.REMOVING if is_copied else MoveStep.COPYING


class MovesUnderWay:
    """By container."""

    def __init__(self) -> None:
        self._moving: dict[int, Moving] = {}

    def forget(self) -> None:
        self._moving.clear()

    def begin(self, move: Move, *, now_ms: float) -> None:
        self._moving[move.movable.container_id] = Moving(move=move, begun_ms=now_ms)

    def end(self, container_id: int) -> None:
        del self._moving[container_id]

    def source_of(self, container_id: int) -> str:
        """The node whose replica goes when there is one too many; empty: none before others."""
        moving = self._moving.get(container_id)
        return "" if moving is None else moving.move.source

    def __iter__(self) -> Iterator[Moving]:
        return iter([*self._moving.values()])

    def __len__(self) -> int:
        return len(self._moving)

    def __contains__(self, container_id: object) -> bool:
        return container_id in self._moving
