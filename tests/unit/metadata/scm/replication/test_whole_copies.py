"""Copies of whole containers that are wanted, or are too many."""

from tests.unit.metadata.scm.replication.observing import (
    CLOSED,
    QUASI_CLOSED,
    RECOVERING,
    TAKERS,
    UNHEALTHY,
    container,
    dead,
    leaving,
    pausing,
    replica,
    silent,
)
from trioxygen.common.replication import RATIS_ONE
from trioxygen.metadata.scm.replication.checks import examine, room_by_removal
from trioxygen.metadata.scm.replication.findings import Copies, Health, Removal
from trioxygen.metadata.scm.replication.observed import ObservedContainer, Pending
from trioxygen.proto.v1 import scm_pb2 as scm


def copies(observed: ObservedContainer) -> Copies:
    [repair] = examine(observed).repairs
    assert isinstance(repair, Copies)
    return repair


def removed(observed: ObservedContainer) -> list[str]:
    repairs = examine(observed).repairs
    assert all(isinstance(repair, Removal) and repair.force for repair in repairs)
    return [repair.node_id for repair in repairs if isinstance(repair, Removal)]


def health(observed: ObservedContainer) -> Health:
    return examine(observed).health


A, B, C = replica("dn1"), replica("dn2"), replica("dn3")


def test_three_copies_are_enough() -> None:
    assert health(container(CLOSED, A, B, C)) is Health.HEALTHY


def test_copy_of_a_dead_node_is_made_again_that_of_a_silent_one_is_not() -> None:
    observed = container(CLOSED, A, B, dead("dn3"))
    assert copies(observed) == Copies(sources=("dn1", "dn2"), count=1, remaining=1)
    assert health(container(CLOSED, A, B, silent("dn3"))) is Health.HEALTHY
    # It is not copied from where others answer.
    assert copies(container(CLOSED, A, silent("dn3"))).sources == ("dn1",)
    assert copies(container(CLOSED, silent("dn3"))).sources == ("dn3",)


def test_what_is_under_way_counts() -> None:
    pending = Pending(copies=(("dn4", 0),))
    assert health(container(CLOSED, A, B, pending=pending)) is Health.HEALTHY
    assert copies(container(CLOSED, A, pending=pending)).count == 1
    pending = Pending(removals=frozenset({"dn1"}))
    assert copies(container(CLOSED, A, B, C, pending=pending)).count == 1


def test_replica_that_is_behind_does_not_count_when_it_has_had_time_to_catch_up() -> None:
    replicas = replica("dn1", CLOSED, 9), replica("dn2", CLOSED, 9), replica("dn3", CLOSED, 8)
    soon = container(CLOSED, *replicas, commit_sequence=9, unsettled_ms=5, settle_ms=6)
    assert examine(soon).health is Health.UNDER_REPLICATED and examine(soon).repairs == ()
    observed = container(CLOSED, *replicas, commit_sequence=9, unsettled_ms=6, settle_ms=6)
    assert copies(observed).sources == ("dn1", "dn2")
    # It goes when there are enough without it.
    observed = container(CLOSED, *replicas, replica("dn4", CLOSED, 9), commit_sequence=9)
    assert removed(observed) == ["dn3"]


def test_container_is_missing_without_a_whole_replica_on_a_node_that_lives() -> None:
    for observed in (
        container(CLOSED),
        container(CLOSED, dead("dn1")),
        container(CLOSED, replica("dn1", UNHEALTHY)),
        container(CLOSED, replica("dn1", CLOSED, 8), commit_sequence=9),
        container(CLOSED, replica("dn1", RECOVERING)),
    ):
        finding = examine(observed)
        assert finding.health is Health.MISSING and finding.repairs == ()


def test_copies_too_many_go_from_the_fullest_nodes() -> None:
    full = replica("dn0", used_share=0.9)
    observed = container(CLOSED, full, A, B, C)
    assert examine(observed).health is Health.OVER_REPLICATED
    assert removed(observed) == ["dn0"]


