"""Who waits for what: proposals for their entry, reads for their index, and how each is told."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trioxygen.common.errors import TrioxygenError
from trioxygen.metadata.raft.core.types import Entry, EntryId, RequestId

MakeError = Callable[[], TrioxygenError]


def _fail(waiting: Iterable["asyncio.Future[None]"], make_error: MakeError) -> None:
    for future in waiting:
        if not future.done():
            future.set_exception(make_error())


def _succeed(waiting: Iterable["asyncio.Future[None]"]) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(None)


@dataclass(slots=True, eq=False)
class _Proposal:
    entry: EntryId
    payload: bytes | None
    applied: "asyncio.Future[None]"
    committed: Callable[[], None] | None


class Proposals:
    """Of one leader's term, in the order of their entries. A proposal succeeds only when the entry
    of its index and term was applied."""

    def __init__(self) -> None:
        self._waiting: deque[_Proposal] = deque()

    def add(
        self, entry: EntryId, payload: bytes | None, committed: Callable[[], None] | None = None
    ) -> "asyncio.Future[None]":
        """Args: payload: to be handed to the state machine as this very object."""
        applied: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Proposal(entry, payload, applied, committed))
        return applied

    def committed(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Tells the proposers. `entries`, with the objects that were proposed: entries that came
        back from disk are others."""
        first, last = entries[0].index, entries[-1].index
        replaced: list[Entry] | None = None
        for proposal in self._waiting:
            index = proposal.entry.index
            if index > last:
                break
            if index < first or proposal.payload is None:
                continue
            entry = entries[index - first]
            if entry.term != proposal.entry.term:
                continue
            if proposal.committed is not None:
                proposal.committed()
            if entry.payload is not proposal.payload:
                replaced = replaced or list(entries)
                replaced[index - first] = Entry(index, entry.term, proposal.payload, entry.kind)
        return replaced or entries

    def applied(self, entries: Sequence[Entry], lost: MakeError) -> None:
        waiting = self._waiting
        first, last = entries[0].index, entries[-1].index
        while waiting and waiting[0].entry.index <= last:
            proposal = waiting.popleft()
            index, term = proposal.entry.index, proposal.entry.term
            if first <= index and entries[index - first].term == term:
                if not proposal.applied.done():
                    proposal.applied.set_result(None)
            else:
                _fail((proposal.applied,), lost)

    def fail(self, make_error: MakeError, *, before_term: int | None = None) -> None:
        """All, or those of earlier terms."""
        waiting = self._waiting
        while waiting and (before_term is None or waiting[0].entry.term < before_term):
            _fail((waiting.popleft().applied,), make_error)

    def fail_after(self, index: int, make_error: MakeError) -> None:
        """Those of later entries: they are not in the log, nor will be."""
        waiting = self._waiting
        while waiting and waiting[-1].entry.index > index:
            _fail((waiting.pop().applied,), make_error)

    def is_empty(self) -> bool:
        return not self._waiting


class Reads:
    """Readers of one turn share one request to the core.

    Attributes:
    waiting: those of the next request.
    """

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self._asked: dict[RequestId, list[asyncio.Future[None]]] = {}
        self._last_request = 0
        # (index, number, readers)
        self._for_index: list[tuple[int, int, list[asyncio.Future[None]]]] = []

    def add(self) -> "asyncio.Future[None]":
        reader: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(reader)
        return reader

    def begin(self) -> RequestId:
        """Those who came since the last time."""
        self._last_request += 1
        request = RequestId(self._last_request)
        self._asked[request], self.waiting = self.waiting, []
        return request

    def confirmed(self, request: RequestId, index: int, applied_index: int) -> None:
        readers = self._asked.pop(request)
        if applied_index >= index:
            _succeed(readers)
        else:
            heapq.heappush(self._for_index, (index, request, readers))

    def refuse(self, request: RequestId, make_error: MakeError) -> None:
        _fail(self._asked.pop(request), make_error)

    def applied(self, index: int) -> None:
        waiting = self._for_index
        while waiting and waiting[0][0] <= index:
            _succeed(heapq.heappop(waiting)[2])

    def fail(self, make_error: MakeError) -> None:
        for readers in (
            self.waiting,
            *self._asked.values(),
            *(entry[2] for entry in self._for_index),
        ):
            _fail(readers, make_error)
        self.waiting = []
        self._asked.clear()
        self._for_index.clear()


class Until:
    """Those who wait for something else that happens to a replica."""

    def __init__(self) -> None:
        self._tick = 0
        self._is_over = False
        self._waiting: list[tuple[Callable[[], bool], int, asyncio.Future[None]]] = []

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def begin(self, is_true: Callable[[], bool], ticks: int) -> "asyncio.Future[None] | None":
        """Done when it came true, or so many ticks are over. None: there is nothing to wait for."""
        if is_true() or self._is_over:
            return None
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((is_true, self._tick + ticks, done))
        return done

    def tick(self) -> None:
        self._tick += 1
        if self._waiting:
            self.check()

    def check(self) -> None:
        if not self._waiting:
            return
        left: list[tuple[Callable[[], bool], int, asyncio.Future[None]]] = []
        for waiter in self._waiting:
            is_true, last_tick, done = waiter
            if self._tick < last_tick and not is_true() and not done.done():
                left.append(waiter)
            elif not done.done():
                done.set_result(None)
        self._waiting = left

    def end(self) -> None:
        """Nothing happens any more."""
        self._is_over = True
        for _, _, done in self._waiting:
            if not done.done():
                done.set_result(None)
        self._waiting = []
