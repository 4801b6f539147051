"""Indexes of erasure-coded containers that are wanted, or are there twice."""

from tests.unit.metadata.scm.replication.observing import (
    CLOSED,
    QUASI_CLOSED,
    TAKERS,
    UNHEALTHY,
    container,
    dead,
    leaving,
    pausing,
    replica,
    silent,
)
from trioxygen.common.replication import Replication
from trioxygen.metadata.scm.replication.checks import examine, room_by_removal
from trioxygen.metadata.scm.replication.findings import (
    Close,
    Copies,
    Health,
    Rebuild,
    Removal,
)
from trioxygen.metadata.scm.replication.observed import (
    ObservedContainer,
    ObservedReplica,
    Pending,
)

EC = Replication.parse("EC/3-2")


def observed(*replicas: ObservedReplica, **changed: object) -> ObservedContainer:
    return container(CLOSED, *replicas, replication=EC, **changed)


def whole(*indexes: int) -> list[ObservedReplica]:
    return [replica(f"dn{index}", replica_index=index) for index in indexes]


def test_all_indexes_are_enough_whatever_their_sequences_are() -> None:
    replicas = [replica(f"dn{i}", CLOSED, 10 * i, replica_index=i) for i in range(1, 6)]
    assert examine(observed(*replicas, commit_sequence=50)).health is Health.HEALTHY


def test_indexes_of_dead_nodes_are_made_of_the_others() -> None:
    finding = examine(observed(*whole(1, 3, 4), dead("dn2", replica_index=2)))
    assert finding.health is Health.UNDER_REPLICATED
    sources = {1: "dn1", 3: "dn3", 4: "dn4"}
    assert finding.repairs == (Rebuild(indexes=(2, 5), sources=sources, remaining=0),)
    pending = Pending(copies=(("dn9", 2), ("dn8", 5)))
    assert examine(observed(*whole(1, 3, 4), pending=pending)).repairs == ()


def test_fewer_than_the_data_is_missing() -> None:
    finding = examine(observed(*whole(1, 3), dead("dn2", replica_index=2)))
    assert finding.health is Health.MISSING and finding.repairs == ()
    # The same index twice is one.
    finding = examine(observed(*whole(1, 3), replica("dn9", replica_index=1)))
    assert finding.health is Health.MISSING


def test_index_of_a_node_that_leaves_is_copied_not_made() -> None:
    finding = examine(observed(*whole(1, 2, 3, 4), leaving("dn5", replica_index=5)))
    copies = Copies(sources=("dn5",), count=1, remaining=2, replica_index=5)
    assert finding.repairs == (copies,)


def test_one_more_than_the_data_stays_online_while_nodes_pause() -> None:
    pausing_ones = [pausing(f"dn{i}", replica_index=i) for i in (4, 5)]
    finding = examine(observed(*whole(1, 2, 3), *pausing_ones, online_min=4))
    assert [repair.replica_index for repair in finding.repairs if isinstance(repair, Copies)] == [4]
    assert examine(observed(*whole(1, 2, 3, 4), pausing_ones[1], online_min=4)).repairs == ()


def test_index_that_is_there_twice_goes_once() -> None:
    twice = replica("dn9", replica_index=2, used_share=0.5)
    finding = examine(observed(*whole(1, 2, 3, 4, 5), twice))
    assert finding.health is Health.OVER_REPLICATED
    assert finding.repairs == (Removal(node_id="dn9", replica_index=2),)
    doubtful = silent("dn9", replica_index=2)
    assert examine(observed(*whole(1, 2, 3, 4, 5), doubtful)).repairs == ()


def test_index_that_is_there_twice_stays_so_while_another_one_is_silent() -> None:
    """If both that one and the first are lost, the second is what is left."""
    others = [
        replica("dn0", replica_index=1),
        replica("dn1", replica_index=1),
        replica("dn2", replica_index=3),
    ]
    doubtful = silent("dn3", replica_index=2)
    assert examine(observed(*others, doubtful, wanted=3)).repairs == ()
    back = replica("dn3", replica_index=2)
    finding = examine(observed(*others, back, wanted=3))
    assert finding.repairs == (Removal(node_id="dn1", replica_index=1),)


