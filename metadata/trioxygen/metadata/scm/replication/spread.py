"""Containers of which a rack has more replicas than it is to have, whole ones or indexes. Pure."""

from trioxygen.metadata.scm.replication.findings import Copies, Finding, Health
from trioxygen.metadata.scm.replication.observed import ObservedContainer
from trioxygen.metadata.scm.replication.standing import crowded, excess, sources, staying


def mis_replicated(container: ObservedContainer) -> Finding | None:
    """Another rack gets a copy, and then the replica goes that it was made of."""
    here = staying(container)
    racks = crowded(here)
    if not container.rack_max or max(racks.values(), default=0) <= container.rack_max:
        return None
    if len(here) > container.wanted:
        # One of them goes, when it is sure which.
        return None
    if container.pending.copies or container.pending.removals:
        return Finding(health=Health.MIS_REPLICATED)
    moved = excess(here, here)
    index = moved.replica_index
    # Of an index that is there twice one counts.
    parts = {each.replica_index for each in here} if container.replication.is_ec else here
    copies = Copies(
        sources=sources(each for each in here if each.replica_index == index),
        count=1,
        remaining=len(parts) - container.replication.data,
        replica_index=index,
        instead_of=moved.node_id,
    )
    return Finding(health=Health.MIS_REPLICATED, repairs=(copies,))
