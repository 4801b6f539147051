"""A driver without I/O: one replica with a durable part that survives `restart`."""

import random
from collections import deque
from collections.abc import Sequence

from trioxygen.metadata.raft.core.config import RaftConfig, RandomSource
from trioxygen.metadata.raft.core.errors import EntriesNotLoaded
from trioxygen.metadata.raft.core.membership import decode
from trioxygen.metadata.raft.core.node import Node
from trioxygen.metadata.raft.core.types import (
    Configuration,
    Entry,
    EntryKind,
    HardState,
    InstallSnapshot,
    Message,
    Ready,
    ReplicaId,
    SnapshotMeta,
)


def replica(number: int) -> ReplicaId:
    return ReplicaId(number)


def group_of(count: int, learners: int = 0) -> Configuration:
    """Voters from 1 up, then learners."""
    ids = [ReplicaId(number) for number in range(1, count + learners + 1)]
    return Configuration(voters=tuple(ids[:count]), learners=tuple(ids[count:]))


class DurableLog:
    """Implements `log.LogReader`.

    Attributes:
    cold: entries must be loaded before they can be had; `missed` once that was refused.
    """

    def __init__(self) -> None:
        self.compacted = (0, 0)
        self.kept: list[Entry] = []
        self.snapshot_taken: SnapshotMeta | None = None
        self.cold = self.missed = False

    def first_index(self) -> int:
        return self.compacted[0] + 1

    def last_index(self) -> int:
        return self.compacted[0] + len(self.kept)

    def term(self, index: int) -> int:
        if index == self.compacted[0]:
            return self.compacted[1]
        assert self.first_index() <= index <= self.last_index(), index
        return self.kept[index - self.first_index()].term

    def entries(self, first: int, last: int, *, bytes_max: int) -> Sequence[Entry]:
        if self.cold:
            self.missed = True
            raise EntriesNotLoaded(first, last)
        actual: list[Entry] = []
        for entry in self.kept[first - self.first_index() : last - self.compacted[0]]:
            bytes_max -= len(entry.payload)
            if actual and bytes_max < 0:
                break
            actual.append(entry)
        return actual

    def snapshot(self) -> SnapshotMeta | None:
        return self.snapshot_taken

    def write(self, entries: Sequence[Entry]) -> None:
        if entries:
            assert self.compacted[0] < entries[0].index <= self.last_index() + 1
            del self.kept[entries[0].index - self.first_index() :]
            self.kept.extend(entries)

    def reset(self, snapshot: SnapshotMeta) -> None:
        self.compacted, self.kept = (snapshot.index, snapshot.term), []
        self.snapshot_taken = snapshot

    def compact(self, snapshot: SnapshotMeta) -> None:
        assert snapshot.index <= self.last_index()
        del self.kept[: snapshot.index - self.compacted[0]]
        self.compacted = (snapshot.index, snapshot.term)
        self.snapshot_taken = snapshot


class Member:
    """Attributes:
    state: the payloads applied, by index: durable at once, like the index it stands at.
    streamed: states that arrived with snapshots, by index.
    unsynced: taken and not durable yet, in order.
    """

    def __init__(
        self,
        number: ReplicaId,
        config: RaftConfig,
        configuration: Configuration,
        rng: RandomSource,
    ) -> None:
        self.id, self._config, self._rng = number, config, rng
        self.log = DurableLog()
        self.hard_state = HardState()
        self.applied = 0
        self.configuration = configuration
        self.state: list[tuple[int, bytes]] = []
        self.streamed: dict[int, list[tuple[int, bytes]]] = {}
        self.unsynced: deque[Ready] = deque()
        self.node = self._start()

    def _start(self) -> Node:
        later = [
            entry
            for entry in self.log.kept
            if entry.index > self.applied and entry.kind is EntryKind.CONFIGURATION
        ]
        return Node(
            self.id,
            self._config,
            self._rng,
            self.log,
            hard_state=self.hard_state,
            applied=self.applied,
            configuration=self.configuration,
            later_configurations=later,
        )

    def restart(self) -> None:
        """What was not durable is gone."""
        self.unsynced.clear()
        self.node = self._start()

    def take(self) -> Ready:
        ready = self.node.ready()
        self.unsynced.append(ready)
        return ready

    def sync(self) -> Sequence[Message]:
        """Makes the oldest Ready durable; what may be sent now."""
        ready = self.unsynced.popleft()
        if ready.snapshot is not None:
            self.log.reset(ready.snapshot)
            self.state = self.streamed[ready.snapshot.index]
            self.applied = ready.snapshot.index
            self.configuration = ready.snapshot.configuration
        if ready.hard_state is not None:
            self.hard_state = ready.hard_state
        self.log.write(ready.entries)
        self.node.advance(ready)
        return ready.messages

    def forget_unsynced(self) -> None:
        """What was taken back is advanced, and never written."""
        while self.unsynced:
            self.node.advance(self.unsynced.popleft())

    def apply(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.index <= self.applied:
                # A snapshot brought it meanwhile.
                continue
            assert entry.index == self.applied + 1, (self.id, entry.index, self.applied)
            self.applied = entry.index
            if entry.kind is EntryKind.CONFIGURATION:
                self.configuration = decode(entry.payload)
            elif entry.kind is EntryKind.NORMAL:
                self.state.append((entry.index, entry.payload))
        self.node.applied_to(self.applied)

    def compact(self) -> None:
        """Everything applied leaves the log."""
        if self.applied > self.log.compacted[0]:
            term = self.log.term(self.applied)
            self.log.compact(SnapshotMeta(self.applied, term, self.configuration))

    def load(self) -> None:
        """What the core missed is in memory now."""
        if self.log.missed:
            self.log.missed = self.log.cold = False
            self.node.entries_loaded()


def install(source: Member, target: Member, message: InstallSnapshot) -> None:
    """Streams the state as of the snapshot, then tells the core of both sides."""
    index = message.snapshot.index
    target.streamed[index] = [each for each in source.state if each[0] <= index]
    target.node.step(message)
    source.node.snapshot_reported(target.id, installed=True)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)
