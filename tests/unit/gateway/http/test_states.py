"""Which state of a connection, a body and an answer may follow which."""

from collections import deque
from typing import Any

import pytest

from trioxygen.common.states import State, move
from trioxygen.gateway.http.states import (
    BODY_MOVES,
    BREAK_MOVES,
    PHASE_MOVES,
    RESPONSE_MOVES,
    BodyState,
    Break,
    Phase,
    ResponseState,
)

TABLES: list[tuple[Any, State, set[State]]] = [
    (PHASE_MOVES, Phase.OPEN, {Phase.CLOSED}),
    (BODY_MOVES, BodyState.UNASKED, {BodyState.SETTLED}),
    (RESPONSE_MOVES, ResponseState.AWAITED, {ResponseState.COMPLETE}),
]


@pytest.mark.parametrize(("moves", "first", "last"), TABLES)
def test_every_state_is_reached_and_leads_on_to_the_end(
    moves: dict[State, frozenset[State]], first: State, last: set[State]
) -> None:
    assert set(moves) == set(type(first))
    reached, waiting = {first}, deque([first])
    while waiting:
        for to in moves[waiting.popleft()] - reached:
            reached.add(to)
            waiting.append(to)
    assert reached == set(moves)
    assert {state for state, following in moves.items() if not following} == last


@pytest.mark.parametrize(("moves", "first", "last"), TABLES)
def test_nothing_comes_back(
    moves: dict[State, frozenset[State]], first: State, last: set[State]
) -> None:
    for state, following in moves.items():
        for to in following:
            with pytest.raises(AssertionError, match=f"{state.name}$"):
                move(moves, to, state)


def test_client_that_is_gone_stays_gone_whatever_its_body_did() -> None:
    assert BREAK_MOVES.keys() == set(Break)
    for reason, following in BREAK_MOVES.items():
        assert all(to.is_unreachable for to in following)
        assert bool(following) is not reason.is_unreachable
