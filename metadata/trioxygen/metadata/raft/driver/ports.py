"""What a driver asks of the way to the other members."""

from collections.abc import Callable, Sequence
from typing import Protocol

from trioxygen.common.rpc.network import Upload
from trioxygen.metadata.raft.core.types import Message, ReplicaId
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.transport.transport import Member
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader


class Waiting(Member, Protocol):
    """A member that sees time pass only as far as it is ticked."""

    @property
    def waits_for_ticks(self) -> bool: ...


class Transport(Protocol):
    """Carries messages, and ticks. `RaftTransport`; `NoPeers` where there is nobody."""

    @property
    def address(self) -> str:
        """Of this process, as others reach it."""
        ...

    def attach(self, member: Waiting, addresses: Callable[[ReplicaId], str]) -> None:
        """Delivers and ticks from now on."""
        ...

    def detach(self, member: Waiting) -> None: ...

    def address_of(self, group: GroupId, replica: ReplicaId) -> str:
        """Empty: not known."""
        ...

    def send(self, member: Waiting, messages: Sequence[Message]) -> None:
        """Best effort."""
        ...

    async def open_snapshot(self, header: InstallSnapshotHeader) -> Upload:
        """Raises: Unavailable errors."""
        ...

    def catch_up(self) -> None:
        """Makes the ticks that are due."""
        ...

    def tick_while_waiting(self, member: Waiting) -> None:
        """It began to wait for something that may not come: its ticks must not rest."""
        ...
