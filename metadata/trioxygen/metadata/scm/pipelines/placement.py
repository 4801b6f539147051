"""Which DataNodes are to hold something together: the members of a pipeline, or what a container
lacks in replicas. Pure.

Of nodes with the least load, each is the emptier one of two that chance picks: where every choice
went to the emptiest node, all choices of a minute would. Racks come before that. Whole replicas lie
on two of them, so that most of the copying stays in one; the indexes of an erasure-coded container
on as many as there are."""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from trioxygen.common.replication import Replication

# Draws until a set of nodes is one that is not together yet.
_DRAWS_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementNode:
    """One that is healthy, in service, and takes data.

    Attributes:
    rack: where it stands; empty: in the only one.
    free_bytes: what it can still take.
    used_share: of its disks, 0 to 1.
    load: those that have less come first. For pipelines: how many it is in."""

    node_id: str
    rack: str = ""
    free_bytes: int = 0
    used_share: float = 0.0
    load: int = 0


def choose(
    nodes: Sequence[PlacementNode],
    *,
    replication: Replication,
    count: int,
    rng: random.Random,
    held: Sequence[PlacementNode] = (),
    busy: Set[str] = frozenset(),
    bytes_wanted: int = 0,
    together: Collection[frozenset[str]] = (),
) -> tuple[str, ...]:
    """`count` more nodes, in the order in which they were chosen; less where there are no more
    that may be: what may be done with less is the caller's to know.

    Args:
        held: have what is placed already, and keep it. They are not chosen, their racks count.
        busy: are not chosen now, but could be another time. So their racks count: rather nothing is
            placed now than all of it on one rack.
        bytes_wanted: nodes with less room are as good as away.
        together: sets of nodes that are not chosen once more where another set can be."""
    put_aside: set[str] = set()
    chosen: tuple[str, ...] = ()
    for _ in range(_DRAWS_MAX):
        drawn = _draw(nodes, replication, count, rng, held, busy | put_aside, bytes_wanted)
        if len(drawn) > len(chosen) or not chosen:
            chosen = drawn
        if len(drawn) < count:
            if not put_aside:
                return drawn
            put_aside.clear()
        elif frozenset(drawn) not in together:
            return drawn
        else:
            put_aside.add(rng.choice(drawn))
    return chosen


def _draw(
    nodes: Sequence[PlacementNode],
    replication: Replication,
    count: int,
    rng: random.Random,
    held: Sequence[PlacementNode],
    busy: Set[str],
    bytes_wanted: int,
) -> tuple[str, ...]:
    holding = {node.node_id for node in held}
    usable = [
        node for node in nodes if node.free_bytes >= bytes_wanted and node.node_id not in holding
    ]
    most = rack_max(replication, len(held) + count, Counter(n.rack for n in (*held, *usable)))
    on_racks = Counter(node.rack for node in held)
    left = [node for node in usable if node.node_id not in busy]
    chosen: list[str] = []
    while len(chosen) < count:
        allowed = [node for node in left if on_racks[node.rack] < most]
        if not allowed:
            break
        node = _better(_on_best_racks(replication, allowed, on_racks), rng)
        chosen.append(node.node_id)
        on_racks[node.rack] += 1
        left.remove(node)
    return tuple(chosen)


def is_spread(
    replication: Replication, held: Sequence[PlacementNode], nodes: Sequence[PlacementNode]
) -> bool:
    """Whether nodes that hold something together stand on racks as `choose` would place them.

    Args: nodes: all that could hold it, these among them or not."""
    by_id = {node.node_id: node for node in (*nodes, *held)}
    sizes = Counter(node.rack for node in by_id.values())
    return is_spread_on(replication, [node.rack for node in held], sizes)


def is_spread_on(
    replication: Replication, held_racks: Sequence[str], sizes: Mapping[str, int]
) -> bool:
    """`is_spread`, where the racks have been counted.

    Args: sizes: nodes of each rack that could hold it, or do."""
    most = rack_max(replication, len(held_racks), sizes)
    return max(Counter(held_racks).values(), default=0) <= most


def rack_max(replication: Replication, total: int, sizes: Mapping[str, int]) -> int:
    """Of `total` so many on a rack at most. Args: sizes: nodes of each rack."""
    if not replication.is_ec:
        return total - 1 if total > 1 and len(sizes) > 1 else total
    most = 1
    # Racks that are small leave more to the others.
    while most < total and sum(min(size, most) for size in sizes.values()) < total:
        most += 1
    return most


def _on_best_racks(
    replication: Replication, allowed: Sequence[PlacementNode], on_racks: Mapping[str, int]
) -> Sequence[PlacementNode]:
    if replication.is_ec:
        fewest = min(on_racks.get(node.rack, 0) for node in allowed)
        return [node for node in allowed if on_racks.get(node.rack, 0) == fewest]
    return [node for node in allowed if on_racks.get(node.rack, 0)] or allowed


def _better(nodes: Sequence[PlacementNode], rng: random.Random) -> PlacementNode:
    least = min(node.load for node in nodes)
    loaded_least = [node for node in nodes if node.load == least]
    picks = rng.sample(loaded_least, min(2, len(loaded_least)))
    return min(picks, key=lambda node: node.used_share)
