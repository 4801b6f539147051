"""States of things, as enums, and the moves between them, as tables. A move that its table does not
allow is a defect, and asserted."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar


class State(Enum):
    # By identity: an enum's own hash is a call of Python, and each request moves a dozen times.
    __hash__ = object.__hash__


S = TypeVar("S", bound=State)
Moves = Mapping[S, frozenset[S]]


def move(moves: Moves[S], now: S, to: S) -> S:
    """`to`."""
    assert to in moves[now], f"{type(now).__name__}: {now.name} -> {to.name}"
    return to
