"""Replicas of an erasure code that lack blocks which others have parts of: a member was away while
they were written, and came back. Pure.

Blocks are counted apart by k, the data indexes that have bytes of them: the first k and all for
parity are to have a part each, and say the same count and sum of tags, unless one lacks some. Any k
parts are such a block. What replicas say is compared anew each time, and nothing is kept of what
was lacking: an index that was made again has what the others have, and says what they say."""

from collections import Counter
from collections.abc import Sequence

from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.scm.replication.findings import Finding, Health, Rebuild, Removal
from trioxygen.metadata.scm.replication.observed import ObservedContainer, ObservedReplica
from trioxygen.metadata.scm.replication.standing import safe, staying
from trioxygen.proto.v1 import scm_pb2

# Blocks, and the sum of their tags.
_Counts = tuple[int, int]
_Said = tuple[ObservedReplica, _Counts]


def incomplete(data: int, replicas: Sequence[ObservedReplica]) -> list[ObservedReplica]:
    """Those that lack blocks. Where it is not plain which, the one that has fewest: when it is made
    again of all of them, it has what any of them can be asked for."""
    lacking: dict[str, ObservedReplica] = {}
    for cells, said in _said(data, replicas).items():
        for each in _fewer(said, cells):
            lacking[each.node_id] = each
    return [*lacking.values()]


def _said(data: int, replicas: Sequence[ObservedReplica]) -> dict[int, list[_Said]]:
    """By k, what those say that are to have parts of such blocks."""
    return {
        cells: [
            (each, _counts(each, cells))
            for each in replicas
            if each.replica_index <= cells or each.replica_index > data
        ]
        for cells in sorted({cells for each in replicas for cells, _, _ in each.coded})
    }


def _fewer(said: Sequence[_Said], cells: int) -> Sequence[ObservedReplica]:
    # An index that is there twice is one.
    holders = Counter(counts for _, counts in {(each.replica_index, at) for each, at in said})
    if len(holders) <= 1:
        return ()
    # What fewer have than it takes to read it cannot be made: a writer gave up, and it will be
    # deleted.
    held = [counts for counts in holders if holders[counts] >= cells]
    if held:
        most = max(held, key=lambda counts: (counts[0], holders[counts], counts[1]))
        return [each for each, counts in said if counts != most and counts[0] <= most[0]]
    return [min(said, key=lambda each: (each[1], each[0].replica_index))[0]]


def _counts(replica: ObservedReplica, cells: int) -> _Counts:
    return next(((count, tags) for of, count, tags in replica.coded if of == cells), (0, 0))


def differing(container: ObservedContainer) -> list[ObservedReplica]:
    """Replicas that seem to lack blocks; also where others may yet delete them."""
    return incomplete(container.replication.data, safe(container))


def lacks_blocks(container: ObservedContainer) -> Finding | None:
    """A replica that lacks blocks goes when another one of its index lacks none. Until then it is a
    source, and counts: what it has others may lack."""
    if container.deletions_wait:
        return None
    replicas = safe(container)
    lacking = differing(container)
    waiting = Finding(health=Health.UNDER_REPLICATED)
    if not lacking:
        # It is looked at again until those answer, or are dead.
        return waiting if incomplete(container.replication.data, _with_silent(container)) else None
    if container.unsettled_ms < container.settle_ms or _has_more_elsewhere(container, replicas):
        return waiting
    whole = {each.replica_index for each in replicas if each not in lacking}
    removals = tuple(
        Removal(node_id=each.node_id, replica_index=each.replica_index)
        for each in lacking
        if each.replica_index in whole
    )
    if removals:
        return Finding(health=Health.UNDER_REPLICATED, repairs=removals)
    coming = {index for _, index in container.pending.copies}
    # Of each index the replica with most.
    sources = {
        each.replica_index: each.node_id
        for each in sorted(replicas, key=lambda each: (each.replica_index, each.block_count))
    }
    made = {each.replica_index for each in lacking} - coming
    if not made or len(sources) < container.replication.data:
        return waiting
    rebuild = Rebuild(
        indexes=tuple(sorted(made)),
        sources=sources,
        remaining=len(sources) - len(made) - container.replication.data,
        held={index: sources[index] for index in sorted(made)},
    )
    return Finding(health=Health.UNDER_REPLICATED, repairs=(rebuild,))


def _with_silent(container: ObservedContainer) -> list[ObservedReplica]:
    """Also those whose nodes are silent. Of a container that is not closed none, as `safe`."""
    is_closed = container.state is ContainerState.CLOSED
    return staying(container) if is_closed and container.class_is_known else []


def room_by_removal(container: ObservedContainer) -> Removal | None:
    """Where no other node can take its index: the only replica that lacks blocks, where all others
    agree. What it alone has is a part of what takes more to be read. Of small blocks one part may
    be all that there is, where they were acknowledged without a spare one, or before one was
    wanted: a replica that lacks some is left."""
    lacking = differing(container)
    data, replicas = container.replication.data, safe(container)
    others = [each for each in replicas if each not in lacking]
    indexes = {each.replica_index for each in others}
    if len(lacking) != 1 or len(indexes) <= data or len(indexes) < container.wanted - 1:
        return None
    lacks_small = any(cells == 1 and _differ(said) for cells, said in _said(data, replicas).items())
    if lacks_small or any(map(_differ, _said(data, others).values())):
        return None
    return Removal(node_id=lacking[0].node_id, replica_index=lacking[0].replica_index)


def _differ(said: Sequence[_Said]) -> bool:
    return len({counts for _, counts in said}) > 1


def _has_more_elsewhere(container: ObservedContainer, replicas: Sequence[ObservedReplica]) -> bool:
    """An index whose node is silent or dead: a block may be made of its part, and not without."""
    here = {each.replica_index for each in replicas}
    return any(
        each.replica_index not in here
        and each.state is ContainerState.CLOSED
        and each.node.health != scm_pb2.HEALTHY
        for each in container.replicas
    )
