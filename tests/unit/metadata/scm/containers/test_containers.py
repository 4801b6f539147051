from itertools import product

from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.scm.containers.containers import moves_to, row_of_unknown
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


def test_container_whose_row_was_lost_is_taken_for_one_of_three_where_that_may_be() -> None:
    """With one replica wanted nothing was copied when nodes died, until the last of three had."""
    whole = scm.ContainerReport(container_id=7, state=scm.CLOSED, pipeline_id=3)
    part = scm.ContainerReport(container_id=7, state=scm.CLOSED, pipeline_id=3, replica_index=2)
    for usual in (RATIS_THREE, Replication.parse("EC/3-2")):
        assert row_of_unknown(whole, usual).replication == RATIS_THREE.proto
        assert not row_of_unknown(part, usual).HasField("replication")
    assert not row_of_unknown(whole, RATIS_ONE).HasField("replication")


def test_tables_have_numbers_of_their_own() -> None:
    assert len({table.number for table in ALL_TABLES}) == len(ALL_TABLES)
    assert len({table.name for table in ALL_TABLES}) == len(ALL_TABLES)