def short(index: int, cells: int, count: int = 1) -> ObservedReplica:
    coded = ((cells, count, 5),)
    return replica(f"dn{index}", replica_index=index, block_count=count, coded=coded)


def test_of_short_blocks_fewer_are_enough_than_hold_data() -> None:
    """The members that have no bytes of them were away, too: nobody else has such a container."""
    finding = examine(observed(short(4, 1), short(5, 1)))
    assert finding.health is Health.UNDER_REPLICATED
    sources = {4: "dn4", 5: "dn5"}
    assert finding.repairs == (Rebuild(indexes=(1, 2, 3), sources=sources, remaining=1),)
    # Another one has had longer blocks, or there are some that are not counted.
    longer = dead("dn1", replica_index=1, coded=((3, 1, 5),))
    assert examine(observed(short(4, 1), short(5, 1), longer)).health is Health.MISSING
    assert examine(observed(short(4, 1), *whole(5))).health is Health.MISSING
    assert examine(observed(short(4, 3), short(5, 3))).health is Health.MISSING
    # Of so few it is not known: what was acknowledged, the others alone may have.
    assert examine(observed(short(5, 1))).health is Health.MISSING


def test_racks_are_evened_out_index_by_index() -> None:
    replicas = [replica(f"dn{i}", replica_index=i, rack="/a" if i < 3 else f"/{i}") for i in EACH]
    finding = examine(observed(*replicas, rack_max=1))
    assert finding.health is Health.MIS_REPLICATED
    [repair] = finding.repairs
    assert isinstance(repair, Copies)
    assert (repair.instead_of, repair.replica_index) == ("dn2", 2)


EACH = range(1, 6)


def test_fewer_are_enough_where_fewer_are_wanted() -> None:
    assert examine(observed(*whole(1, 2, 3, 4), wanted=4)).health is Health.HEALTHY
    finding = examine(observed(*whole(1, 2, 5), wanted=4))
    assert [repair.indexes for repair in finding.repairs if isinstance(repair, Rebuild)] == [(3,)]


def test_failed_index_is_made_again_then_deleted_or_makes_room() -> None:
    failed = replica("dn5", UNHEALTHY, replica_index=5)
    lacking = observed(*whole(1, 2, 3, 4), failed)
    assert [each.indexes for each in examine(lacking).repairs if isinstance(each, Rebuild)] == [
        (5,)
    ]
    assert room_by_removal(lacking, TAKERS) == Removal(node_id="dn5", replica_index=5)
    assert room_by_removal(observed(*whole(1, 2, 3), failed), TAKERS) is None
    healed = observed(*whole(1, 2, 3, 4), replica("dn9", replica_index=5), failed)
    assert examine(healed).repairs == (Removal(node_id="dn5", replica_index=5),)


def test_one_of_two_that_are_alike_makes_room_for_an_index_that_is_nowhere() -> None:
    """All nodes have one: an index is there twice, as after a node left and came back."""
    lacking = observed(*whole(1, 2, 3, 4), replica("dn5", replica_index=1, used_share=0.5))
    [rebuild] = examine(lacking).repairs
    assert isinstance(rebuild, Rebuild) and rebuild.indexes == (5,)
    assert room_by_removal(lacking, TAKERS) == Removal(node_id="dn5", replica_index=1)
    assert room_by_removal(lacking, TAKERS - {"dn5"}) == Removal(node_id="dn1", replica_index=1)
    assert room_by_removal(lacking, frozenset()) is None
    doubtful = [silent("dn5", replica_index=1), replica("dn5", replica_index=1, block_count=2)]
    for other in doubtful:
        assert room_by_removal(observed(*whole(1, 2, 3, 4), other), TAKERS) is None
    coming = Pending(copies=(("dn9", 5),))
    assert room_by_removal(observed(*lacking.replicas, pending=coming), TAKERS) is None


def test_index_that_was_closed_without_its_log_is_closed() -> None:
    """No other member has its blocks: there is nothing to compare it with."""
    quasi = replica("dn5", QUASI_CLOSED, replica_index=5)
    finding = examine(observed(*whole(1, 2, 3, 4), quasi, settle_ms=5))
    assert finding.closes == (Close("dn5", force=True),) and finding.repairs == ()
