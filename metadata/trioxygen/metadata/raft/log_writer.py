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
from trioxygen.common.worker import Tasks
from trioxygen.metadata.raft.core.types import Entry, HardState, Ready, ReplicaId
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.wal import WriteAheadLog
from trioxygen.metadata.raft.wal_format import RECORD_HEADER_BYTES
from trioxygen.proto.v1 import raft_pb2

log = logs.get(__name__)

_SPACE_WAIT_MS: Final = 250.0
# Of a hard state with its record's header, and a record that says what is cut off.
_APPEND_EXTRA_BYTES: Final = 3 * RECORD_HEADER_BYTES + 64


def entry_bytes_max(wal: WriteAheadLog) -> int:
    """What the payload of one entry may have, to fit in an append with all that may go with it."""
    return wal.append_bytes_max - _APPEND_EXTRA_BYTES - RECORD_HEADER_BYTES


def encode_hard_state(state: HardState, *, installing: tuple[int, int] = (0, 0)) -> bytes:
    """Args: installing: index and term of the snapshot that is about to replace the state."""
    return raft_pb2.HardState(
        term=state.term,
        voted_for=state.voted_for or 0,
        commit=state.commit,
        installing_index=installing[0],
        installing_term=installing[1],
    ).SerializeToString()


def decode_hard_state(data: bytes) -> tuple[HardState, tuple[int, int]]:
    stored = raft_pb2.HardState.FromString(data)
    voted_for = ReplicaId(stored.voted_for) if stored.voted_for else None
    state = HardState(stored.term, voted_for, stored.commit)
    return state, (stored.installing_index, stored.installing_term)


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
        failed: Callable[[BaseException], None],
    ) -> None:
        self._wal, self._group, self._clock, self._tasks = wal, group, clock, tasks
        self._durable, self._drained = durable, drained
        self._has_room, self._failed = has_room, failed
        self._pending: deque[_Pending] = deque()
        # Not written yet, since nothing but the commit index changed: it goes with the next append.
        self._hard_state: HardState | None = None
        self._entries_bytes_max = wal.append_bytes_max - _APPEND_EXTRA_BYTES
        self._retry: asyncio.Task[None] | None = None
        self._idle: asyncio.Future[None] | None = None
        self._ended = False

    @property
    def is_full(self) -> bool:
        """Whether the disk is."""
        return self._retry is not None

    def note(self, hard_state: HardState) -> None:
        """Goes with the next append."""
        self._hard_state = hard_state

    def write(self, ready: Ready) -> None:
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
        self._pending.append(pending)
        if self.is_full:
            pending.waits_for_room = True
        else:
            self._append(pending)

    def _append(self, pending: _Pending) -> None:
        hard_state, entries = pending.hard_state, pending.ready.entries
        try:
            if len(entries) > 1:
                for piece in self._pieces(entries):
                    durable = self._wal.append(
                        self._group, piece, hard_state=hard_state, is_bounded=True
                    )
                    durable.add_done_callback(self._written)
                    pending.durable, hard_state = durable, None
            else:
                durable = self._wal.append(
                    self._group, entries, hard_state=hard_state, is_bounded=True
                )
                durable.add_done_callback(self._written)
                pending.durable = durable
        except TrioxygenError as error:
            self._fail(error)

    def _pieces(self, entries: Sequence[Entry]) -> Sequence[Sequence[Entry]]:
        """As much as fits in one append each. What a crash leaves of them is a log too."""
        total = RECORD_HEADER_BYTES * len(entries) + sum([len(one.payload) for one in entries])
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
        if self._ended:
            return
        if isinstance(error, NoSpace):
            self._wait_for_room(error)
        elif error is not None:
            self._fail(error)
        else:
            self._advance()

    def _advance(self) -> None:
        pending = self._pending
        count = 0
        while pending and not self._ended:
            first = pending[0]
            durable = first.durable
            if first.waits_for_room or (durable is not None and not _is_durable(durable)):
                break
            pending.popleft()
            self._durable(first.ready)
            count += 1
        if not pending and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)
        if count and not self._ended:
            self._drained()

    def _fail(self, error: BaseException) -> None:
        if not self._ended:
            self.stop()
            self._failed(error)

    # ---- a full disk ----

    def _wait_for_room(self, error: NoSpace) -> None:
        # All that was queued in the log came back with this, and needs to be given to it again.
        for one in self._pending:
            if one.durable is not None and not _is_durable(one.durable):
                one.durable, one.waits_for_room = None, True
        if self._retry is None:
            log.warning("log_full", group=self._group, reason=error)
            self._retry = self._tasks.start(self._try_again(), name=f"log-{self._group}-full")

    async def _try_again(self) -> None:
        is_full = True
        while not self._ended:
            if is_full:
                self._has_room(False)
                await self._clock.sleep_ms(_SPACE_WAIT_MS)
            waiting = [one for one in self._pending if one.waits_for_room]
            if not waiting:
                break
            for one in waiting:
                one.waits_for_room = False
                self._append(one)
            written = [one.durable for one in waiting if one.durable is not None]
            if written and not self._ended:
                await asyncio.wait(written)
            # Our callbacks came first: what was refused waits again.
            is_full = any(one.waits_for_room for one in waiting)
        self._retry = None
        if not self._ended:
            log.info("log_has_room_again", group=self._group)
            self._has_room(True)

    # ---- the end ----

    async def drain(self) -> None:
        """Returns when nothing waits to be durable."""
        if self._pending and not self._ended:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle

    def stop(self) -> None:
        """Calls nobody any more."""
        self._ended = True
        self._pending.clear()
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)


def _is_durable(written: "asyncio.Future[None]") -> bool:
    return written.done() and written.exception() is None
