"""What a log holds of each of its groups, as far as it is synced. In memory; no files here."""

from collections.abc import Mapping, Sequence

from trioxygen.metadata.raft.log.index import GroupIndex, GroupLog
from trioxygen.metadata.raft.ports import GroupId


class LogContents:
    """The part of a log that can be asked without waiting."""

    def __init__(self, groups: Mapping[GroupId, GroupIndex]) -> None:
        self._groups = {group: GroupLog(index) for group, index in groups.items()}

    def groups(self) -> Sequence[GroupId]:
        """Those of which the log holds anything."""
        return [
            group
            for group, known in self._groups.items()
            if len(known.index) or known.index.hard_state or known.index.compacted_index
        ]

    def hard_state(self, group: GroupId) -> bytes:
        """As last synced; empty: never written."""
        return self._index(group).hard_state

    def first_index(self, group: GroupId) -> int:
        """Of the first entry that can be read; `last_index` + 1 when there is none."""
        return self._index(group).first_index

    def last_index(self, group: GroupId) -> int:
        """Of the last synced entry; the compacted index when there is none."""
        return self._index(group).last_index

    def last_index_queued(self, group: GroupId) -> int:
        """Of the last entry given to `append`, synced or not. The next one follows it."""
        known = self._groups.get(group)
        return 0 if known is None else known.last_index_queued

    def compacted(self, group: GroupId) -> tuple[int, int]:
        """(index, term) of the last entry that is obsolete; (0, 0): none."""
        index = self._index(group)
        return index.compacted_index, index.compacted_term

    def term(self, group: GroupId, index: int) -> int:
        """Of a synced entry, or of the last compacted one."""
        return self._index(group).term(index)

    def configurations(self, group: GroupId) -> Sequence[int]:
        """Indexes of the synced entries of the kind CONFIGURATION."""
        return self._index(group).configurations

    def _forget(self, group: GroupId) -> None:
        self._groups.pop(group, None)

    def _known(self, group: GroupId) -> GroupLog:
        known = self._groups.get(group)
        if known is None:
            known = self._groups[group] = GroupLog(GroupIndex(group))
        return known

    def _index(self, group: GroupId) -> GroupIndex:
        known = self._groups.get(group)
        return GroupIndex(group) if known is None else known.index
