"""Replications: what is offered, their texts, and how many DataNodes they need."""

import pytest

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.proto.v1 import types_pb2


@pytest.mark.parametrize(
    ("text", "members", "normal"),
    [
        ("RATIS/THREE", 3, "RATIS/THREE"),
        ("ratis/3", 3, "RATIS/THREE"),
        ("RATIS/ONE", 1, "RATIS/ONE"),
        ("EC/3-2", 5, "EC/rs-3-2-1024k"),
        ("rs-6-3-1024k", 9, "EC/rs-6-3-1024k"),
        ("EC/10-4", 14, "EC/rs-10-4-256k"),
        ("EC/rs-10-4-512k", 14, "EC/rs-10-4-512k"),
    ],
)
def test_replication_is_read_from_its_text_and_travels(
    text: str, members: int, normal: str
) -> None:
    replication = Replication.parse(text)
    assert replication.members == members
    assert replication.text == normal
    assert Replication.of_proto(replication.proto) == replication


@pytest.mark.parametrize("text", ["", "RATIS/TWO", "EC/4-2", "EC/3-2-7k", "EC/3-2-9999k", "THREE"])
def test_replication_that_is_not_offered_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is none of RATIS/THREE"):
        Replication.parse(text)


def test_replication_that_is_not_set_is_the_one_of_before_there_was_a_choice() -> None:
    assert Replication.of_proto(types_pb2.Replication()) == RATIS_ONE


def test_stored_replication_that_is_not_offered_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        Replication.of_proto(types_pb2.Replication(type=types_pb2.RATIS, data=1, parity=1))
    with pytest.raises(InvalidRequest):
        Replication.of_proto(types_pb2.Replication(type=types_pb2.EC, data=3, parity=2))


def test_fewer_members_are_allowed_but_no_bytes_without_a_place() -> None:
    assert RATIS_THREE.members_min(0) == 3
    assert RATIS_THREE.members_min(1) == 2
    assert RATIS_THREE.members_min(9) == 1
    assert (RATIS_THREE.holders_min(3), RATIS_THREE.holders_min(1)) == (2, 1)
    # A block of one cell, where there is parity and where there is none.
    assert Replication.parse("EC/6-3").holders_min(9) == 2
    assert Replication.parse("EC/6-3").holders_min(6) == 1
    coded = Replication.parse("EC/3-2")
    assert [coded.keeps_spare(missing) for missing in (0, 1, 2, 9)] == [True, True, False, False]
    assert Replication.parse("EC/3-2").members_min(9) == 3
