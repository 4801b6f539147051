"""Erasure-coded containers: which indexes they lack, and which they have twice. Pure.

Any `data` of the indexes are the container, fewer where it has short blocks alone; each index is
held by one node."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Set

from trioxygen.metadata.scm.replication import completeness
from trioxygen.metadata.scm.replication.findings import (
    Copies,
    Finding,
    Health,
    Rebuild,
    Removal,
)
from trioxygen.metadata.scm.replication.observed import ObservedContainer, ObservedReplica
from trioxygen.metadata.scm.replication.standing import (
    first_to_go,
    may_mend,
    paused,
    readable,
    safe,
    sources,
    staying,
    unneeded,
)

_ByIndex = dict[int, list[ObservedReplica]]


def by_index(container: ObservedContainer, replicas: Iterable[ObservedReplica]) -> _ByIndex:
    sorted_out: _ByIndex = defaultdict(list)
    for replica in replicas:
        if 1 <= replica.replica_index <= container.replication.members:
            sorted_out[replica.replica_index].append(replica)
    return dict(sorted(sorted_out.items()))


def lacking(container: ObservedContainer) -> tuple[int, ...]:
    """Indexes that are to be made. One in maintenance comes back, and counts while more than it
    takes are online."""
    here = {*by_index(container, staying(container))}
    here |= {index for _, index in container.pending.copies}
    away = by_index(container, paused(container)).keys() - here
    # Data first: what reads them decodes nothing.
    absent = [i for i in range(1, container.replication.members + 1) if i not in here | away]
    lacks = absent[: max(0, container.wanted - len(here) - len(away))]
    online_min = min(container.online_min, container.wanted)
    more_online = online_min - len(here) - len(lacks)
    return (*lacks, *sorted(away)[: max(0, more_online)])


def _needed(container: ObservedContainer, available: _ByIndex) -> int:
    """Indexes that it takes to read all of it: where all blocks are short, as many as the longest
    has cells. What nodes have told of that are silent or dead counts."""
    data, parity = container.replication.data, container.replication.parity
    is_counted = all(
        each.block_count == sum(count for _, count, _ in each.coded)
        for replicas in available.values()
        for each in replicas
    )
    # With fewer than for parity, what was acknowledged may be known to none of them.
    if len(available) < parity or not is_counted:
        return data
    cells = {cells for each in container.replicas for cells, _, _ in each.coded}
    return min(max(cells, default=data), data)


def under_replicated(container: ObservedContainer) -> Finding | None:
    available = by_index(container, readable(container))
    remaining = len(available) - _needed(container, available)
    if remaining < 0:
        return Finding(health=Health.MISSING)
    lacks = lacking(container)
    if not lacks:
        return None
    if may_mend(container):
        return Finding(health=Health.UNDER_REPLICATED)
    copies = [
        Copies(sources=sources(available[i]), count=1, remaining=remaining, replica_index=i)
        for i in lacks
        if i in available
    ]
    made = tuple(i for i in lacks if i not in available)
    repairs: list[Copies | Rebuild] = [*copies]
    if made:
        of_nodes = {i: sources(replicas)[0] for i, replicas in available.items()}
        repairs.append(Rebuild(indexes=made, sources=of_nodes, remaining=remaining))
    return Finding(health=Health.UNDER_REPLICATED, repairs=tuple(repairs))


def over_replicated(container: ObservedContainer) -> Finding | None:
    """What is there twice goes when so many are safe as are wanted: where others are only silent,
    the second one is what is left if the first is lost as well."""
    kept, removals = safe(container), list[Removal]()
    held = by_index(container, kept)
    # Of two that differ the one with less would have to go, and may do so yet.
    if completeness.differing(container):
        return None
    if container.pending.copies or len(held) < container.wanted:
        return None
    for index, replicas in held.items():
        while len(replicas) > 1:
            first = first_to_go(container, kept, replicas)
            replicas.remove(first)
            kept.remove(first)
            removals.append(Removal(node_id=first.node_id, replica_index=index))
    if not removals:
        return None
    return Finding(health=Health.OVER_REPLICATED, repairs=tuple(removals))


def unhealthy_replicas(container: ObservedContainer) -> Finding | None:
    useless = unneeded(container)
    if not useless:
        return None
    whole_ones = by_index(container, safe(container))
    enough = len(whole_ones) >= container.wanted and not container.pending.copies
    removals = tuple(
        Removal(node_id=each.node_id, replica_index=each.replica_index)
        for each in useless
        if enough and each.replica_index in whole_ones
    )
    return Finding(health=Health.UNHEALTHY, repairs=removals)


def room_by_removal(container: ObservedContainer, takers: Set[str]) -> Removal | None:
    """Where no other node can take an index: a useless replica goes, so that its node can. More
    than it takes are safe. Else one of two that are alike.

    Args: takers: nodes that take new data."""
    useless = unneeded(container)
    if not useless:
        return _twin(container, takers) or completeness.room_by_removal(container)
    if len(by_index(container, safe(container))) <= container.replication.data:
        return None
    return Removal(node_id=useless[0].node_id, replica_index=useless[0].replica_index)


def _twin(container: ObservedContainer, takers: Set[str]) -> Removal | None:
    """Of an index that is there twice, one that has nothing that the other lacks; where the others
    suffice to make what is lacking."""
    kept = safe(container)
    held = by_index(container, kept)
    if container.pending.copies or len(held) < container.replication.data:
        return None
    for index, replicas in held.items():
        says = Counter((each.coded, each.block_count) for each in replicas)
        twins = [
            each
            for each in replicas
            if says[each.coded, each.block_count] > 1 and each.node_id in takers
        ]
        if twins:
            first = first_to_go(container, kept, twins)
            return Removal(node_id=first.node_id, replica_index=index)
    return None
