"""How a container is said to be, and when it is closed, resolved and deleted: from what is observed
alone."""

from dataclasses import replace

from tests.unit.metadata.scm.replication.observing import (
    CLOSED,
    CLOSING,
    DELETED,
    DELETING,
    OPEN,
    QUASI_CLOSED,
    RECOVERING,
    UNHEALTHY,
    container,
    dead,
    replica,
    silent,
)
from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.scm.replication.checks import CHECKS, closes_of, examine
from trioxygen.metadata.scm.replication.findings import Close, Finding, Health, Removal
from trioxygen.metadata.scm.replication.observed import (
    ObservedContainer,
    ObservedNode,
    Pending,
)
from trioxygen.proto.v1 import scm_pb2 as scm


def closed_at(state: ContainerState, *states: ContainerState, closing_ms: float = 60) -> set[str]:
    replicas = [replica(f"dn{number}", each) for number, each in enumerate(states, start=1)]
    observed = container(state, *replicas, closing_ms=closing_ms, close_delay_ms=60)
    return {close.node_id for close in closes_of(observed)}


def members(*healths: scm.NodeHealth) -> tuple[ObservedNode, ...]:
    return tuple(
        ObservedNode(node_id=f"dn{number}", health=health)
        for number, health in enumerate(healths, start=1)
    )


def test_open_container_is_left_alone_whatever_its_replicas_are() -> None:
    assert closed_at(OPEN, OPEN, CLOSED, UNHEALTHY) == set()
    observed = container(OPEN, replica("dn1", OPEN))
    assert examine(observed) == Finding(health=Health.OPEN)


def test_container_is_closed_when_its_writers_have_had_time() -> None:
    assert closed_at(CLOSING, OPEN, OPEN, closing_ms=59) == set()
    assert closed_at(CLOSING, OPEN, OPEN, closing_ms=60) == {"dn1", "dn2"}
    assert closed_at(CLOSING) == set()


def test_all_that_are_not_closed_are_asked_while_one_takes_blocks() -> None:
    assert closed_at(CLOSED, CLOSED, CLOSING, OPEN, closing_ms=0) == {"dn2", "dn3"}
    # One of them failed: it may be the one that leads the ring.
    assert closed_at(UNHEALTHY, UNHEALTHY, OPEN, CLOSED) == {"dn1", "dn2"}
    assert closed_at(CLOSED, CLOSED, RECOVERING, OPEN) == {"dn3"}


def test_replica_that_still_takes_blocks_is_closed_where_the_others_are_enough() -> None:
    closed = [replica(f"dn{number}") for number in (1, 2, 3)]
    observed = container(CLOSED, *closed, replica("dn4", OPEN))
    assert examine(observed) == Finding(health=Health.HEALTHY, closes=(Close("dn4"),))


def test_nobody_is_asked_for_what_is_done() -> None:
    for state in (CLOSING, CLOSED, UNHEALTHY):
        assert closed_at(state, CLOSED, UNHEALTHY, RECOVERING) == set()


def test_dead_nodes_are_not_asked_and_do_not_hold_up_the_others() -> None:
    observed = container(CLOSED, dead("dn1", OPEN), replica("dn2"), replica("dn3"))
    finding = examine(observed)
    assert finding.closes == () and finding.health is Health.UNDER_REPLICATED


def test_ring_without_a_majority_is_closed_by_force() -> None:
    replicas = replica("dn1", OPEN), dead("dn2", OPEN), dead("dn3", OPEN)
    lost = members(scm.HEALTHY, scm.DEAD, scm.DEAD)
    observed = container(CLOSING, *replicas, members=lost)
    assert examine(observed).closes == (Close("dn1", force=True),)
    kept = members(scm.HEALTHY, scm.STALE, scm.DEAD)
    observed = container(CLOSING, *replicas, members=kept)
    assert examine(observed).closes == (Close("dn1", force=False),)


def test_quasi_closed_replicas_with_most_blocks_are_closed_when_all_are_known() -> None:
    replicas = (
        replica("dn1", QUASI_CLOSED, 7),
        replica("dn2", QUASI_CLOSED, 9),
        replica("dn3", QUASI_CLOSED, 9),
    )
    unknown = container(QUASI_CLOSED, *replicas, members_known=False)
    assert examine(unknown) == Finding(health=Health.QUASI_CLOSED)
    still_open = container(QUASI_CLOSED, *replicas[:2], replica("dn3", OPEN))
    assert examine(still_open).closes == (Close("dn3"),)
    unheard = container(
        QUASI_CLOSED,
        *replicas[:2],
        members=members(scm.HEALTHY, scm.HEALTHY, scm.HEALTHY),
        settle_ms=5,
    )
    assert examine(unheard).closes == ()
    assert examine(replace(unheard, closing_ms=5)).closes == (Close("dn2", force=True),)
    closes = examine(container(QUASI_CLOSED, *replicas)).closes
    assert closes == (Close("dn2", force=True), Close("dn3", force=True))


