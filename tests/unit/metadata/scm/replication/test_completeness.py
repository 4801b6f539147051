"""Replicas of an erasure code that lack blocks: they are known by what others have, made again, and
go when they are; none goes before that which may have what others lack."""

from tests.unit.metadata.scm.replication.observing import (
    CLOSED,
    TAKERS,
    container,
    leaving,
    replica,
    silent,
)
from trioxygen.common.replication import Replication
from trioxygen.metadata.scm.replication.checks import examine, room_by_removal
from trioxygen.metadata.scm.replication.completeness import incomplete
from trioxygen.metadata.scm.replication.findings import Health, Rebuild, Removal
from trioxygen.metadata.scm.replication.observed import (
    ObservedContainer,
    ObservedReplica,
    Pending,
)

EC = Replication.parse("EC/3-2")
LARGE, SMALL = 3, 1


def having(index: int, blocks: str, cells: int = LARGE, *, node: str = "") -> ObservedReplica:
    """With these blocks, one a letter, of which so many data indexes have bytes."""
    coded = ((cells, len(blocks), sum(map(hash_of, blocks))),) if blocks else ()
    return replica(
        node or f"dn{index}", replica_index=index, coded=coded, block_count=1 + len(blocks)
    )


def hash_of(block: str) -> int:
    return ord(block) * 7_919


def all_having(*blocks: str, cells: int = LARGE) -> list[ObservedReplica]:
    return [having(index, each, cells) for index, each in enumerate(blocks, start=1)]


def lacking(*blocks: str, cells: int = LARGE) -> list[int]:
    replicas = all_having(*blocks, cells=cells)
    return sorted(each.replica_index for each in incomplete(EC.data, replicas))


def observed(*replicas: ObservedReplica, **changed: object) -> ObservedContainer:
    return container(CLOSED, *replicas, replication=EC, **changed)


def test_replica_that_missed_a_block_lacks_it() -> None:
    assert lacking("ab", "ab", "ab", "ab", "ab") == []
    assert lacking("ab", "a", "ab", "ab", "ab") == [2]
    assert lacking("ab", "", "ab", "ab", "a") == [2, 5]
    # As many as the others, but not the same.
    assert lacking("ab", "ac", "ab", "ab", "ab") == [2]


def test_index_that_has_no_bytes_of_short_blocks_lacks_none() -> None:
    short = [having(index, "ab", SMALL) for index in (1, 4, 5)]
    assert incomplete(EC.data, [*short, having(2, ""), having(3, "")]) == []
    two_cells = [having(index, "ab", 2) for index in (1, 2, 4, 5)]
    assert incomplete(EC.data, [*two_cells, having(3, "")]) == []
    assert [
        each.replica_index for each in incomplete(EC.data, [*short[:2], having(5, "a", 1)])
    ] == [5]


def test_block_that_was_given_up_is_lacked_by_nobody() -> None:
    """Fewer have a part than it takes to read it: it cannot be made, and will be deleted."""
    assert lacking("abx", "ab", "ab", "abx", "ab") == []
    # Of a small one any part is the block.
    assert lacking("x", "", "", "x", "", cells=SMALL) == [5]


def test_members_that_were_away_in_turns_are_made_again_one_after_the_other() -> None:
    blocks = "abcde"
    had = [blocks.replace(each, "") for each in blocks]
    rounds = 0
    while lacks := lacking(*had):
        rounds += 1
        for index in lacks:
            # Of all of them, itself too, as long as three have a part.
            had[index - 1] = "".join(b for b in blocks if sum(b in each for each in had) >= 3)
    assert had == [blocks] * 5 and rounds <= 5


