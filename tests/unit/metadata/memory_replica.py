"""The replica port without Raft, its entries in memory: for tests of what is above it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from trioxygen.common.errors import Internal, NotLeader, Stopping, TrioxygenError
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.ports import Entry, LogCompacted, ReplicatedStateMachine


class MemoryReplica:
    """Implements `ports.Replica`. Entries commit at once and are applied in order, run by run.

    It may be started again after `stop`: then it replays what the machine lacks.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        # What proposals are refused with, while there is something.
        self.refusal: TrioxygenError | None = None
        self._released_index = 0
        self._term = 0
        self._machine: ReplicatedStateMachine | None = None
        self._watchers: list[Callable[[], None]] = []
        self._stopped = False
        self._failed: BaseException | None = None
        self._waiting: deque[tuple[Entry, asyncio.Future[None]]] = deque()
        self._applying: Sequence[tuple[Entry, asyncio.Future[None]]] = ()
        self._applier: asyncio.Task[None] | None = None

    @property
    def term(self) -> int:
        return self._term

    @property
    def entry_bytes_max(self) -> int:
        return 16 * MIB

    def is_leader(self) -> bool:
        return self._machine is not None

    def fail(self, error: BaseException) -> TrioxygenError:
        return Internal("the state machine failed", cause=str(error))

    @property
    def has_caught_up(self) -> bool:
        return True

    def leader_address(self) -> str:
        return ""

    @property
    def failure(self) -> TrioxygenError | None:
        return None

    @property
    def is_short(self) -> bool:
        return False

    def hand_over(self) -> bool:
        return False

    def watch_pressure(self, watcher: Callable[[], None]) -> None:
        """It keeps what it has."""

    def watch_leadership(self, watcher: Callable[[], None]) -> None:
        self._watchers.append(watcher)

    def _set_machine(self, machine: ReplicatedStateMachine | None) -> None:
        self._machine = machine
        for watcher in self._watchers:
            watcher()

    async def start(self, machine: ReplicatedStateMachine) -> None:
        self._term += 1
        applied_index = machine.applied().index
        if self._last_index() < applied_index:
            self.entries.clear()
            self._released_index = applied_index
        assert self._released_index <= applied_index, "the log no longer holds what the state lacks"
        lacking = self.entries[applied_index - self._released_index :]
        if lacking:
            await machine.apply(lacking)
        self._stopped = False
        self._set_machine(machine)

    def _last_index(self) -> int:
        return self._released_index + len(self.entries)

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        """As the port says; never calls `committed`: reads here wait for nothing."""
        if self.refusal is not None:
            raise self.refusal
        machine = self._check_leader()
        entry = Entry(self._last_index() + 1, self._term, payload)
        self.entries.append(entry)
        applied: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, applied))
        if self._applier is None:
            self._applier = asyncio.get_running_loop().create_task(self._apply(machine))
            self._applier.add_done_callback(self._ended)
        await applied
        return entry.index

    def _check_leader(self) -> ReplicatedStateMachine:
        if self._failed is not None:
            raise Internal("the state machine failed", cause=str(self._failed)) from self._failed
        if self._stopped:
            raise Stopping()
        if self._machine is None:
            raise NotLeader()
        return self._machine

    async def _apply(self, machine: ReplicatedStateMachine) -> None:
        while self._waiting:
            self._applying = list(self._waiting)
            self._waiting.clear()
            await machine.apply([entry for entry, _ in self._applying])
            for _, applied in self._applying:
                if not applied.done():
                    applied.set_result(None)
            self._applying = ()
        self._applier = None

    def _ended(self, applier: "asyncio.Task[None]") -> None:
        if applier.cancelled():
            self._failed = Stopping("the replica's task was cancelled")
        else:
            self._failed = applier.exception()
        if self._failed is None:
            return
        for _, applied in (*self._applying, *self._waiting):
            if not applied.done():
                error = Internal("the state machine failed", cause=str(self._failed))
                applied.set_exception(error)
        self._applying = ()
        self._waiting.clear()
        self._set_machine(None)

    async def read_barrier(self) -> None:
        self._check_leader()

    async def read_log(self, first_index: int, *, bytes_max: int) -> Sequence[Entry]:
        start = first_index - 1 - self._released_index
        if start < 0:
            raise LogCompacted("the log begins later", first_index=self._released_index + 1)
        return self.entries[start : start + max(1, bytes_max // 1_000)]

    def state_is_durable_through(self, index: int) -> None:
        assert index <= self._last_index(), index
        if index > self._released_index:
            del self.entries[: index - self._released_index]
            self._released_index = index

    async def stop(self) -> None:
        self._stopped = True
        if self._applier is not None:
            await asyncio.wait([self._applier])
        self._set_machine(None)
