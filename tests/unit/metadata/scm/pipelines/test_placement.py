import random
from collections import Counter
from collections.abc import Sequence

import pytest

from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.scm.pipelines.placement import PlacementNode, choose, is_spread

EC_3_2 = Replication.parse("EC/3-2")
EC_6_3 = Replication.parse("EC/6-3")


def nodes(*racks: int) -> list[PlacementNode]:
    """So many on each rack: r0n0, r0n1, ... r1n0, ..."""
    return [
        PlacementNode(node_id=f"r{rack}n{number}", rack=f"/r{rack}", free_bytes=1_000)
        for rack, count in enumerate(racks)
        for number in range(count)
    ]


def rack_counts(chosen: Sequence[str]) -> list[int]:
    return sorted(Counter(node_id.partition("n")[0] for node_id in chosen).values())


def changed(node: PlacementNode, *, load: int = 0, used_share: float = 0.0) -> PlacementNode:
    return PlacementNode(
        node_id=node.node_id, rack=node.rack, free_bytes=1_000, load=load, used_share=used_share
    )


@pytest.mark.parametrize("racks", [(3, 3), (1, 9), (1, 1, 1), (5, 2, 2), (10, 1, 1, 1)])
def test_three_replicas_lie_on_two_racks_or_more_and_never_on_one(racks: tuple[int, ...]) -> None:
    rng = random.Random(1)
    for _ in range(1_000):
        chosen = choose(nodes(*racks), replication=RATIS_THREE, count=3, rng=rng)
        assert len(set(chosen)) == 3
        counts = rack_counts(chosen)
        # A third rack only where no two nodes of one are left to be chosen.
        assert counts == [1, 2] or (counts == [1, 1, 1] and racks in ((1, 1, 1), (10, 1, 1, 1)))


def test_one_rack_takes_all_three_where_there_is_no_other() -> None:
    chosen = choose(nodes(4), replication=RATIS_THREE, count=3, rng=random.Random(1))
    assert rack_counts(chosen) == [3]


def test_nothing_is_placed_on_one_rack_because_others_are_busy() -> None:
    busy = {"r1n0", "r1n1"}
    rng = random.Random(1)
    for replication in (RATIS_THREE, EC_3_2):
        count = replication.members
        chosen = choose(nodes(6, 2), replication=replication, count=count, rng=rng, busy=busy)
        assert len(chosen) < count


def test_rack_without_room_is_as_good_as_away() -> None:
    full = [PlacementNode(node_id="r1n0", rack="/r1", free_bytes=9)]
    chosen = choose(
        [*nodes(3), *full],
        replication=RATIS_THREE,
        count=3,
        rng=random.Random(1),
        bytes_wanted=10,
    )
    assert sorted(chosen) == ["r0n0", "r0n1", "r0n2"]


@pytest.mark.parametrize(
    ("racks", "expected"),
    [
        ((5, 5), [2, 3]),
        ((2, 2, 2), [1, 2, 2]),
        ((1, 1, 1, 1, 1), [1] * 5),
        ((9, 9, 9, 9, 9, 9), [1] * 5),
        # A rack that is small leaves more to the other.
        ((8, 1), [1, 4]),
    ],
)
def test_erasure_coded_replicas_lie_on_as_many_racks_as_there_are(
    racks: tuple[int, ...], expected: list[int]
) -> None:
    rng = random.Random(1)
    for _ in range(300):
        chosen = choose(nodes(*racks), replication=EC_3_2, count=5, rng=rng)
        assert rack_counts(chosen) == expected


def test_loss_of_one_of_three_racks_leaves_an_erasure_coded_container_readable() -> None:
    rng = random.Random(1)
    for _ in range(300):
        chosen = choose(nodes(4, 5, 6), replication=EC_6_3, count=9, rng=rng)
        assert max(rack_counts(chosen)) <= EC_6_3.parity


def test_emptier_nodes_are_chosen_more_often_but_not_always() -> None:
    """Of two picks the better one: of ten, the emptiest wins each pair that it is in."""
    unequal = [changed(node, used_share=number / 10) for number, node in enumerate(nodes(10))]
    rng = random.Random(1)
    counts: Counter[str] = Counter()
    for _ in range(1_000):
        counts.update(choose(unequal, replication=RATIS_ONE, count=1, rng=rng))
    shares = [counts[node.node_id] / 1_000 for node in unequal]
    # 2 (n - k) - 1 of n squared pairs of distinct ones: 20 % for the emptiest, 0 for the fullest.
    for number, share in enumerate(shares):
        assert abs(share - (9 - number) / 45) < 0.03
    assert shares[0] > 4 * shares[8]
    assert shares[9] == 0


