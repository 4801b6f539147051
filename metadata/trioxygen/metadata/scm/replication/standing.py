"""What a replica counts for. Pure.

A whole one has all that the container has. What is copied is whole and can be read; what lets
others go is safe: whole, on a node that answers and stays, and nothing takes it away."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from trioxygen.common.container_state import TAKES_BLOCKS, ContainerState
from trioxygen.metadata.scm.replication.observed import ObservedContainer, ObservedReplica
from trioxygen.proto.v1 import scm_pb2

# Of a container that none of its replicas could be written in: they are all that there is.
_OF_UNHEALTHY: Final = frozenset(
    {ContainerState.CLOSED, ContainerState.QUASI_CLOSED, ContainerState.UNHEALTHY}
)
_MAY_MEND: Final = TAKES_BLOCKS | {ContainerState.CLOSED, ContainerState.QUASI_CLOSED}


def is_whole(container: ObservedContainer, replica: ObservedReplica) -> bool:
    if container.state is ContainerState.UNHEALTHY:
        return replica.state in _OF_UNHEALTHY
    return replica.state is ContainerState.CLOSED and not is_behind(container, replica)


def is_behind(container: ObservedContainer, replica: ObservedReplica) -> bool:
    """It lacks blocks that the container has. Indexes of an erasure-coded one have sequences of
    their own, which say nothing of each other."""
    ec = container.replication.is_ec
    return not ec and replica.commit_sequence < container.commit_sequence


def whole(container: ObservedContainer) -> list[ObservedReplica]:
    """Also those of nodes that are dead or go."""
    return [replica for replica in container.replicas if is_whole(container, replica)]


def readable(container: ObservedContainer) -> list[ObservedReplica]:
    return [replica for replica in whole(container) if not replica.node.is_dead]


def staying(container: ObservedContainer) -> list[ObservedReplica]:
    """Those that count: a silent node's until it is dead."""
    return [
        replica
        for replica in readable(container)
        if replica.node.stays and replica.node_id not in container.pending.removals
    ]


def paused(container: ObservedContainer) -> list[ObservedReplica]:
    """Of nodes in maintenance, which come back with them, also from the dead."""
    return [replica for replica in whole(container) if replica.node.pauses]


def safe(container: ObservedContainer) -> list[ObservedReplica]:
    """None of a container that is not closed: it is not known which of them is to be it. Nor where
    it is not known how many there are to be."""
    if container.state is not ContainerState.CLOSED or not container.class_is_known:
        return []
    return [
        replica
        for replica in staying(container)
        if replica.node.health == scm_pb2.HEALTHY and replica.state is ContainerState.CLOSED
    ]


def sources(replicas: Iterable[ObservedReplica]) -> tuple[str, ...]:
    """Nodes that a replica may be copied from: silent ones only where no others have it."""
    readable_ones = [replica for replica in replicas if not replica.node.is_dead]
    answering = [each for each in readable_ones if each.node.health == scm_pb2.HEALTHY]
    return tuple(replica.node_id for replica in answering or readable_ones)


def may_mend(container: ObservedContainer) -> bool:
    """A replica that lives is not whole yet, and may become so by itself: it is being closed, or
    fetches what it has missed."""
    return container.unsettled_ms < container.settle_ms and differs(container)


def differs(container: ObservedContainer) -> bool:
    """A replica that lives is not whole, without having failed."""
    return any(
        replica.state in _MAY_MEND and not replica.node.is_dead and not is_whole(container, replica)
        for replica in container.replicas
    )


def unneeded(container: ObservedContainer) -> list[ObservedReplica]:
    """Those that are not whole and cannot become so, on nodes that live. None that may have more
    than the container has: of those the container may have to be made again."""
    return [
        replica
        for replica in container.replicas
        if not replica.node.is_dead
        and replica.node_id not in container.pending.removals
        and not is_whole(container, replica)
        and _is_useless(container, replica)
    ]


def _is_useless(container: ObservedContainer, replica: ObservedReplica) -> bool:
    if replica.state is ContainerState.UNHEALTHY:
        ec = container.replication.is_ec
        return ec or replica.commit_sequence <= container.commit_sequence
    ends = replica.state in (ContainerState.CLOSED, ContainerState.QUASI_CLOSED)
    return ends and is_behind(container, replica)


def crowded(replicas: Iterable[ObservedReplica]) -> Counter[str]:
    """Replicas by rack."""
    return Counter(replica.node.rack for replica in replicas)


def first_to_go(
    container: ObservedContainer,
    replicas: list[ObservedReplica],
    candidates: list[ObservedReplica],
) -> ObservedReplica:
    """Of the candidates: the one that was copied elsewhere so that it goes, unless a rack would
    have more than it may; else see `excess`."""
    moved = [each for each in candidates if each.node_id == container.moved_from]
    if moved:
        racks = crowded(each for each in replicas if each is not moved[0])
        if not container.rack_max or max(racks.values(), default=0) <= container.rack_max:
            return moved[0]
    return excess(replicas, candidates)


def excess(replicas: list[ObservedReplica], candidates: list[ObservedReplica]) -> ObservedReplica:
    """Of the candidates, the one that goes first: of the rack with most of all `replicas`; there
    the one with most blocks, since what others lack beside it was deleted; of the fullest node."""
    racks = crowded(replicas)
    return max(
        candidates,
        key=lambda each: (
            racks[each.node.rack],
            each.block_count,
            each.node.used_share,
            each.node_id,
        ),
    )
