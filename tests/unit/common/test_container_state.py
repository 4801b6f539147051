from itertools import product

import pytest

from trioxygen.common.container_state import ContainerState, may_follow, may_move, move
from trioxygen.common.errors import IllegalContainerMove
from trioxygen.proto.v1 import scm_pb2

S = ContainerState
LEGAL = {
    (S.OPEN, S.CLOSING),
    (S.CLOSING, S.CLOSED),
    (S.CLOSING, S.QUASI_CLOSED),
    (S.QUASI_CLOSED, S.CLOSED),
    (S.QUASI_CLOSED, S.DELETING),
    (S.CLOSED, S.DELETING),
    (S.UNHEALTHY, S.DELETING),
    (S.DELETING, S.DELETED),
    (S.RECOVERING, S.CLOSED),
    (S.RECOVERING, S.QUASI_CLOSED),
    (S.RECOVERING, S.DELETING),
    *((state, S.UNHEALTHY) for state in (S.OPEN, S.CLOSING, S.QUASI_CLOSED, S.CLOSED)),
    (S.RECOVERING, S.UNHEALTHY),
}


@pytest.mark.parametrize(("now", "to"), list(product(S, S)), ids=lambda state: state.name)
def test_containers_move_as_the_table_says_and_not_otherwise(
    now: ContainerState, to: ContainerState
) -> None:
    assert may_move(now, to) is ((now, to) in LEGAL)
    if (now, to) in LEGAL:
        assert move(now, to) is to
    else:
        with pytest.raises(IllegalContainerMove) as refused:
            move(now, to)
        assert refused.value.facts == {"now": now.name, "to": to.name}


def test_what_follows_is_what_moves_lead_to() -> None:
    assert {to for to in S if may_follow(S.OPEN, to)} == set(S) - {S.OPEN, S.RECOVERING}
    assert {to for to in S if may_follow(S.CLOSED, to)} == {S.DELETING, S.DELETED, S.UNHEALTHY}
    assert not any(may_follow(S.DELETED, to) for to in S)
    # Nothing ever comes back.
    assert not any(may_follow(state, state) for state in S)


def test_states_are_those_of_the_wire() -> None:
    wire = dict(scm_pb2.ContainerState.items())
    del wire["CONTAINER_STATE_UNSPECIFIED"]
    assert {state.name: state.proto for state in S} == wire
    assert all(ContainerState(state.proto) is state for state in S)
