import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metadata.raft.core.members import group_of, replica
from trioxygen.metadata.raft.core.errors import ChangeInvalid
from trioxygen.metadata.raft.core.membership import Membership, decode, encode, enter, leave
from trioxygen.metadata.raft.core.types import Configuration, Entry, EntryKind, ReplicaId

IDS = st.frozensets(st.integers(1, 2**64 - 1).map(replica), max_size=5)


@given(IDS.filter(bool), IDS, IDS, st.booleans())
def test_configuration_survives_encoding(
    voters: frozenset[ReplicaId],
    outgoing: frozenset[ReplicaId],
    learners: frozenset[ReplicaId],
    auto: bool,
) -> None:
    configuration = Configuration(
        tuple(sorted(voters)),
        tuple(sorted(outgoing)),
        tuple(sorted(learners - voters)),
        auto and bool(outgoing),
    )
    assert decode(encode(configuration)) == configuration


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x02" + bytes(7), b"\x01\0\x01\0\0\0\0\0"])
def test_configuration_of_another_format_or_length_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="a configuration of"):
        decode(payload)


@pytest.mark.parametrize(
    ("counts", "auto_leave", "ids"),
    [
        ((1, 0, 0), False, [0]),
        ((2, 0, 0), False, [2, 1]),
        ((2, 0, 0), False, [1, 1]),
        ((1, 0, 1), False, [1, 1]),
        ((1, 0, 0), True, [1]),
    ],
)
def test_configuration_of_members_that_no_group_has_is_refused(
    counts: tuple[int, int, int], auto_leave: bool, ids: list[int]
) -> None:
    payload = struct.pack(f"<BBHHH{len(ids)}Q", 1, auto_leave, *counts, *ids)
    with pytest.raises(ValueError, match="members that no group has"):
        decode(payload)


def test_change_of_voters_goes_through_the_joint_configuration() -> None:
    joint = enter(group_of(3), voters=[replica(3), replica(4)], learners=[replica(1)])
    assert (joint.voters, joint.outgoing, joint.learners) == ((3, 4), (1, 2, 3), (1,))
    assert joint.has_vote(replica(1)) and joint.auto_leave
    assert leave(joint) == Configuration(joint.voters, learners=joint.learners)


def test_change_of_learners_alone_is_one_step() -> None:
    changed = enter(group_of(3), voters=group_of(3).voters, learners=[replica(9)])
    assert changed == Configuration(group_of(3).voters, learners=(replica(9),))


def test_change_to_a_voter_that_is_a_learner_too_is_refused() -> None:
    with pytest.raises(ChangeInvalid):
        enter(group_of(3), voters=[replica(1)], learners=[replica(1)])


def test_configuration_falls_back_when_its_entry_is_replaced() -> None:
    membership = Membership(0, group_of(3), ())
    joint = enter(group_of(3), voters=group_of(5).voters, learners=[])
    membership.note(Entry(4, 1, encode(joint), EntryKind.CONFIGURATION))
    assert membership.current == joint and membership.index == 4
    assert not membership.truncate(5)
    assert membership.truncate(4) and membership.current == group_of(3)


def test_removed_voter_may_campaign_until_its_removal_is_committed() -> None:
    membership = Membership(0, group_of(3), ())
    smaller = Configuration(voters=group_of(2).voters)
    membership.note(Entry(4, 1, encode(smaller), EntryKind.CONFIGURATION))
    assert membership.may_campaign(replica(3), 3)
    assert not membership.may_campaign(replica(3), 4)
    assert not membership.may_campaign(replica(7), 3)
