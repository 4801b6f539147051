"""The way to another process: what waits for it, and the calls that carry it there.

Messages are picked up in the next turn of the event loop, all that wait together: by the reply to
a call of that process, which is held back for a moment for this, or else by a call of our own.
Replies to Raft messages come within a millisecond, so between two busy processes each call carries
messages both ways, with half the calls. What is lost on the way is lost: the protocol sends it
again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Protocol

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.rpc.network import Channel
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.units import MIB
from trioxygen.common.worker import Tasks
from trioxygen.metadata.raft.core.types import Message, ReplicaId
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.transport.codec import encode, size_bytes
from trioxygen.proto.v1.raft_pb2 import RaftBatch, RaftGroupMessages

log = logs.get(__name__)

_STEP: Final = "Raft/Step"


class Sender(Protocol):
    """A replica that has something to say."""

    @property
    def group(self) -> GroupId: ...

    @property
    def group_digest(self) -> int: ...

    def unreachable(self, replica: ReplicaId) -> None:
        """Messages to it were lost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerConfig:
    """Attributes:
    calls_max: in flight to one process; they may overtake each other.
    call_timeout_ms: after which a call's messages count as lost.
    batch_bytes_max: a call takes no more messages once it has as much.
    queued_bytes_max: what waits for one process; more is dropped.
    """

    calls_max: int = 4
    call_timeout_ms: float = 2_000
    batch_bytes_max: int = 1 * MIB
    queued_bytes_max: int = 32 * MIB


class Peer:
    """Args: not_vouched: groups that a call was to vouch for, which was lost."""

    def __init__(
        self,
        address: str,
        channel: Channel,
        tasks: Tasks,
        config: PeerConfig,
        *,
        own_address: str,
        receive: Callable[[RaftBatch], None],
        not_vouched: Callable[[Collection[int]], None],
    ) -> None:
        self.address, self._own_address = address, own_address
        self._channel, self._tasks, self._config = channel, tasks, config
        self._receive, self._not_vouched = receive, not_vouched
        self._queue: deque[tuple[Sender, Message, int]] = deque()
        self._queued_bytes = 0
        # That the next message vouches for.
        self._quiet_groups: Collection[GroupId] = ()
        self._callers: set[asyncio.Task[None]] = set()
        self._idle: list[asyncio.Future[None]] = []
        self._held: asyncio.Future[None] | None = None
        self._stopped = False

    def send(self, sender: Sender, message: Message) -> None:
        size = size_bytes(message)
        if self._queued_bytes + size > self._config.queued_bytes_max and self._queue:
            sender.unreachable(message.to)
            return
        self._queue.append((sender, message, size))
        self._queued_bytes += size
        self._wake()

    def vouch(self, groups: Collection[GroupId]) -> None:
        """This process leads them, and has nothing to say in them."""
        self._quiet_groups = groups
        self._wake()

    @property
    def _has_something(self) -> bool:
        return bool(self._queue or self._quiet_groups)

    def _wake(self) -> None:
        """Sees to it that somebody takes what waits."""
        held = self._held
        if held is not None:
            if not held.done():
                held.set_result(None)
            return
        while self._idle:
            idle = self._idle.pop()
            if not idle.done():
                idle.set_result(None)
                return
        if len(self._callers) < self._config.calls_max and not self._stopped:
            caller = self._tasks.start(self._call(), name=f"raft-to-{self.address}")
            self._callers.add(caller)
            caller.add_done_callback(self._callers.discard)

    def _take(self) -> RaftBatch:
        batch = RaftBatch(sender_address=self._own_address, quiet_groups=self._quiet_groups)
        self._quiet_groups = ()
        groups: dict[Sender, RaftGroupMessages] = {}
        queue, total, most = self._queue, 0, self._config.batch_bytes_max
        while queue and (not total or total + queue[0][2] <= most):
            sender, message, size = queue.popleft()
            total += size
            messages = groups.get(sender)
            if messages is None:
                messages = groups[sender] = batch.groups.add(
                    group=sender.group, group_digest=sender.group_digest
                )
            encode(message, messages.messages.add())
        self._queued_bytes -= total
        return batch

    # ---- as the replies to its calls ----

    def hold(self) -> "asyncio.Future[None]":
        """A call of the peer's has come: what is sent from now on may be its reply. One call at a
        time is held back; the one before is answered."""
        self.release()
        self._held = asyncio.get_running_loop().create_future()
        return self._held

    def release(self) -> None:
        held, self._held = self._held, None
        if held is not None and not held.done():
            held.set_result(None)

    async def reply(self, held: "asyncio.Future[None]") -> RaftBatch:
        """What there is to say, or nothing when the call was held back long enough."""
        try:
            if not self._has_something:
                await held
            return self._take()
        finally:
            if self._held is held:
                self._held = None
            if self._queue:
                self._wake()

    # ---- by calls ----

    async def _call(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopped:
            if not self._has_something:
                idle: asyncio.Future[None] = loop.create_future()
                self._idle.append(idle)
                await idle
                continue
            taken = [(sender, message.to) for sender, message, _ in self._queue]
            batch = self._take()
            del taken[len(taken) - len(self._queue) :]
            if self._queue:
                self._wake()
            try:
                reply = await self._channel.call(
                    _STEP, batch, RaftBatch, timeout_ms=self._config.call_timeout_ms
                )
                if reply.groups or reply.quiet_groups:
                    RULES.check(reply, _STEP)
                    self._receive(reply)
            except TrioxygenError as error:
                log.debug("raft_messages_lost", to=self.address, reason=error)
                for sender, replica in dict.fromkeys(taken):
                    sender.unreachable(replica)
                self._not_vouched(batch.quiet_groups)

    def stop(self) -> None:
        self._stopped = True
        self._queue.clear()
        self._queued_bytes = 0
        self.release()
        for caller in self._callers:
            caller.cancel()