def test_three_of_unequal_nodes_take_part_by_their_room() -> None:
    unequal = [
        changed(node, used_share=0.9 if number < 5 else 0.1)
        for number, node in enumerate(nodes(10))
    ]
    rng = random.Random(1)
    counts: Counter[str] = Counter()
    for _ in range(1_000):
        counts.update(choose(unequal, replication=RATIS_THREE, count=3, rng=rng))
    full = sum(counts[node.node_id] for node in unequal[:5])
    roomy = sum(counts[node.node_id] for node in unequal[5:])
    assert roomy > 2 * full
    # Nobody is left out.
    assert all(counts[node.node_id] > 50 for node in unequal)


def test_nodes_in_fewer_pipelines_come_first_though_they_are_fuller() -> None:
    pair = [changed(nodes(1)[0], load=2), *[changed(nodes(0, 1)[0], load=1, used_share=0.9)]]
    for seed in range(20):
        rng = random.Random(seed)
        assert choose(pair, replication=RATIS_ONE, count=1, rng=rng) == ("r1n0",)


def test_same_nodes_are_put_together_again_only_where_no_others_can_be() -> None:
    for seed in range(100):
        rng = random.Random(seed)
        together: list[frozenset[str]] = []
        for _ in range(4):
            chosen = choose(nodes(4), replication=RATIS_THREE, count=3, rng=rng, together=together)
            assert len(chosen) == 3
            together.append(frozenset(chosen))
        assert len(set(together)) == 4
        again = choose(nodes(4), replication=RATIS_THREE, count=3, rng=rng, together=together)
        assert len(again) == 3


def test_what_a_container_lacks_is_chosen_behind_what_it_has() -> None:
    all_nodes = nodes(3, 3)
    first, second, other = all_nodes[0], all_nodes[1], all_nodes[3]
    for seed in range(100):
        rng = random.Random(seed)
        [one] = choose(all_nodes, replication=RATIS_THREE, count=1, rng=rng, held=[first, second])
        assert one.startswith("r1")
        [one] = choose(all_nodes, replication=RATIS_THREE, count=1, rng=rng, held=[first, other])
        assert one not in (first.node_id, other.node_id)
        two = choose(all_nodes, replication=RATIS_THREE, count=2, rng=rng, held=[first])
        assert rack_counts([first.node_id, *two]) == [1, 2]
        # One that is held counts also where it takes nothing more.
        chosen = choose(all_nodes[1:], replication=RATIS_THREE, count=2, rng=rng, held=[first])
        assert rack_counts([first.node_id, *chosen]) == [1, 2]


def test_fewer_are_chosen_than_wanted_where_there_are_no_more() -> None:
    rng = random.Random(1)
    assert choose([], replication=RATIS_THREE, count=3, rng=rng) == ()
    assert len(choose(nodes(2), replication=RATIS_THREE, count=3, rng=rng)) == 2
    assert len(choose(nodes(2), replication=EC_3_2, count=5, rng=rng)) == 2
    pair = [frozenset({"r0n0", "r0n1"})]
    assert len(choose(nodes(2), replication=RATIS_THREE, count=2, rng=rng, together=pair)) == 2


def test_spread_is_judged_as_it_is_chosen() -> None:
    two_racks = nodes(5, 5)
    rng = random.Random(1)
    by_id = {node.node_id: node for node in two_racks}
    for replication in (RATIS_ONE, RATIS_THREE, EC_3_2):
        for _ in range(100):
            count = replication.members
            chosen = choose(two_racks, replication=replication, count=count, rng=rng)
            assert is_spread(replication, [by_id[node_id] for node_id in chosen], two_racks)
    assert not is_spread(RATIS_THREE, two_racks[:3], two_racks)
    assert is_spread(RATIS_THREE, two_racks[:3], two_racks[:5])
    assert not is_spread(EC_3_2, two_racks[:5], two_racks)
    assert not is_spread(EC_3_2, [*two_racks[:4], two_racks[5]], two_racks)
    # A single replica of what should have three does not stand on too few racks.
    assert is_spread(RATIS_THREE, two_racks[:1], two_racks)
