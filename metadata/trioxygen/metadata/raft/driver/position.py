"""How far the state of a replica is."""

from collections.abc import Sequence

from trioxygen.metadata.raft.core.membership import decode
from trioxygen.metadata.raft.core.types import Configuration, Entry, EntryKind, SnapshotMeta


class Position:
    """Attributes:
    index, term: of the last entry that was applied: as far as reads may see.
    configuration: in force there.
    durable_index: the state is on stable storage through it.
    """

    __slots__ = ("configuration", "durable_index", "index", "term")

    def __init__(self, configuration: Configuration) -> None:
        self.index = self.term = self.durable_index = 0
        self.configuration = configuration

    def begin(self, index: int, term: int, configuration: Configuration) -> None:
        """With a state as it was found, or as it was installed."""
        self.index, self.term, self.configuration = index, term, configuration
        self.durable_index = index

    def applied(self, entries: Sequence[Entry]) -> None:
        last = entries[-1]
        if last.index > self.index:
            self.index, self.term = last.index, last.term
        for entry in entries:
            if entry.kind is EntryKind.CONFIGURATION:
                self.configuration = decode(entry.payload)

    def meta(self) -> SnapshotMeta | None:
        """Of a snapshot that is taken now; None: of nothing."""
        if not self.index:
            return None
        return SnapshotMeta(self.index, self.term, self.configuration)