def test_copy_does_not_go_while_others_are_in_doubt() -> None:
    for other in (
        silent("dn4"),
        dead("dn4"),
        replica("dn4", UNHEALTHY),
        replica("dn4", QUASI_CLOSED),
        leaving("dn4"),
        pausing("dn4"),
        replica("dn4", CLOSED, 0),
    ):
        own = [replica(f"dn{number}", CLOSED, 5) for number in (1, 2, 3)]
        output = removed(container(CLOSED, *own, other, commit_sequence=5))
        assert not set(output) & {"dn1", "dn2", "dn3"}
    pending = Pending(copies=(("dn5", 0),))
    assert removed(container(CLOSED, A, B, C, replica("dn4"), pending=pending)) == []
    pending = Pending(removals=frozenset({"dn4"}))
    assert removed(container(CLOSED, A, B, C, replica("dn4"), pending=pending)) == []


def test_what_leaves_is_copied_and_what_pauses_is_not_while_two_are_online() -> None:
    observed = container(CLOSED, A, B, leaving("dn3"))
    assert copies(observed) == Copies(sources=("dn1", "dn2", "dn3"), count=1, remaining=2)
    assert health(container(CLOSED, A, B, C, leaving("dn4"))) is Health.HEALTHY
    assert health(container(CLOSED, A, B, pausing("dn3"), online_min=2)) is Health.HEALTHY
    observed = container(CLOSED, A, pausing("dn2"), pausing("dn3"), online_min=2)
    assert copies(observed).count == 1
    gone = pausing("dn3", health=scm.DEAD)
    assert health(container(CLOSED, A, B, gone, online_min=2)) is Health.HEALTHY
    # A class of one has one online.
    observed = container(CLOSED, pausing("dn3"), online_min=2, replication=RATIS_ONE)
    assert copies(observed).count == 1


def test_fewer_are_enough_where_fewer_are_wanted() -> None:
    assert health(container(CLOSED, A, wanted=1)) is Health.HEALTHY


def test_all_on_a_rack_that_may_hold_two_has_a_third_elsewhere() -> None:
    own = [replica(f"dn{number}", rack="/a") for number in (1, 2, 3)]
    observed = container(CLOSED, *own, rack_max=2)
    assert examine(observed).health is Health.MIS_REPLICATED
    assert copies(observed).instead_of == "dn3"
    # Then the rack that has most loses one.
    observed = container(CLOSED, *own, replica("dn0", rack="/b"), rack_max=2)
    assert removed(observed) == ["dn3"]
    pending = Pending(copies=(("dn0", 0),))
    assert examine(container(CLOSED, *own, rack_max=2, pending=pending)).repairs == ()


def test_replica_too_many_is_not_moved_to_another_rack() -> None:
    own = [replica(f"dn{number}", rack="/a") for number in (1, 2, 3)]
    observed = container(CLOSED, *own, silent("dn4", rack="/b"), rack_max=2)
    assert examine(observed).repairs == ()


def test_none_is_too_many_where_it_is_not_known_how_many_there_are_to_be() -> None:
    own = [A, B, C, replica("dn4", UNHEALTHY)]
    observed = container(
        CLOSED, *own, replication=RATIS_ONE, rack_max=1, class_is_known=False, settle_ms=1
    )
    assert examine(observed).repairs == () and room_by_removal(observed, TAKERS) is None
    assert removed(container(CLOSED, *own, replication=RATIS_ONE, rack_max=1)) != []


def test_failed_replica_is_replaced_first_and_deleted_then() -> None:
    failed = replica("dn0", UNHEALTHY)
    assert copies(container(CLOSED, A, B, failed)).count == 1
    assert removed(container(CLOSED, A, B, C, failed)) == ["dn0"]
    assert removed(container(CLOSED, A, B, silent("dn3"), failed)) == []


def test_failed_replica_makes_room_where_no_other_node_can_take_one() -> None:
    failed = replica("dn0", UNHEALTHY)
    assert room_by_removal(container(CLOSED, A, B, failed), TAKERS) == Removal(node_id="dn0")
    assert room_by_removal(container(CLOSED, A, failed), TAKERS) is None
    assert room_by_removal(container(CLOSED, A, B, C), TAKERS) is None
    assert room_by_removal(container(CLOSED, A, failed, wanted=2), TAKERS) == Removal(node_id="dn0")


def test_what_may_have_more_than_the_container_is_kept() -> None:
    ahead = replica("dn0", UNHEALTHY, 10)
    own = [replica(f"dn{number}", CLOSED, 9) for number in (1, 2, 3)]
    assert examine(container(CLOSED, *own, ahead, commit_sequence=9)).repairs == ()
