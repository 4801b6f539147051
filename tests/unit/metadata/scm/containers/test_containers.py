from itertools import product

from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.scm.containers.containers import moves_to
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.proto.v1 import scm_pb2 as scm

STATES = [state.proto for state in ContainerState]
FOLLOWED = {
    (scm.OPEN, scm.CLOSING),
    # The report of its closing was missed, or is the same.
    (scm.OPEN, scm.CLOSED),
    (scm.OPEN, scm.QUASI_CLOSED),
    (scm.CLOSING, scm.CLOSED),
    (scm.CLOSING, scm.QUASI_CLOSED),
    (scm.QUASI_CLOSED, scm.CLOSED),
    (scm.RECOVERING, scm.QUASI_CLOSED),
    (scm.RECOVERING, scm.CLOSED),
    *(
        (state, scm.UNHEALTHY)
        for state in (scm.OPEN, scm.CLOSING, scm.QUASI_CLOSED, scm.CLOSED, scm.RECOVERING)
    ),
}


def test_reports_move_a_container_forward_and_delete_nothing() -> None:
    assert {(now, to) for now, to in product(STATES, STATES) if moves_to(now, to)} == FOLLOWED


def test_tables_have_numbers_of_their_own() -> None:
    assert len({table.number for table in ALL_TABLES}) == len(ALL_TABLES)
    assert len({table.name for table in ALL_TABLES}) == len(ALL_TABLES)
