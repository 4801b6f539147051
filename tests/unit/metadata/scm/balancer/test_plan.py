"""Which containers move: every plan brings nodes nearer to each other, and nothing nearer to its
loss."""

from collections import Counter
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from trioxygen.metadata.scm.balancer.disk_use import Band, DiskUse, band_of, bytes_left
from trioxygen.metadata.scm.balancer.plan import Movable, Move, MoveLimits, Planning, helps

PLENTY = MoveLimits(containers_max=1_000, bytes_max=10**9, node_bytes_max=10**9)
RACKS = ("/a", "/b", "/c")


def use(node_id: str, used: int, capacity: int = 1_000, rack: str = "") -> DiskUse:
    return DiskUse(
        node_id=node_id,
        capacity_bytes=capacity,
        used_bytes=used,
        free_bytes=capacity - used,
        rack=rack,
    )


def movable(number: int, size: int, *holders: str, **changed: object) -> Movable:
    values: dict[str, object] = {"holders": frozenset(holders)} | changed
    return Movable(container_id=number, size_bytes=size, **values)  # type: ignore[arg-type]


def planned(
    uses: Sequence[DiskUse],
    band: Band,
    movables: Mapping[str, Sequence[Movable]],
    limits: MoveLimits,
) -> tuple[Move, ...]:
    steps = Planning(uses, band, movables, limits).steps()
    return tuple(move for move in steps if move is not None)


def said(moves: tuple[Move, ...]) -> list[tuple[int, str, str]]:
    return [(move.movable.container_id, move.source, move.target) for move in moves]


def test_band_lies_about_the_mean_of_all_disks_together() -> None:
    uses = [use("dn1", 900), use("dn2", 100, 3_000)]
    band = band_of(uses, 10)
    assert (band.mean, round(band.low, 6), round(band.high, 6)) == (0.25, 0.15, 0.35)
    assert [band.above_bytes(each) for each in uses] == [550, 0]
    assert [band.below_bytes(each) for each in uses] == [0, 350]
    assert bytes_left(uses, band) == 550
    assert band_of([], 10) == Band(0, 0, 0.1)


def test_largest_container_goes_from_the_fullest_node_to_the_emptiest() -> None:
    uses = [use("dn1", 900), use("dn2", 500), use("dn3", 100)]
    held = {"dn1": [movable(1, 50, "dn1"), movable(2, 300, "dn1"), movable(3, 20, "dn1")]}
    assert said(planned(uses, band_of(uses, 10), held, PLENTY)) == [(2, "dn1", "dn3")]


def test_plan_is_made_in_steps_of_one_move_or_one_node_in_vain() -> None:
    uses = [use("dn1", 950), use("dn2", 900), use("dn3", 0), use("dn4", 0)]
    held = {"dn1": [movable(1, 900, "dn1")], "dn2": [movable(2, 100, "dn2")]}
    steps = Planning(uses, band_of(uses, 10), held, PLENTY).steps()
    # The first has none that helps, the second has one.
    made = [None if step is None else step.movable.container_id for step in steps]
    assert made == [None, 2, None]


def test_two_givers_take_turns() -> None:
    uses = [use("dn1", 800), use("dn2", 800), use("dn3", 0), use("dn4", 0)]
    held = {
        node: [movable(10 * number + at, 100, node) for at in range(4)]
        for number, node in enumerate(("dn1", "dn2"), 1)
    }
    moves = said(planned(uses, band_of(uses, 10), held, PLENTY))
    assert [source for _, source, _ in moves[:4]] == ["dn1", "dn2", "dn1", "dn2"]
    assert Counter(target for _, _, target in moves) == {"dn3": 3, "dn4": 3}


def test_nothing_moves_within_the_band_or_beyond_its_other_side() -> None:
    uses = [use("dn1", 550), use("dn2", 450)]
    held = {"dn1": [movable(1, 10, "dn1")]}
    assert planned(uses, band_of(uses, 10), held, PLENTY) == ()
    uses = [use("dn1", 900), use("dn2", 100)]
    # All of it would only change places.
    assert planned(uses, band_of(uses, 10), {"dn1": [movable(1, 800, "dn1")]}, PLENTY) == ()


def test_empty_node_is_filled_though_none_is_above_the_band() -> None:
    uses = [*(use(f"dn{number}", 400) for number in range(1, 10)), use("new", 0)]
    held = {"dn1": [movable(1, 30, "dn1")], "dn2": [movable(2, 30, "dn2")]}
    moves = said(planned(uses, band_of(uses, 10), held, PLENTY))
    assert moves == [(1, "dn1", "new"), (2, "dn2", "new")]


