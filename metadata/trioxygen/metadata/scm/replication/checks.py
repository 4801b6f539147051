"""How a container is, and what is to be done about it: a chain of small checks, each of which
answers one question. Pure: from what is observed to a finding.

To have the SCM look after something else, write a check and name it in `CHECKS`."""

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from typing import Final

from trioxygen.common.container_state import TAKES_BLOCKS, ContainerState
from trioxygen.metadata.scm.replication import completeness, indexes, spread, whole_copies
from trioxygen.metadata.scm.replication.findings import Close, Finding, Health, Removal
from trioxygen.metadata.scm.replication.observed import ObservedContainer, ObservedReplica
from trioxygen.metadata.scm.replication.standing import is_behind

# None: it has nothing to say, the next one is asked.
Check = Callable[[ObservedContainer], Finding | None]

_HEALTHY: Final = Finding(health=Health.HEALTHY)


def open_container_that_lags_is_closed(container: ObservedContainer) -> Finding | None:
    """So that what a member has missed is made of what the others have."""
    is_open = container.state is ContainerState.OPEN
    if not is_open or not container.lagging_ms or container.lagging_ms < container.lag_ms_max:
        return None
    return Finding(health=Health.OPEN, moves_to=ContainerState.CLOSING)


def open_container_is_left_alone(container: ObservedContainer) -> Finding | None:
    """Its pipeline writes it."""
    is_open = container.state is ContainerState.OPEN
    return Finding(health=Health.OPEN) if is_open else None


def writers_may_finish(container: ObservedContainer) -> Finding | None:
    """Who holds leases in it goes on for a while, after the last of them was given."""
    is_soon = container.closing_ms < container.close_delay_ms
    is_closing = container.state is ContainerState.CLOSING
    return Finding(health=Health.CLOSING) if is_closing and is_soon else None


def never_written_goes(container: ObservedContainer) -> Finding | None:
    """Of those that were to take its writes so many live that one would have it; none has."""
    if container.state is not ContainerState.CLOSING or container.replicas:
        return None
    if container.block_count or container.age_ms < container.empty_delay_ms:
        return None
    if not container.members_known or container.dead_may_hold_all:
        return None
    return Finding(health=Health.EMPTY, moves_to=ContainerState.DELETED)


def closing_goes_on(container: ObservedContainer) -> Finding | None:
    if container.state is not ContainerState.CLOSING:
        return None
    # Nobody has told of it, and who might have are dead: it is not known to be empty.
    is_unknown = container.age_ms >= container.empty_delay_ms and container.dead_may_hold_all
    is_lost = not _living(container) and (container.replicas or container.block_count or is_unknown)
    return Finding(health=Health.MISSING if is_lost else Health.CLOSING)


def quasi_closed_is_resolved(container: ObservedContainer) -> Finding | None:
    """Of replicas that were closed without each other, those with most are the container: known
    when all have told that are not dead. What a majority acknowledged, one of a majority has."""
    if container.state is not ContainerState.QUASI_CLOSED:
        return None
    living = _living(container)
    if not container.members_known or any(each.state in TAKES_BLOCKS for each in living):
        return Finding(health=Health.QUASI_CLOSED)
    unheard = {each.node_id for each in container.members if not each.is_dead}
    unheard -= {each.node_id for each in living}
    if unheard and container.closing_ms < container.settle_ms:
        # They may be about to report it for the first time.
        return Finding(health=Health.QUASI_CLOSED)
    quasi = [each for each in living if each.state is ContainerState.QUASI_CLOSED]
    if not quasi:
        return Finding(health=Health.MISSING)
    most = 0 if container.replication.is_ec else max(each.commit_sequence for each in quasi)
    closes = tuple(
        Close(each.node_id, force=True) for each in quasi if each.commit_sequence >= most
    )
    return Finding(health=Health.QUASI_CLOSED, closes=closes)


