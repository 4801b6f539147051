import pytest

from trioxygen.metadata.scm.nodes.states import (
    ASKED,
    OPERATION_MOVES,
    Health,
    Operation,
    health_of,
    move_health,
    move_operation,
)
from trioxygen.proto.v1 import scm_pb2


def test_states_are_those_of_the_protocol() -> None:
    assert {state.name: state.value for state in Operation} == dict(scm_pb2.NodeOperation.items())
    healths = dict(scm_pb2.NodeHealth.items())
    del healths["NODE_HEALTH_UNSPECIFIED"]
    assert {state.name: state.value for state in Health} == healths
    assert all(state.proto == state.value for state in (*Operation, *Health))


@pytest.mark.parametrize(
    ("silent_ms", "health"),
    [
        (0, Health.HEALTHY),
        (29_999, Health.HEALTHY),
        (30_000, Health.STALE),
        (299_999, Health.STALE),
        (300_000, Health.DEAD),
    ],
)
def test_health_is_the_length_of_a_silence(silent_ms: float, health: Health) -> None:
    assert health_of(silent_ms, stale_after_ms=30_000, dead_after_ms=300_000) is health


def test_every_health_may_be_what_the_next_look_finds() -> None:
    for now in Health:
        for to in set(Health) - {now}:
            assert move_health(now, to) is to


def test_every_operation_leads_back_into_service() -> None:
    assert OPERATION_MOVES.keys() == set(Operation)
    for state in set(Operation) - {Operation.IN_SERVICE}:
        assert move_operation(state, Operation.IN_SERVICE) is Operation.IN_SERVICE


def test_ends_are_reached_through_their_work_alone() -> None:
    for end, way in (
        (Operation.DECOMMISSIONED, Operation.DECOMMISSIONING),
        (Operation.IN_MAINTENANCE, Operation.ENTERING_MAINTENANCE),
    ):
        assert {before for before, after in OPERATION_MOVES.items() if end in after} == {way}
        assert end not in ASKED and end in ASKED[way]


def test_node_that_is_to_leave_takes_no_new_data() -> None:
    assert [state for state in Operation if state.takes_data] == [Operation.IN_SERVICE]
