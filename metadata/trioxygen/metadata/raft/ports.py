"""What a replicated service and its log ask of each other.

A `Replica` is one member of a Raft group. With a single voter a proposal is committed when the own
log is synced; with three, when two logs are. Users of the port cannot tell the difference."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import NewType, Protocol

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Internal, InvalidRequest, Stopping, TrioxygenError
from trioxygen.metadata.raft.core.types import Entry, EntryKind

__all__ = ["Entry", "EntryKind"]

GroupId = NewType("GroupId", int)


@dataclass(frozen=True, slots=True)
class Applied:
    """How far a state is.

    Attributes:
    index, term: of the last entry that it holds.
    configuration: the group's, in force there, as in the payload of a CONFIGURATION entry. Empty:
        the one that the group began with.
    """

    index: int = 0
    term: int = 0
    configuration: bytes = b""


class StateMachineFailed(Internal):
    """Applying a committed entry failed: the replica cannot go on, nor skip it."""


class ReplicaFailed(Stopping):
    """This member of the group takes part no more, the fact `cause` says why: others may answer."""


class LogCompacted(InvalidRequest):
    """The log does not go back that far: whoever follows it starts over from a snapshot."""


class Snapshot(Protocol):
    """A state on its way to another replica: as it was when this was opened."""

    @property
    def applied(self) -> Applied: ...

    @property
    def format(self) -> str:
        """Of the pieces, with its version."""
        ...

    def pieces(self) -> AsyncIterator[Buffer]: ...

    async def close(self) -> None:
        """Idempotent; also while pieces are left."""
        ...


class IncomingSnapshot(Protocol):
    """A state that comes from another replica, kept beside the own one until `install`."""

    async def write(self, piece: Buffer) -> None: ...

    async def complete(self) -> Applied:
        """All was written: durable now, and checked.

        Raises: ChecksumMismatch, UnknownFormat."""
        ...

    async def install(self, configuration: bytes) -> None:
        """Replaces the state, atomically and durably. No `apply` is under way. `configuration` is
        the one in force there, for a state that does not say."""
        ...

    async def abort(self) -> None:
        """Idempotent; nothing happens after `install`."""
        ...


class ReplicatedStateMachine(Protocol):
    """What a group's entries are for: the same at each of its voters, be it only one."""

    def applied(self) -> Applied:
        """Of the durable state. Entries after it are replayed at start."""
        ...

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Committed entries, in order, each once. Returns when their effects can be read.

        Those of the kinds NO_OP and CONFIGURATION change nothing but what `applied` says. The
        leader's own proposals come here too: an executor that ran one already knows it by its
        payload (the same object) and only commits it. Another leader's entry in the place of one
        that was executed says that this one is lost."""
        ...

    async def open_snapshot(self) -> Snapshot: ...

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        """One at a time: the caller has ended the one before.

        Raises: UnknownFormat."""
        ...


class Replica(Protocol):
    async def start(self, machine: ReplicatedStateMachine) -> None:
        """Recovers the log, applies what `machine` lacks as far as it is known to be committed, and
        takes part in the group."""
        ...

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        """The entry's index, once it is committed and applied here.

        A caller that is cancelled does not take its proposal back.

        Args:
            committed: called before it is applied, where reads wait for what is committed.

        Raises:
            NotLeader: nothing was appended, or it may yet be lost, or be committed under another
                leader; retry there with the same request id.
            Overloaded, NoSpace: nothing was appended, nor will be.
            ReplicaFailed: as NotLeader; where no other replica is, the failure itself: an Internal.
        """
        ...

    async def read_barrier(self) -> None:
        """Returns when reads of the state machine are linearizable (ReadIndex), on any member.
        Never waits for a disk.

        Raises: NotLeader: no leader is known, or it changed; Overloaded."""
        ...

    def is_leader(self) -> bool:
        """Whether it leads, and holds everything that earlier leaders committed."""
        ...

    def leader_address(self) -> str:
        """Where the leader is, if that is known; else empty."""
        ...

    @property
    def has_caught_up(self) -> bool:
        """Whether all that its log holds has been applied. Else the state may lack what has been
        acknowledged: what of the log is committed, a member hears from the leader, and later."""
        ...

    @property
    def failure(self) -> TrioxygenError | None:
        """Why it takes nothing more. The only member of a group leads on all the same when its log
        failed: what is committed can be read."""
        ...

    def watch_leadership(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` whenever `is_leader` or `term` may have changed. Before `start`."""
        ...

    @property
    def is_short(self) -> bool:
        """Whether the log has no room to go on for long: the rest is for what frees space."""
        ...

    def hand_over(self) -> bool:
        """Begins to give leadership to another member; whether there is one that can take it."""
        ...

    def watch_pressure(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` when the log wants `state_is_durable_through`, to drop entries."""
        ...

    @property
    def term(self) -> int: ...

    @property
    def entry_bytes_max(self) -> int:
        """What `propose` takes at most."""
        ...

    def fail(self, error: BaseException) -> TrioxygenError:
        """The state machine cannot go on: another replica shall lead. What callers are told."""
        ...

    async def read_log(self, first_index: int, *, bytes_max: int) -> Sequence[Entry]:
        """Entries from an index on, of about so many bytes, at least one; they may not be committed
        yet, and none follows the end of what is durable.

        Raises: LogCompacted; LogCorrupt."""
        ...

    def state_is_durable_through(self, index: int) -> None:
        """The state machine has entries up to `index` on stable storage: the log may drop them."""
        ...

    async def stop(self) -> None:
        """Applies what was proposed, then ends. Idempotent."""
        ...
