"""What a replicated service and its log ask of each other.

A `Replica` is one member of a Raft group. With a single voter a proposal is committed when the own
log is synced; with three, when two logs are. Users of the port cannot tell the difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType, Protocol

GroupId = NewType("GroupId", int)


@dataclass(frozen=True, slots=True)
class Entry:
    index: int
    term: int
    payload: bytes


class StateMachine(Protocol):
    def applied_index(self) -> int:
        """The index that the durable state holds; entries after it are replayed at start."""
        ...

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Committed entries, in order, each once. Returns when their effects can be read.

        The leader's own proposals come here too: an executor that ran one already knows it by its
        payload (the same object) and only commits it."""
        ...


class Replica(Protocol):
    async def start(self, machine: StateMachine) -> None:
        """Recovers the log, applies what `machine` lacks, and takes part in the group."""
        ...

    async def propose(self, payload: bytes) -> int:
        """The entry's index, once it is committed and applied here.

        Raises:
            NotLeader: nothing was appended, or it may yet be lost; retry at the leader with the
            same request id.
            Overloaded: too many bytes wait already.
        """
        ...

    async def read_barrier(self) -> None:
        """Returns when reads of the state machine are linearizable (ReadIndex). Never waits for a
        disk.

        Raises: NotLeader, NoQuorum."""
        ...

    def is_leader(self) -> bool: ...

    @property
    def term(self) -> int: ...

    def state_is_durable_through(self, index: int) -> None:
        """The state machine has entries up to `index` on stable storage: the log may drop them."""
        ...

    async def stop(self) -> None: ...