def test_replica_goes_to_no_node_that_has_one_and_no_rack_that_may_not() -> None:
    uses = [use("dn1", 900, rack="/a"), use("dn2", 0, rack="/a"), use("dn3", 100, rack="/b")]
    band = band_of(uses, 10)
    apart = movable(1, 100, "dn1", "dn9", rack="/a", other_racks=("/b",), rack_max=1)
    assert said(planned(uses, band, {"dn1": [apart]}, PLENTY)) == [(1, "dn1", "dn2")]
    there = movable(1, 100, "dn1", "dn2", rack="/a", other_racks=("/b",), rack_max=1)
    assert planned(uses, band, {"dn1": [there]}, PLENTY) == ()
    # On two racks before, on one then: not even where as many as may be can be on one.
    alone = movable(1, 100, "dn1", "dn2", rack="/a", other_racks=("/b",))
    assert planned(uses, band, {"dn1": [alone]}, PLENTY) == ()


def test_plan_keeps_its_limits() -> None:
    uses = [use("dn1", 900), use("dn2", 0), use("dn3", 0)]
    held = {"dn1": [movable(number, 50, "dn1") for number in range(20)]}
    band = band_of(uses, 1)

    def limited(containers: int, all_bytes: int, node_bytes: int) -> int:
        limits = MoveLimits(
            containers_max=containers, bytes_max=all_bytes, node_bytes_max=node_bytes
        )
        return len(planned(uses, band, held, limits))

    assert limited(1_000, 10**9, 10**9) > 5
    assert limited(2, 10**9, 10**9) == 2
    assert limited(1_000, 170, 10**9) == 3
    assert limited(1_000, 10**9, 120) == 2


def test_full_node_takes_nothing() -> None:
    empty = DiskUse(node_id="dn2", capacity_bytes=1_000, used_bytes=0, free_bytes=0)
    uses = [use("dn1", 900), empty]
    held = {"dn1": [movable(1, 100, "dn1")]}
    assert planned(uses, band_of(uses, 10), held, PLENTY) == ()


@st.composite
def clusters(draw: st.DrawFn) -> tuple[list[DiskUse], dict[str, list[Movable]]]:
    """Nodes with containers of three replicas or less, each on nodes of its own."""
    count = draw(st.integers(2, 6))
    names = [f"dn{number}" for number in range(count)]
    racks = {name: draw(st.sampled_from(RACKS)) for name in names}
    capacities = {name: draw(st.sampled_from([1_000, 1_000, 4_000])) for name in names}
    used: Counter[str] = Counter()
    held: dict[str, list[Movable]] = {name: [] for name in names}
    for number in range(draw(st.integers(0, 12))):
        size = draw(st.integers(1, 200))
        holders = draw(st.permutations(names))[: draw(st.integers(1, min(3, count)))]
        most = max(Counter(racks[name] for name in holders).values())
        for name in holders:
            if used[name] + size > capacities[name]:
                break
            used[name] += size
            others = tuple(racks[other] for other in holders if other != name)
            held[name].append(
                movable(number, size, *holders, rack=racks[name], other_racks=others, rack_max=most)
            )
    return [use(name, used[name], capacities[name], racks[name]) for name in names], held


def spread(uses: dict[str, DiskUse], mean: float) -> float:
    return sum(each.capacity_bytes * (each.share - mean) ** 2 for each in uses.values())


@settings(max_examples=120, deadline=None)
@given(cluster=clusters(), threshold=st.sampled_from([1.0, 5.0, 10.0, 30.0]))
def test_every_move_brings_the_spread_down_and_keeps_replicas_apart(
    cluster: tuple[list[DiskUse], dict[str, list[Movable]]], threshold: float
) -> None:
    uses, held = cluster
    band = band_of(uses, threshold)
    at = {each.node_id: each for each in uses}
    moves = planned(uses, band, held, PLENTY)
    moved = [move.movable.container_id for move in moves]
    assert len({*moved}) == len(moved)
    out_before = sum(not band.holds(each) for each in uses)
    for move in moves:
        size, source, target = move.movable.size_bytes, at[move.source], at[move.target]
        assert helps(source, target, size, band) and move.movable in held[move.source]
        before = spread(at, band.mean), bytes_left(at.values(), band)
        at[move.source] = use(
            source.node_id, source.used_bytes - size, source.capacity_bytes, source.rack
        )
        at[move.target] = use(
            target.node_id, target.used_bytes + size, target.capacity_bytes, target.rack
        )
        assert spread(at, band.mean) < before[0]
        assert bytes_left(at.values(), band) <= before[1]
        # Where its replicas lie then, from the words alone.
        others = move.movable.other_racks
        assert move.target not in move.movable.holders
        assert max(Counter((*others, target.rack)).values()) <= move.movable.rack_max
        assert len({*others, target.rack}) >= len({*others, source.rack})
    assert sum(not band.holds(each) for each in at.values()) <= out_before
