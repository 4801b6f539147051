"""Which segments hold nothing that is needed, and what must be said again before they go. Pure."""

from collections.abc import Mapping

from trioxygen.metadata.raft.log.index import GroupLog
from trioxygen.metadata.raft.log.segment import Append, Segment
from trioxygen.metadata.raft.ports import GroupId


def is_obsolete(segment: Segment, groups: Mapping[GroupId, GroupLog]) -> bool:
    """Whether nobody reads the segment and all groups released what it holds."""
    return not segment.readers and all(
        groups[group].index.released_index >= last for group, last in segment.last_index.items()
    )


def to_carry(oldest: Segment, groups: Mapping[GroupId, GroupLog]) -> list[Append]:
    """What only the oldest segment says: to be durable further on before it goes."""
    carried: list[Append] = []
    for group, known in groups.items():
        index = known.index
        compacted = hard_state = None
        if group in oldest.last_index and index.released_index > index.compacted_index:
            compacted = (index.released_index, index.term(index.released_index))
        elif 0 <= index.compacted_offset < oldest.end_offset:
            compacted = (index.compacted_index, index.compacted_term)
        if 0 <= index.hard_state_offset < oldest.end_offset:
            hard_state = known.hard_state_queued
        if compacted is not None or hard_state is not None:
            carried.append(
                Append(group, compacted=compacted, hard_state=hard_state, is_housekeeping=True)
            )
    return carried
