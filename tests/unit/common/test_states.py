from enum import auto
from itertools import product

import pytest

from trioxygen.common.states import Moves, State, move


class Door(State):
    OPEN = auto()
    SHUT = auto()
    WALLED_UP = auto()


MOVES: Moves[Door] = {
    Door.OPEN: frozenset((Door.SHUT,)),
    Door.SHUT: frozenset((Door.OPEN, Door.WALLED_UP)),
    Door.WALLED_UP: frozenset(),
}


def test_moves_are_those_of_the_table_and_no_others() -> None:
    for now, to in product(Door, Door):
        if to in MOVES[now]:
            assert move(MOVES, now, to) is to
        else:
            with pytest.raises(AssertionError, match=f"Door: {now.name} -> {to.name}"):
                move(MOVES, now, to)
