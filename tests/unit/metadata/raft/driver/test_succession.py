"""Who may lead next, by what the leader knows of each."""

import pytest

from trioxygen.metadata.raft.core.progress import ProgressState
from trioxygen.metadata.raft.core.status import PeerStatus, Status
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId, Role
from trioxygen.metadata.raft.driver.succession import may_take_over

TARGET = ReplicaId(2)


def status(state: ProgressState, *, active: bool) -> Status:
    return Status(
        term=1,
        role=Role.LEADER,
        leader=ReplicaId(1),
        last_index=9,
        durable_index=9,
        commit=9,
        applied=9,
        quiescent=False,
        uncommitted_bytes=0,
        transfer_to=None,
        configuration=Configuration(voters=(ReplicaId(1), TARGET)),
        peers={TARGET: PeerStatus(state, 7, 8, active, 0, 0)},
    )


@pytest.mark.parametrize("state", list(ProgressState))
@pytest.mark.parametrize("active", [True, False])
def test_who_is_heard_of_and_gets_entries_as_they_come_may_take_over(
    state: ProgressState, active: bool
) -> None:
    expected = active and state is ProgressState.REPLICATE
    assert may_take_over(status(state, active=active), TARGET) is expected


def test_who_is_no_member_may_not() -> None:
    assert not may_take_over(status(ProgressState.REPLICATE, active=True), ReplicaId(3))
