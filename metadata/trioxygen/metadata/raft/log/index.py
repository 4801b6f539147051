"""Where the entries of a Raft group stand in the log. In memory; rebuilt from the log at start."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from trioxygen.metadata.raft.ports import Entry, EntryKind, GroupId

NOWHERE: Final = -1


class GroupIndex:
    """Entries `first_index` to `last_index`, the hard state, and what is obsolete.

    Takes 12 bytes for each entry.

    Attributes:
    first_index: of the first entry that is held.
    compacted_index, compacted_term: of the last obsolete entry, as the log itself says; 0: none.
    released_index: as the owner said; runs ahead of `compacted_index`.
    configurations: which of the entries are of the kind CONFIGURATION; there are few.
    hard_state: as last written; empty: never.
    hard_state_offset, compacted_offset: of the records that say so, or NOWHERE.
    """

    __slots__ = (
        "_offsets",
        "_sizes",
        "_term_starts",
        "_terms",
        "compacted_index",
        "compacted_offset",
        "compacted_term",
        "configurations",
        "first_index",
        "group",
        "hard_state",
        "hard_state_offset",
        "released_index",
    )

    def __init__(self, group: GroupId) -> None:
        self.group = group
        self.first_index = 1
        self.compacted_index = self.compacted_term = self.released_index = 0
        self.compacted_offset = self.hard_state_offset = NOWHERE
        self.hard_state = b""
        self._offsets = array("Q")
        self._sizes = array("I")
        # Runs of one term: where each starts, and the term. Terms change rarely.
        self._term_starts: list[int] = []
        self._terms: list[int] = []
        self.configurations: list[int] = []

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def last_index(self) -> int:
        """Of the last entry, or what comes before the first when there is none."""
        return self.first_index + len(self._offsets) - 1

    def term(self, index: int) -> int:
        """Of an entry that is held, or of the last compacted one; 0 for index 0."""
        if index == self.compacted_index:
            return self.compacted_term
        assert self.first_index <= index <= self.last_index, (self.group, index)
        return self._terms[bisect_right(self._term_starts, index) - 1]

    def extend(self, offsets: Sequence[int], entries: Sequence[Entry]) -> None:
        """Takes the entries that follow `last_index`."""
        first, last = entries[0], entries[-1]
        if first is last:
            size_bytes = len(first.payload)
            self.add(first.index, first.term, first.kind, offset=offsets[0], size_bytes=size_bytes)
            return
        assert first.index == self.last_index + 1, (self.group, first.index)
        self._offsets.extend(offsets)
        self._sizes.extend([len(entry.payload) for entry in entries])
        # Terms never fall: with the same one at both ends there is only one.
        for entry in (first,) if first.term == last.term else entries:
            self._note_term(entry.index, entry.term)
        for entry in entries:
            if entry.kind is EntryKind.CONFIGURATION:
                self.configurations.append(entry.index)

    def add(self, index: int, term: int, kind: EntryKind, *, offset: int, size_bytes: int) -> None:
        """One entry that follows `last_index`."""
        assert index == self.last_index + 1, (self.group, index)
        self._offsets.append(offset)
        self._sizes.append(size_bytes)
        self._note_term(index, term)
        if kind is EntryKind.CONFIGURATION:
            self.configurations.append(index)

    def _note_term(self, index: int, term: int) -> None:
        if not self._terms or self._terms[-1] != term:
            self._term_starts.append(index)
            self._terms.append(term)

    def truncate(self, from_index: int) -> None:
        """Drops the entries from an index on."""
        keep = max(0, from_index - self.first_index)
        del self._offsets[keep:], self._sizes[keep:]
        while self._term_starts and (not keep or self._term_starts[-1] >= from_index):
            self._term_starts.pop()
            self._terms.pop()
        while self.configurations and (not keep or self.configurations[-1] >= from_index):
            self.configurations.pop()

    def compact(self, index: int, term: int, *, offset: int) -> None:
        """Drops the entries up to an index, and notes the record that says so."""
        self.compacted_offset = offset
        if index > self.compacted_index:
            self.compacted_index, self.compacted_term = index, term
        self.released_index = max(self.released_index, index)
        drop = min(len(self._offsets), max(0, index + 1 - self.first_index))
        del self._offsets[:drop], self._sizes[:drop]
        self.first_index += drop
        if not self._offsets:
            self.first_index = self.compacted_index + 1
            self._term_starts.clear()
            self._terms.clear()
        while len(self._term_starts) > 1 and self._term_starts[1] <= self.first_index:
            del self._term_starts[0], self._terms[0]
        while self.configurations and self.configurations[0] < self.first_index:
            del self.configurations[0]

    def add_recovered(
        self, index: int, term: int, kind: EntryKind, *, offset: int, size_bytes: int
    ) -> None:
        """As recovery finds it. The first may have any index: others may be gone."""
        if not self._offsets:
            self.first_index = index
        self.add(index, term, kind, offset=offset, size_bytes=size_bytes)

    def restart(self, index: int) -> None:
        """Drops all entries; the next one is `index`."""
        self.truncate(0)
        self.first_index = index

    def note_hard_state(self, hard_state: bytes, *, offset: int) -> None:
        self.hard_state, self.hard_state_offset = hard_state, offset

    def locate(self, first_index: int, *, bytes_max: int) -> list[tuple[int, int]]:
        """(offset, payload size) of entries from an index on.

        As many as have `bytes_max` bytes together, but at least one.
        """
        assert self.first_index <= first_index <= self.last_index, (self.group, first_index)
        places: list[tuple[int, int]] = []
        total = 0
        for position in range(first_index - self.first_index, len(self._offsets)):
            size_bytes = self._sizes[position]
            total += size_bytes
            if places and total > bytes_max:
                break
            places.append((self._offsets[position], size_bytes))
        return places


class GroupLog:
    """A group's index of what is durable, and what has been queued beyond it."""

    __slots__ = ("hard_state_queued", "index", "last_index_queued")

    def __init__(self, index: GroupIndex) -> None:
        self.index = index
        self.last_index_queued = index.last_index
        self.hard_state_queued = index.hard_state

    def forget_queued(self) -> None:
        self.last_index_queued = self.index.last_index
        self.hard_state_queued = self.index.hard_state
