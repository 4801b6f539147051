"""Who is avoided, and which replica comes first."""

from tests.unit.hdds.client.replicas import address_of
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.hdds.client.away_nodes import AwayNodes
from trioxygen.hdds.client.locations import Place, in_order


def away_nodes(clock: ManualClock, **settings: int) -> AwayNodes:
    return AwayNodes(clock, avoided_ms=30_000, silent_ms=1_000, **settings)


def test_node_is_avoided_for_a_while() -> None:
    clock = ManualClock()
    away = away_nodes(clock)
    away.note(address_of("a"))
    assert away.is_away("a") and not away.is_away("b") and away.node_ids == ["a"]
    clock.advance(29_999)
    assert away.node_ids == ["a"]
    clock.advance(1)
    assert not away.is_away("a") and away.node_ids == [] and not away.has_any


def test_silence_makes_a_node_away_only_when_nobody_hears_of_it_for_long() -> None:
    clock = ManualClock()
    away = away_nodes(clock)
    node = address_of("a")
    began_ms = clock.monotonic_ms()
    clock.advance(600)
    away.note_silent(node, began_ms)
    assert not away.is_away("a")
    away.answered("a")
    clock.advance(600)
    away.note_silent(node, clock.monotonic_ms() - 600)
    assert not away.is_away("a")
    clock.advance(600)
    # Two calls in a row, of 600 ms each.
    away.note_silent(node, clock.monotonic_ms() - 600)
    assert away.is_away("a")


def test_silence_of_long_ago_says_nothing() -> None:
    clock = ManualClock()
    away = away_nodes(clock)
    away.note_silent(address_of("a"), clock.monotonic_ms())
    clock.advance(60_000)
    away.note_silent(address_of("a"), clock.monotonic_ms() - 100)
    assert not away.is_away("a")


def test_as_many_nodes_as_the_bound_says_are_remembered() -> None:
    away = away_nodes(ManualClock(), nodes_max=2)
    for name in "abc":
        away.note(address_of(name))
        away.note_silent(address_of(name), 0.0)
    assert away.node_ids == ["b", "c"]


def test_replicas_on_the_own_machine_come_first_and_those_that_are_away_last() -> None:
    away = away_nodes(ManualClock())
    nodes = [address_of(f"host{number}:9859") for number in range(4)]

    def order(turn: int, own_host: str = "") -> list[int]:
        place = Place(host=own_host)
        actual = in_order(
            nodes, distance=lambda node: place.distance(node.address, ""), turn=turn, away=away
        )
        return [nodes.index(node) for node in actual]

    assert [order(turn) for turn in range(5)] == [
        [0, 1, 2, 3],
        [1, 2, 3, 0],
        [2, 3, 0, 1],
        [3, 0, 1, 2],
        [0, 1, 2, 3],
    ]
    assert order(1, "host3") == [3, 1, 2, 0]
    away.note(nodes[3])
    assert order(1, "host3") == [1, 2, 0, 3]
    away.note(nodes[1])
    assert order(1, "host3") == [2, 0, 3, 1]
