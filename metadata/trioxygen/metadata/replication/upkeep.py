"""What keeps a replica's state and log within the disk: the state is made durable, so that the log
may drop what it holds, and room is held for what frees space."""

import asyncio
import math
from collections.abc import Sequence
from typing import Final

from trioxygen.common import logs
from trioxygen.common.blocking import Lane
from trioxygen.common.errors import NoSpace, NotLeader, TrioxygenError
from trioxygen.common.full_disk import FULL_WAIT_MS
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.ports import Entry, Replica
from trioxygen.metadata.replication.state import ReplicatedState
from trioxygen.metadata.store.ports import StoreFailed

log = logs.get(__name__)

_DURABLE_EVERY_ENTRIES: Final = 2_000
_DURABLE_EVERY_BYTES: Final = 64 * MIB
_HAND_OVER_EVERY_MS: Final = 60_000.0
# By then another leads, or none can.
_HANDED_OVER_MS: Final = 1_000.0


class Upkeep:
    """Args:
    name: of the service.
    lane: of the store's writer.
    """

    def __init__(
        self, name: str, runtime: Runtime, state: ReplicatedState, replica: Replica, lane: Lane
    ) -> None:
        self._name, self._runtime, self._lane = name, runtime, lane
        self._state, self._replica = state, replica
        self._entries = self._bytes = 0
        self._making_durable: asyncio.Task[None] | None = None
        self._looked_for_room_ms = 0.0
        self._handed_over_ms = -math.inf

    def applied(self, entries: Sequence[Entry]) -> None:
        self._entries += len(entries)
        self._bytes += sum([len(entry.payload) for entry in entries])
        if self._entries >= _DURABLE_EVERY_ENTRIES or self._bytes >= _DURABLE_EVERY_BYTES:
            self.make_durable_soon()

    def make_durable_soon(self) -> None:
        if self._making_durable is None:
            self._making_durable = self._runtime.tasks.start(
                self.make_durable(), name=f"{self._name}-make-durable"
            )
            self._making_durable.add_done_callback(self._made_durable)

    def _made_durable(self, _: "asyncio.Task[None]") -> None:
        self._making_durable = None

    async def make_durable(self) -> None:
        """Syncs the store, and lets the log drop what the store holds. Raises: NoSpace,
        StoreFailed."""
        self._entries = self._bytes = 0
        index = self._state.applied().index
        await self._runtime.blocking.run(self._state.store.sync)
        self._replica.state_is_durable_through(index)

    async def end(self) -> None:
        """At a stop, which goes on whatever the disk says: what cannot be synced the log has."""
        try:
            await self.make_durable()
        except (TrioxygenError, StoreFailed) as error:
            log.warning("state_not_synced", service=self._name, reason=error)

    def is_full(self) -> bool:
        """Whether only what frees space should be taken, so that it can always be."""
        store = self._state.store
        now_ms = self._runtime.clock.monotonic_ms()
        if store.is_short and now_ms - self._looked_for_room_ms >= FULL_WAIT_MS:
            # A commit would look too, but there may be none.
            self._looked_for_room_ms = now_ms
            self._runtime.tasks.start(self._look_for_room(), name=f"{self._name}-room")
        return store.is_short or self._replica.is_short

    def check_room(self) -> None:
        """Of a leader, before it takes what only takes space.

        Raises: NotLeader: another member may have room, and is about to lead; NoSpace."""
        if not self.is_full():
            return
        now_ms = self._runtime.clock.monotonic_ms()
        since_ms = now_ms - self._handed_over_ms
        # Where all are full, leadership must not go round and round.
        if since_ms >= _HAND_OVER_EVERY_MS and self._replica.hand_over():
            log.warning("disk_full", service=self._name, reason="another member is to lead")
            self._handed_over_ms, since_ms = now_ms, 0
        if since_ms < _HANDED_OVER_MS:
            raise NotLeader("its disk is nearly full: another is to lead", group=self._name)
        raise NoSpace("the disk is nearly full: only deleting is possible", service=self._name)

    async def _look_for_room(self) -> None:
        await self._lane.run(self._state.store.keep_room)
