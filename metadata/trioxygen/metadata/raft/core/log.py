"""The log as the replica sees it: durable entries behind a `LogReader`, newer ones in memory.

    reader ......... | recent ...................................... |
                            applied <= handed <= durable <= written <= last_index
                                       handed <= commit

Not here: whether an entry may be appended or committed; that is replication's affair."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from trioxygen.metadata.raft.core.errors import EntriesNotLoaded
from trioxygen.metadata.raft.core.types import Entry, EntryId, HardState, SnapshotMeta


class LogReader(Protocol):
    """What is durable. The core asks only for what it does not hold itself, and never for entries
    that it was told to replace."""

    def first_index(self) -> int:
        """One more than the last that was compacted away; 1 for a log that never was."""
        ...

    def last_index(self) -> int:
        """`first_index() - 1` when empty. Asked at start only."""
        ...

    def term(self, index: int) -> int:
        """From `first_index() - 1` (0 for index 0) to `last_index()`. Never waits."""
        ...

    def entries(self, first: int, last: int, *, bytes_max: int) -> Sequence[Entry]:
        """From `first` on: at least one, at most through `last`, about `bytes_max` of payload.

        Raises:
            EntriesNotLoaded: they are not in memory. The driver loads them now, keeps them for a
            while, and calls `Node.entries_loaded`: the core asks again.
        """
        ...

    def snapshot(self) -> SnapshotMeta | None:
        """One at or after `first_index() - 1`, whose bytes the driver can stream; None: not now.
        The core asks again at the next heartbeat."""
        ...


class RaftLog:
    """Attributes:
    last_index, last_term: of the last entry, durable or not.
    durable: entries up to here survive a crash. `written`: handed to the driver for writing.
    commit: §3.5. `handed`: given out for applying. `applied`: the driver said so.
    snapshot: installed in memory, handed out or not, and not durable yet.
    """

    __slots__ = (
        "_applying",
        "_applying_bytes",
        "_reader",
        "_recent",
        "_recent_bytes",
        "_recent_bytes_max",
        "_recent_first",
        "_snapshot_handed",
        "_committed_bytes_max",
        "_committed_waits_for_load",
        "applied",
        "commit",
        "durable",
        "handed",
        "last_index",
        "last_term",
        "snapshot",
        "written",
    )

    def __init__(
        self,
        reader: LogReader,
        hard_state: HardState,
        *,
        applied: int,
        recent_bytes_max: int,
        committed_bytes_max: int,
    ) -> None:
        self._reader = reader
        first, last = reader.first_index(), reader.last_index()
        assert first - 1 <= applied <= last, (first, applied, last)
        assert hard_state.commit <= last, (hard_state, last)
        self.last_index, self.last_term = last, reader.term(last)
        self.durable = self.written = last
        self.commit = max(hard_state.commit, applied)
        self.handed = self.applied = applied
        self.snapshot: SnapshotMeta | None = None
        self._snapshot_handed = False
        self._applying: deque[tuple[int, int]] = deque()
        self._applying_bytes = 0
        self._committed_bytes_max = committed_bytes_max
        self._committed_waits_for_load = False
        self._recent: list[Entry] = []
        self._recent_first = last + 1
        self._recent_bytes = 0
        self._recent_bytes_max = recent_bytes_max

    def first_index(self) -> int:
        """Entries from here on can be had."""
        if self.snapshot is not None:
            return self._recent_first
        return min(self._reader.first_index(), self._recent_first)

    def term(self, index: int) -> int | None:
        """None: not in the log (any more)."""
        if index == self.last_index:
            return self.last_term
        if index > self.last_index:
            return None
        if index >= self._recent_first:
            return self._recent[index - self._recent_first].term
        if self.snapshot is not None:
            return self.snapshot.term if index == self.snapshot.index else None
        if index < self._reader.first_index() - 1:
            return None
        return self._reader.term(index)

    def matches(self, index: int, term: int) -> bool:
        """The consistency check of AppendEntries (§3.5)."""
        return self.term(index) == term

    def is_up_to_date(self, index: int, term: int) -> bool:
        """Whether a log that ends there is at least as up-to-date as this one (§3.6.1)."""
        return term > self.last_term or (term == self.last_term and index >= self.last_index)

    def last_not_after(self, index: int, term: int) -> EntryId:
        """The last entry at or before `index` whose term is at most `term`: the logs cannot agree
        later than there (§3.5, the optimization at its end). Terms never fall along a log."""
        high = min(index, self.last_index)
        low = self.first_index() - 1
        if low > high:
            return EntryId(high, 0)
        # Invariant: low qualifies or is all there is; everything above high does not.
        while low < high:
            middle = (low + high + 1) // 2
            term_there = self.term(middle)
            if term_there is not None and term_there <= term:
                low = middle
            else:
                high = middle - 1
        return EntryId(low, self.term(low) or 0)

    def append(self, entries: Sequence[Entry]) -> None:
        """After the last entry."""
        size_bytes, index, term = 0, self.last_index, self.last_term
        for entry in entries:
            index += 1
            assert entry.index == index and entry.term >= term, (entry.index, entry.term, index)
            term = entry.term
            size_bytes += len(entry.payload)
        self.last_index, self.last_term = index, term
        self._recent.extend(entries)
        self._recent_bytes += size_bytes
        if self._recent_bytes > self._recent_bytes_max:
            self._trim()

    def truncate(self, from_index: int) -> None:
        """§3.5: a follower's conflicting entries give way; committed ones never do (§3.6.3)."""
        assert self.commit < from_index <= self.last_index, (self.commit, from_index)
        last_term = self.term(from_index - 1)
        assert last_term is not None, from_index
        position = from_index - self._recent_first
        if position >= 0:
            self._recent_bytes -= sum(len(entry.payload) for entry in self._recent[position:])
            del self._recent[position:]
        else:
            self._recent.clear()
            self._recent_bytes, self._recent_first = 0, from_index
        self.last_index, self.last_term = from_index - 1, last_term
        self.durable = min(self.durable, from_index - 1)
        self.written = min(self.written, from_index - 1)

    def restore(self, snapshot: SnapshotMeta) -> None:
        """Starts over at the snapshot; the log before it is gone (§5.3)."""
        assert snapshot.index > self.commit, (snapshot.index, self.commit)
        self.snapshot, self._snapshot_handed = snapshot, False
        self._recent.clear()
        self._recent_bytes, self._recent_first = 0, snapshot.index + 1
        self.last_index, self.last_term = snapshot.index, snapshot.term
        self.commit = self.written = snapshot.index
        # Nothing of it is durable, and what is on disk does not count any more.
        self.durable = self.handed = self.applied = snapshot.index
        self._applying.clear()
        self._applying_bytes = 0

    def commit_to(self, index: int) -> None:
        assert self.commit <= index <= self.last_index, (self.commit, index, self.last_index)
        self.commit = index

    def slice(self, first: int, last: int, *, bytes_max: int) -> tuple[Sequence[Entry], int]:
        """Entries from `first`, at least one and at most through `last`, and their size in bytes.

        Raises: EntriesNotLoaded.
        """
        assert first <= last <= self.last_index, (first, last)
        recent_first = self._recent_first
        if first < recent_first:
            assert self.first_index() <= first, (first, last)
            last = min(last, recent_first - 1)
            entries = self._reader.entries(first, last, bytes_max=bytes_max)
            assert entries and entries[0].index == first and entries[-1].index <= last
            return entries, sum([len(entry.payload) for entry in entries])
        recent, start, end = self._recent, first - recent_first, last - recent_first + 1
        size_bytes = 0
        for position in range(start, end):
            size_bytes += len(recent[position].payload)
            if size_bytes > bytes_max and position > start:
                return recent[start:position], size_bytes - len(recent[position].payload)
        return recent[start:end], size_bytes

    def size_bytes(self, first: int, last: int) -> int:
        """Of the payloads in memory."""
        start = max(first - self._recent_first, 0)
        recent = self._recent[start : last - self._recent_first + 1]
        return sum([len(entry.payload) for entry in recent])

    def has_unwritten(self) -> bool:
        return self.written < self.last_index or (
            self.snapshot is not None and not self._snapshot_handed
        )

    def take_unwritten(self) -> tuple[SnapshotMeta | None, Sequence[Entry]]:
        """What the driver must write next, each once."""
        snapshot = None if self._snapshot_handed else self.snapshot
        self._snapshot_handed = self.snapshot is not None
        if self.written == self.last_index:
            return snapshot, ()
        assert self.written + 1 >= self._recent_first, (self.written, self._recent_first)
        entries = self._recent[self.written + 1 - self._recent_first :]
        self.written = self.last_index
        return snapshot, entries

    def durable_to(self, entry: Entry) -> bool:
        """What was written through `entry` is durable; returns whether it is still in the log."""
        index = entry.index
        if index <= self.durable or index > self.written or self.term(index) != entry.term:
            # Replaced meanwhile by another leader's entry, or by a snapshot.
            return False
        self.durable = index
        if self._recent_bytes > self._recent_bytes_max:
            self._trim()
        return True

    def snapshot_durable(self, snapshot: SnapshotMeta) -> None:
        if self.snapshot == snapshot:
            assert self._snapshot_handed
            self.snapshot, self._snapshot_handed = None, False

    def has_committed(self) -> bool:
        """Whether `take_committed` would look for some."""
        return (
            self.handed < self.commit
            and self.handed < self.durable
            and self.snapshot is None
            and self._applying_bytes < self._committed_bytes_max
            and not self._committed_waits_for_load
        )

    def entries_loaded(self) -> None:
        self._committed_waits_for_load = False

    def take_committed(self) -> Sequence[Entry]:
        """The next to apply, each once; none while the disk must be read first, or while too many
        bytes are being applied."""
        if not self.has_committed():
            return ()
        bytes_max = self._committed_bytes_max - self._applying_bytes
        last = min(self.commit, self.durable)
        try:
            entries, size_bytes = self.slice(self.handed + 1, last, bytes_max=bytes_max)
        except EntriesNotLoaded:
            self._committed_waits_for_load = True
            return ()
        self.handed = entries[-1].index
        self._applying.append((self.handed, size_bytes))
        self._applying_bytes += size_bytes
        return entries

    def applied_to(self, index: int) -> None:
        assert index <= self.handed, (index, self.handed)
        if index <= self.applied:
            # Told before a snapshot replaced the state.
            return
        self.applied = index
        applying = self._applying
        while applying and applying[0][0] <= index:
            self._applying_bytes -= applying.popleft()[1]

    def _trim(self) -> None:
        """Forgets durable entries down to half of the limit, those not applied yet last."""
        keep_bytes = self._recent_bytes_max // 2
        last = min(self.durable, self.handed)
        if self._recent_bytes > 2 * self._recent_bytes_max:
            # Only committed ones: the size of the others is counted from memory.
            last = min(self.durable, self.commit)
        dropped = 0
        for entry in self._recent:
            if entry.index > last or self._recent_bytes <= keep_bytes:
                break
            self._recent_bytes -= len(entry.payload)
            dropped += 1
        if dropped:
            del self._recent[:dropped]
            self._recent_first += dropped
