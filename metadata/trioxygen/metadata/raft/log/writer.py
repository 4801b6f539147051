"""Makes what the core wants written durable, in order, while it goes on.

Each `Ready` is one append; the next is taken before this one is synced, and the log's own queue
lets them share syncs. A full disk loses nothing: what the core once gave out is written when there
is room, and until then nothing that depends on it is said to anybody.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import NoSpace, TrioxygenError
from trioxygen.common.full_disk import FULL_WAIT_MS
from trioxygen.common.states import move
from trioxygen.common.worker import Tasks
from trioxygen.metadata.raft.core.types import Entry, HardState, Ready
from trioxygen.metadata.raft.log.flow import MOVES, Flow
from trioxygen.metadata.raft.log.format import RECORD_HEADER_BYTES
from trioxygen.metadata.raft.log.hard_state import encode_hard_state
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId

log = logs.get(__name__)

# Of a hard state with its record's header, and a record that says what is cut off.
_APPEND_EXTRA_BYTES: Final = 3 * RECORD_HEADER_BYTES + 64


def entry_bytes_max(wal: WriteAheadLog) -> int:
    """What the payload of one entry may have, to fit in an append with all that may go with it."""
    return wal.append_bytes_max - _APPEND_EXTRA_BYTES - RECORD_HEADER_BYTES


@dataclass(slots=True, eq=False)
class _Pending:
    """Attributes:
    hard_state: to be written before the entries.
    durable: None: nothing to write, or not in the log's queue (`waits_for_room`).
    """

    ready: Ready
    hard_state: bytes | None
    durable: "asyncio.Future[None] | None" = None
    waits_for_room: bool = False


class LogWriter:
    """Args:
    durable: called for each Ready in the order of `write`, when it and all before it are durable.
    drained: called after one or more of those calls that came from the log.
    withdraw: called when the disk is full, with what it said. Whether nothing of what is not
        durable is wanted any more; its Readys are given to `durable` all the same.
    has_room: called with False when the disk is full (and each time it still is), with True when
        what waited is written.
    failed: the log is dead; nothing more comes.
    """

    def __init__(
        self,
        wal: WriteAheadLog,
        group: GroupId,
        clock: Clock,
        tasks: Tasks,
        *,
        durable: Callable[[Ready], None],
        drained: Callable[[], None],
        has_room: Callable[[bool], None],
        withdraw: Callable[[NoSpace], bool],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._wal, self._group, self._clock, self._tasks = wal, group, clock, tasks
        self._durable, self._drained = durable, drained
        self._has_room, self._withdraw, self._failed = has_room, withdraw, failed
        self._pending: deque[_Pending] = deque()
        # Not written yet, since nothing but the commit index changed: it goes with the next append.
        self._hard_state: HardState | None = None
        self._entries_bytes_max = wal.append_bytes_max - _APPEND_EXTRA_BYTES
        self._flow = Flow.FLOWING
        self._idle: asyncio.Future[None] | None = None
        self._trying: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether the disk is."""
        return self._flow is Flow.FULL

    def note(self, hard_state: HardState) -> None:
        """Goes with the next append."""
        self._hard_state = hard_state

    def write(self, ready: Ready) -> None:
        if self._flow is Flow.ENDED:
            # An only replica still applies what is committed: of it more Readys come.
            return
        if ready.hard_state is not None:
            self._hard_state = ready.hard_state
        if not ready.must_sync:
            if self._pending:
                self._pending.append(_Pending(ready, None))
            else:
                self._durable(ready)
            return
        hard_state = None
        if self._hard_state is not None:
            hard_state, self._hard_state = encode_hard_state(self._hard_state), None
        pending = _Pending(ready, hard_state)
        # Behind what was refused it would leave a gap in the log, also before we are told.
        if self._pending and (self._flow is Flow.FULL or self._last_was_refused()):
            pending.waits_for_room = True
            self._pending.append(pending)
        else:
            self._pending.append(pending)
            self._append(pending)

    def _last_was_refused(self) -> bool:
        for pending in reversed(self._pending):
            if pending.waits_for_room:
                return True
            if pending.durable is not None:
                return _was_refused(pending.durable)
        return False

    def _append(self, pending: _Pending) -> None:
        hard_state, entries = pending.hard_state, pending.ready.entries
        try:
            if len(entries) > 1:
                for piece in self._pieces(entries):
                    pending.durable = self._wal.append(
                        self._group,
                        piece,
                        hard_state=hard_state,
                        is_bounded=True,
                        written=self._written,
                    )
                    hard_state = None
            else:
                pending.durable = self._wal.append(
                    self._group,
                    entries,
                    hard_state=hard_state,
                    is_bounded=True,
                    written=self._written,
                )
        except TrioxygenError as error:
            self._fail(error)

    def _pieces(self, entries: Sequence[Entry]) -> Sequence[Sequence[Entry]]:
        """As much as fits in one append each. What a crash leaves of them is a log too."""
        total = RECORD_HEADER_BYTES * len(entries) + sum([len(entry.payload) for entry in entries])
        if total <= self._entries_bytes_max:
            return (entries,)
        pieces: list[Sequence[Entry]] = []
        start = size = 0
        for position, entry in enumerate(entries):
            size_bytes = RECORD_HEADER_BYTES + len(entry.payload)
            if size + size_bytes > self._entries_bytes_max and position > start:
                pieces.append(entries[start:position])
                start, size = position, 0
            size += size_bytes
        pieces.append(entries[start:])
        return pieces

    def _written(self, written: "asyncio.Future[None]") -> None:
        error = written.exception()
        if self._flow is Flow.ENDED:
            return
        if error is None:
            self._advance()
        elif isinstance(error, NoSpace):
            self._wait_for_room(error)
        else:
            self._fail(error)

    def _advance(self) -> None:
        pending = self._pending
        count = 0
        while pending and self._flow is not Flow.ENDED:
            first = pending[0]
            durable = first.durable
            if first.waits_for_room or (
                durable is not None and (not durable.done() or durable.exception() is not None)
            ):
                break
            pending.popleft()
            self._durable(first.ready)
            count += 1
        if not pending and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)
        if count and self._flow is not Flow.ENDED:
            self._drained()

    def _fail(self, error: BaseException) -> None:
        if self._flow is not Flow.ENDED:
            self.stop()
            self._failed(error)

    # ---- a full disk ----

    def _wait_for_room(self, error: NoSpace) -> None:
        # All that was queued in the log came back with this, and needs to be given to it again.
        for pending in self._pending:
            if pending.durable is not None and _was_refused(pending.durable):
                pending.durable, pending.waits_for_room = None, True
        waiting = [pending for pending in self._pending if pending.waits_for_room]
        if not waiting or self._flow is Flow.FULL:
            return
        if self._withdraw(error):
            for pending in waiting:
                pending.waits_for_room = False
            self._advance()
        else:
            log.warning("log_full", group=self._group, reason=error)
            self._flow = move(MOVES, self._flow, Flow.FULL)
            name = f"log-{self._group}-full"
            self._trying = self._tasks.start(self._try_again(), name=name)

    async def _try_again(self) -> None:
        is_full = True
        while self._flow is Flow.FULL:
            if is_full:
                self._has_room(False)
                await self._clock.sleep_ms(FULL_WAIT_MS)
            waiting = [pending for pending in self._pending if pending.waits_for_room]
            if not waiting:
                break
            written = self._append_again(waiting)
            if written:
                await asyncio.wait(written)
            # Our callbacks came first: what was refused waits again.
            is_full = any(pending.waits_for_room for pending in waiting)
        if self._flow is Flow.FULL:
            self._flow = move(MOVES, self._flow, Flow.FLOWING)
            log.info("log_has_room_again", group=self._group)
            self._has_room(True)

    def _append_again(self, waiting: Sequence[_Pending]) -> "list[asyncio.Future[None]]":
        written: list[asyncio.Future[None]] = []
        for pending in waiting:
            pending.waits_for_room = False
            self._append(pending)
            if self._flow is Flow.ENDED:
                # The log is dead, or closed: without this one, the next would leave a gap in it.
                return []
            if pending.durable is not None:
                written.append(pending.durable)
        return written

    # ---- the end ----

    async def drain(self) -> None:
        """Returns when nothing waits to be durable."""
        if self._pending and self._flow is not Flow.ENDED:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle

    def stop(self) -> None:
        """Calls nobody any more. Idempotent."""
        if self._flow is Flow.ENDED:
            return
        self._flow = move(MOVES, self._flow, Flow.ENDED)
        self._pending.clear()
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    async def ended(self) -> None:
        """After `stop`: nothing waits for room any more."""
        if self._trying is not None:
            await self._tasks.end(self._trying)


def _was_refused(written: "asyncio.Future[None]") -> bool:
    return written.done() and written.exception() is not None
