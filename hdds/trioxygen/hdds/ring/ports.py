"""What rings ask of their volume's log, and of their members."""

from collections.abc import Callable, Sequence
from typing import Protocol

from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.proto.v1.datanode_pb2 import RingRow

# The member of a ring that this node is, not started: over the log that the volume's rings share.
ReplicaFactory = Callable[[RingRow], Replica]


class SharedLog(Protocol):
    """The log of a volume: of all its rings."""

    def groups(self) -> Sequence[GroupId]:
        """Those of which it holds anything."""
        ...

    async def forget(self, group: GroupId) -> None:
        """It is left for good. Raises: NoSpace, and what a log raises that has failed."""
        ...

    @property
    def is_short(self) -> bool:
        """Whether it has no room to go on for long: the rest is for what frees space."""
        ...

    @property
    def watch_pressure(self) -> Callable[[Callable[[], None]], None]:
        """Calls a watcher when the log wants entries to be durable elsewhere, to drop them."""
        ...
