"""What a DataNode asks of the ring's log and of the SCM."""

from collections.abc import Callable, Sequence
from typing import Protocol

from trioxygen.proto.v1.scm_pb2 import (
    HeartbeatReply,
    HeartbeatRequest,
    RegisterDataNodeReply,
    RegisterDataNodeRequest,
)


class LogEntry(Protocol):
    """A committed entry; `payload` is a serialized RingEntry."""

    @property
    def index(self) -> int: ...

    @property
    def payload(self) -> bytes: ...


class RingMachine(Protocol):
    """The state machine behind a ring's log."""

    def applied_index(self) -> int:
        """The index that the durable state holds; entries after it are replayed at start."""
        ...

    async def apply(self, entries: Sequence[LogEntry]) -> None:
        """Committed entries, in order, each once. Returns when their effects can be read."""
        ...


class RingLog(Protocol):
    """One member of a ring: the replicated log of a pipeline (a Raft group)."""

    async def start(self, machine: RingMachine) -> None:
        """Recovers the log and applies what `machine` lacks."""
        ...

    async def propose(self, payload: bytes) -> int:
        """The entry's index, once it is committed and applied here.

        Raises: NotLeader, Overloaded.
        """
        ...

    def is_leader(self) -> bool: ...

    @property
    def is_short(self) -> bool:
        """Whether the log has no room to go on for long: the rest is for what frees space."""
        ...

    def watch_pressure(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` when the log wants entries to be durable elsewhere, to drop them."""
        ...

    def state_is_durable_through(self, index: int) -> None:
        """Entries up to `index` are on stable storage elsewhere: the log may drop them."""
        ...

    async def stop(self) -> None: ...


class ScmClient(Protocol):
    async def register(self, request: RegisterDataNodeRequest) -> RegisterDataNodeReply: ...

    async def heartbeat(self, request: HeartbeatRequest) -> HeartbeatReply: ...