def test_index_is_made_again_of_all_with_its_own_replica() -> None:
    replicas = all_having("ab", "a", "ab", "ab", "ab")
    finding = examine(observed(*replicas))
    sources = {index: f"dn{index}" for index in range(1, 6)}
    assert finding.health is Health.UNDER_REPLICATED
    made = Rebuild(indexes=(2,), sources=sources, remaining=1, held={2: "dn2"})
    assert finding.repairs == (made,)
    pending = Pending(copies=(("dn9", 2),))
    finding = examine(observed(*replicas, pending=pending))
    assert finding.health is Health.UNDER_REPLICATED and finding.repairs == ()


def test_one_that_lacks_blocks_goes_when_another_of_its_index_does_not() -> None:
    replicas = all_having("ab", "a", "ab", "ab", "ab")
    finding = examine(observed(*replicas, having(2, "ab", node="dn9")))
    assert finding.repairs == (Removal(node_id="dn2", replica_index=2),)
    # Not the one with more, while it is not known whether the others just have deleted it already.
    waiting = observed(*replicas, having(2, "ab", node="dn9"), deletions_wait=True)
    assert examine(waiting).repairs == ()
    replicas[1] = having(2, "ab", node="dn9")
    assert examine(observed(*replicas)).health is Health.HEALTHY


def test_replicas_may_become_alike_by_themselves_first() -> None:
    replicas = all_having("ab", "a", "ab", "ab", "ab")
    assert examine(observed(*replicas, deletions_wait=True)).health is Health.HEALTHY
    finding = examine(observed(*replicas, settle_ms=5, unsettled_ms=4))
    assert finding.health is Health.UNDER_REPLICATED and finding.repairs == ()
    assert examine(observed(*replicas, settle_ms=5, unsettled_ms=5)).repairs


def test_nothing_is_made_without_a_part_that_may_come_back() -> None:
    """Three have the block, one of them is silent: of the others it cannot be made."""
    silent_one = silent("dn3", replica_index=3, coded=((LARGE, 2, 5),))
    replicas = all_having("ab", "a", "ab", "ab", "ab")
    replicas[2] = silent_one
    finding = examine(observed(*replicas))
    assert finding.health is Health.UNDER_REPLICATED and finding.repairs == ()


def test_what_a_silent_node_alone_has_is_not_forgotten() -> None:
    """The others agree. What it has more is made when it answers: until then that is waited for."""
    others = [having(index, "a", SMALL) for index in (1, 4)]
    others += [having(2, "", SMALL), having(3, "", SMALL)]
    more = having(5, "ab", SMALL)
    silent_one = silent("dn5", replica_index=5, coded=more.coded, block_count=3)
    finding = examine(observed(*others, silent_one))
    assert finding.health is Health.UNDER_REPLICATED and finding.repairs == ()
    finding = examine(observed(*others, more))
    assert [type(each) for each in finding.repairs] == [Rebuild]
    alike = silent("dn5", replica_index=5, coded=others[0].coded)
    assert examine(observed(*others, alike)).health is Health.HEALTHY


def test_one_that_leaves_is_copied_as_it_is() -> None:
    replicas = all_having("ab", "ab", "ab", "ab")
    finding = examine(observed(*replicas, leaving("dn5", replica_index=5)))
    assert [type(each).__name__ for each in finding.repairs] == ["Copies"]


def test_room_is_made_only_where_what_it_alone_has_is_no_block() -> None:
    replicas = all_having("ab", "a", "ab", "ab", "ab")
    assert room_by_removal(observed(*replicas), TAKERS) == Removal(node_id="dn2", replica_index=2)
    two = all_having("ab", "a", "a", "ab", "ab")
    assert room_by_removal(observed(*two), TAKERS) is None
    in_turns = all_having("bcd", "acd", "abd", "abc", "abcd")
    assert room_by_removal(observed(*in_turns), TAKERS) is None
    small = [having(1, "a", SMALL), *(having(index, "ab", SMALL) for index in (4, 5))]
    small += [having(2, "", SMALL), having(3, "", SMALL)]
    assert room_by_removal(observed(*small), TAKERS) is None