def deleting_goes_on(container: ObservedContainer) -> Finding | None:
    """Not by force: who has blocks of it after all says no. A dead node's goes when it is back."""
    if container.state is not ContainerState.DELETING:
        return None
    living = _living(container)
    if not living:
        return Finding(health=Health.DELETING, moves_to=ContainerState.DELETED)
    removals = tuple(
        Removal(node_id=each.node_id, replica_index=each.replica_index, force=False)
        for each in living
        if each.node_id not in container.pending.removals
    )
    return Finding(health=Health.DELETING, repairs=removals)


def empty_container_goes(container: ObservedContainer) -> Finding | None:
    """Nobody has a block of it, nobody gets one, and all that was to be deleted in it is."""
    if container.state is not ContainerState.CLOSED or not container.replicas:
        return None
    has_blocks = any(each.block_count or is_behind(container, each) for each in container.replicas)
    closed = sum(each.state is ContainerState.CLOSED for each in container.replicas)
    if has_blocks or closed < len(container.replicas) or closed < container.wanted:
        return None
    if container.deletions_wait or container.pending.copies:
        return None
    if container.age_ms < container.empty_delay_ms:
        return None
    return Finding(health=Health.EMPTY, moves_to=ContainerState.DELETING)


def replicas_are_enough(container: ObservedContainer) -> Finding | None:
    """Not fewer, not more, not on too few racks."""
    ec = container.replication.is_ec
    chain = _INDEXES if ec else _WHOLE_COPIES
    return next((finding for check in chain if (finding := check(container)) is not None), None)


def all_have_failed(container: ObservedContainer) -> Finding | None:
    is_unhealthy = container.state is ContainerState.UNHEALTHY
    return Finding(health=Health.UNHEALTHY) if is_unhealthy else None


_WHOLE_COPIES: Final[tuple[Check, ...]] = (
    whole_copies.under_replicated,
    whole_copies.over_replicated,
    spread.mis_replicated,
    whole_copies.unhealthy_replicas,
)
_INDEXES: Final[tuple[Check, ...]] = (
    indexes.under_replicated,
    completeness.lacks_blocks,
    indexes.over_replicated,
    spread.mis_replicated,
    indexes.unhealthy_replicas,
)

# In the order in which they are asked; the first that answers is the last.
CHECKS: Final[tuple[Check, ...]] = (
    open_container_that_lags_is_closed,
    open_container_is_left_alone,
    writers_may_finish,
    never_written_goes,
    closing_goes_on,
    quasi_closed_is_resolved,
    deleting_goes_on,
    empty_container_goes,
    replicas_are_enough,
    all_have_failed,
)


def examine(container: ObservedContainer, checks: Sequence[Check] = CHECKS) -> Finding:
    finding = _HEALTHY
    for check in checks:
        answer = check(container)
        if answer is not None:
            finding = answer
            break
    closes = closes_of(container)
    return replace(finding, closes=(*finding.closes, *closes)) if closes else finding


def closes_of(container: ObservedContainer) -> tuple[Close, ...]:
    """While one takes blocks, all are told that are not closed: which of them leads the ring, and
    so sees to it, is not known here. Also behind a replica that has closed or failed already."""
    if container.state is ContainerState.OPEN or writers_may_finish(container):
        return ()
    living = _living(container)
    closes: list[Close] = []
    if any(each.state in TAKES_BLOCKS for each in living):
        force = container.ring_is_lost
        closes = [
            Close(each.node_id, force=force)
            for each in living
            if each.state in TAKES_BLOCKS or each.state is ContainerState.UNHEALTHY
        ]
    if container.state is ContainerState.CLOSED:
        # It has all that the container has, or more: then the container gets that.
        closes += [
            Close(each.node_id, force=True)
            for each in living
            if each.state is ContainerState.QUASI_CLOSED and not is_behind(container, each)
        ]
    return tuple(closes)


def room_by_removal(container: ObservedContainer, takers: Set[str]) -> Removal | None:
    """Where no node can take what it lacks: what may go, so that one can.

    Args: takers: nodes that take new data."""
    if container.replication.is_ec:
        return indexes.room_by_removal(container, takers)
    return whole_copies.room_by_removal(container)


def _living(container: ObservedContainer) -> list[ObservedReplica]:
    return [each for each in container.replicas if not each.node.is_dead]
