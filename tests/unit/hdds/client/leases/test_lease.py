"""One lease: which moves its state allows, and what is taken from it."""

import pytest

from trioxygen.hdds.client.leases.lease import Lease, LeaseState
from trioxygen.proto.v1.types_pb2 import Pipeline


def lease(count: int = 4) -> Lease:
    return Lease(
        lease_id=1,
        container=1,
        pipeline=Pipeline(pipeline_id=1),
        next_local=10,
        end_local=10 + count,
        renewed_ms=0.0,
        duration_ms=1_000.0,
    )


def test_block_that_was_not_written_is_taken_again() -> None:
    of_four = lease()
    first, second = of_four.take(), of_four.take()
    of_four.take_back(first.local)
    assert [of_four.take().local for _ in range(3)] == [first.local, 12, 13]
    assert second.local == 11 and not of_four.is_usable(0.0)


def test_block_of_a_retired_lease_that_was_not_written_does_not_keep_it() -> None:
    """Else it would be renewed until the gateway's end, for a block that nobody takes."""
    retired = lease()
    taken = retired.take()
    retired.retire()
    retired.take_back(taken.local)
    assert retired.is_done() and not retired.is_usable(0.0)


def test_lease_is_done_when_nothing_is_left_and_nothing_under_way() -> None:
    of_one = lease(1)
    assert not of_one.is_done()
    taken = of_one.take()
    assert not of_one.is_done()
    taken.lease.settle()
    assert of_one.is_done()


def test_lease_is_not_used_to_its_very_end() -> None:
    assert lease().is_usable(799.0) and not lease().is_usable(800.0)


@pytest.mark.parametrize("ended", [Lease.lose, Lease.release])
def test_lease_that_has_ended_stays_ended(ended: object) -> None:
    over = lease()
    assert callable(ended)
    ended(over)
    state = over.state
    over.retire()
    assert over.state is state and not over.is_usable(0.0)
    with pytest.raises(AssertionError, match="LeaseState"):
        over.lose()


def test_moves_that_are_allowed_are_made() -> None:
    states = []
    moved = lease()
    for move in (Lease.retire, Lease.retire, Lease.lose):
        move(moved)
        states.append(moved.state)
    assert states == [LeaseState.RETIRED, LeaseState.RETIRED, LeaseState.LOST]
