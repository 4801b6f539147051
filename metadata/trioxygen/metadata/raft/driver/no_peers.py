"""The transport of a group that is one voter in one process, for good.

There is nobody to send to and no leader to miss, so nothing ticks while the group is idle. Time
passes only while somebody waits for what may not come."""

import asyncio
from collections.abc import Callable, Sequence

from trioxygen.common.errors import Unavailable
from trioxygen.common.rpc.network import Upload
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import Message, ReplicaId
from trioxygen.metadata.raft.driver.ports import Waiting
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader


class NoPeers:
    """Implements `ports.Transport`. Of one group; its leader has no address."""

    address = ""

    def __init__(self, runtime: Runtime, *, tick_ms: float) -> None:
        self._runtime, self._tick_ms = runtime, tick_ms
        self._ticker: asyncio.Task[None] | None = None

    def attach(self, member: Waiting, addresses: Callable[[ReplicaId], str]) -> None:
        """Nobody sends, and nothing ticks yet."""

    def detach(self, member: Waiting) -> None:
        if self._ticker is not None:
            self._ticker.cancel()

    def address_of(self, group: GroupId, replica: ReplicaId) -> str:
        return ""

    def send(self, member: Waiting, messages: Sequence[Message]) -> None:
        assert not messages, f"group {member.group} has no other member: {messages[0]}"

    async def open_snapshot(self, header: InstallSnapshotHeader) -> Upload:
        raise Unavailable("the group has no other member", replica=header.to)

    def catch_up(self) -> None:
        """No lease hangs on it."""

    def tick_while_waiting(self, member: Waiting) -> None:
        if self._ticker is None or self._ticker.done():
            self._ticker = self._runtime.tasks.start(
                self._tick(member), name=f"raft-{member.group}-ticker"
            )

    async def _tick(self, member: Waiting) -> None:
        while member.waits_for_ticks:
            await self._runtime.clock.sleep_ms(self._tick_ms)
            member.tick()