def test_quasi_closed_container_of_dead_nodes_alone_is_missing() -> None:
    observed = container(QUASI_CLOSED, dead("dn1", QUASI_CLOSED))
    assert examine(observed) == Finding(health=Health.MISSING)


def test_quasi_closed_replica_of_a_closed_container_is_closed_unless_it_is_behind() -> None:
    observed = container(
        CLOSED,
        replica("dn1", CLOSED, 9),
        replica("dn2", QUASI_CLOSED, 9),
        replica("dn3", QUASI_CLOSED, 8),
        commit_sequence=9,
    )
    assert examine(observed).closes == (Close("dn2", force=True),)


def test_empty_container_goes_when_nothing_waits_for_it() -> None:
    empty = [replica(f"dn{number}", block_count=0) for number in (1, 2, 3)]
    assert examine(container(CLOSED, *empty)).moves_to is DELETING
    for stays in (
        container(CLOSED, *empty[:2], replica("dn3", block_count=1)),
        container(CLOSED, *empty, dead("dn4", block_count=1)),
        container(CLOSED, *empty[:2]),
        container(CLOSED, *empty, age_ms=5, empty_delay_ms=6),
        container(CLOSED, *empty, deletions_wait=True),
        container(CLOSED, *empty, commit_sequence=3),
        container(CLOSED, *empty, pending=Pending(copies=(("dn4", 0),))),
        container(CLOSED, *empty, replica("dn4", RECOVERING, block_count=0)),
        container(CLOSED, replication=RATIS_ONE),
    ):
        assert examine(stays).moves_to is None


def test_container_that_was_never_written_goes_when_all_its_members_say_so() -> None:
    living = members(scm.HEALTHY, scm.STALE)
    gone = container(CLOSING, members=living, block_count=0)
    assert examine(gone).moves_to is DELETED
    for stays in (
        container(CLOSING, members=living, block_count=1),
        container(CLOSING, members=living, block_count=0, members_known=False),
        container(CLOSING, members=members(scm.HEALTHY, scm.DEAD, scm.DEAD), block_count=0),
        container(CLOSING, replica("dn1"), members=living, block_count=0),
        container(CLOSING, members=living, block_count=0, age_ms=5, empty_delay_ms=6),
        container(CLOSING, members=living, block_count=0, closing_ms=1, close_delay_ms=2),
    ):
        assert examine(stays).moves_to is None


def test_dead_minority_keeps_no_container_that_nobody_else_knows() -> None:
    """What is acknowledged one of any majority has, or one of two that have parts."""
    coded = Replication.parse("EC/3-2")
    one, two = [scm.DEAD], [scm.DEAD] * 2
    for replication, dead_ones, health in (
        (RATIS_THREE, one, Health.EMPTY),
        (RATIS_THREE, two, Health.MISSING),
        (coded, one, Health.EMPTY),
        (coded, two, Health.MISSING),
    ):
        living = [scm.HEALTHY] * (replication.members - len(dead_ones))
        observed = container(
            CLOSING,
            members=members(*living, *dead_ones),
            block_count=0,
            replication=replication,
        )
        assert examine(observed).health is health


def test_replicas_of_a_container_that_goes_are_deleted_and_then_its_row() -> None:
    observed = container(DELETING, replica("dn1"), silent("dn2"), dead("dn3"))
    finding = examine(observed)
    assert finding.moves_to is None
    assert finding.repairs == (
        Removal(node_id="dn1", force=False),
        Removal(node_id="dn2", force=False),
    )
    assert examine(container(DELETING, dead("dn3"))).moves_to is DELETED
    assert examine(container(DELETING)).moves_to is DELETED


def test_container_that_no_replica_could_be_written_in_is_unhealthy_and_kept() -> None:
    failed = [replica(f"dn{number}", UNHEALTHY) for number in (1, 2, 3)]
    assert examine(container(UNHEALTHY, *failed)) == Finding(health=Health.UNHEALTHY)


def test_closing_container_of_dead_nodes_alone_is_missing() -> None:
    observed = container(CLOSING, dead("dn1", OPEN), dead("dn2", OPEN))
    assert examine(observed) == Finding(health=Health.MISSING)


def test_first_check_with_an_answer_is_the_last_that_is_asked() -> None:
    def says_nothing(observed: ObservedContainer) -> Finding | None:
        asked.append("nothing")
        return None

    def says_it(observed: ObservedContainer) -> Finding | None:
        asked.append("it")
        return Finding(health=Health.EMPTY)

    asked: list[str] = []
    observed = container(OPEN, replica("dn1", OPEN))
    assert examine(observed, (says_nothing, says_it, *CHECKS)).health is Health.EMPTY
    assert asked == ["nothing", "it"]
    assert examine(observed, (says_nothing,)).health is Health.HEALTHY
