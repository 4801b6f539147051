"""Containers whose replicas are whole ones: the copies that they lack, and those too many. Pure."""

from trioxygen.metadata.scm.replication.findings import Copies, Finding, Health, Removal
from trioxygen.metadata.scm.replication.observed import ObservedContainer
from trioxygen.metadata.scm.replication.standing import (
    first_to_go,
    may_mend,
    paused,
    readable,
    safe,
    sources,
    staying,
    unneeded,
    whole,
)


def lacking(container: ObservedContainer) -> int:
    """Copies that are to be made. What is in maintenance comes back, and counts while enough others
    are online."""
    here = len(staying(container)) + len(container.pending.copies)
    lacks = container.wanted - here
    if lacks > 0 and (away := len(paused(container))):
        online_min = min(container.online_min, container.wanted)
        lacks = max(lacks - away, online_min - here)
    return max(0, lacks)


def under_replicated(container: ObservedContainer) -> Finding | None:
    """It has fewer copies than it is to have, or none at all."""
    from_nodes = sources(whole(container))
    if not from_nodes:
        return Finding(health=Health.MISSING)
    lacks = lacking(container)
    if not lacks:
        return None
    if may_mend(container):
        return Finding(health=Health.UNDER_REPLICATED)
    remaining = len(readable(container)) - 1
    copies = Copies(sources=from_nodes, count=lacks, remaining=remaining)
    return Finding(health=Health.UNDER_REPLICATED, repairs=(copies,))


def over_replicated(container: ObservedContainer) -> Finding | None:
    """As many go as are too many without those that are silent, go, or are still being made."""
    if container.pending.copies:
        return None
    kept, removals = safe(container), list[Removal]()
    while len(kept) > container.wanted:
        first = first_to_go(container, kept, kept)
        kept.remove(first)
        removals.append(Removal(node_id=first.node_id))
    if not removals:
        return None
    return Finding(health=Health.OVER_REPLICATED, repairs=tuple(removals))


def unhealthy_replicas(container: ObservedContainer) -> Finding | None:
    """They go when there are enough without them."""
    useless = unneeded(container)
    if not useless:
        return None
    enough = len(safe(container)) >= container.wanted and not container.pending.copies
    removals = tuple(Removal(node_id=each.node_id) for each in useless) if enough else ()
    return Finding(health=Health.UNHEALTHY, repairs=removals)


def room_by_removal(container: ObservedContainer) -> Removal | None:
    """Where no other node can take a copy: a useless replica goes, so that its node can. Two that
    are safe stay, or the only one that there should be beside it."""
    useless = unneeded(container)
    if not useless or len(safe(container)) < min(2, max(1, container.wanted - 1)):
        return None
    return Removal(node_id=useless[0].node_id)
