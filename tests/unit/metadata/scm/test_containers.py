from itertools import product

import pytest

from trioxygen.metadata.scm.containers import may_move, move
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.proto.v1 import scm_pb2 as scm

STATES = (scm.OPEN, scm.CLOSING, scm.CLOSED, scm.QUASI_CLOSED, scm.DELETING, scm.DELETED)
LEGAL = {
    (scm.OPEN, scm.CLOSING),
    (scm.OPEN, scm.CLOSED),
    (scm.CLOSING, scm.CLOSED),
    (scm.CLOSING, scm.QUASI_CLOSED),
    (scm.QUASI_CLOSED, scm.CLOSED),
    (scm.CLOSED, scm.DELETING),
    (scm.DELETING, scm.DELETED),
}


def test_containers_move_as_the_table_says_and_not_otherwise() -> None:
    assert {pair for pair in product(STATES, STATES) if may_move(*pair)} == LEGAL
    for now, to in product(STATES, STATES):
        if (now, to) in LEGAL:
            assert move(now, to) == to
        else:
            with pytest.raises(AssertionError):
                move(now, to)


def test_container_never_comes_back() -> None:
    reached = {scm.CLOSED}
    while more := {to for now, to in LEGAL if now in reached} - reached:
        reached |= more
    assert reached == {scm.CLOSED, scm.DELETING, scm.DELETED}


def test_tables_have_numbers_of_their_own() -> None:
    assert len({table.number for table in ALL_TABLES}) == len(ALL_TABLES)
    assert len({table.name for table in ALL_TABLES}) == len(ALL_TABLES)
