"""The leader executes, followers copy (DESIGN.md, section 5).

The executor takes queued commands, runs them in order inside one write transaction on one writer
thread, and captures what they put and deleted. One batch is one Raft entry. When the entry is
committed the transaction is committed and the commands are answered; entries that this replica
did not execute itself are applied from their deltas. Shared by the OM and the SCM, which bring
their tables and handlers.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message
from prometheus_client import Counter, Histogram

from trioxygen.common import logs
from trioxygen.common.errors import (
    ErrorCode,
    Internal,
    NoSpace,
    NotLeader,
    Overloaded,
    Stopping,
    TrioxygenError,
    error_of,
)
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.ports import Entry, Replica
from trioxygen.metadata.store.delta import CapturingTxn, apply_delta
from trioxygen.metadata.store.ports import ReadTxn, Store, Table, WriteTxn
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1.om_pb2 import RetryRow

log = logs.get(__name__)

# Tables 0 and 1 belong to the executor; services number theirs from 2.
META: Final = Table(0, "meta")
RETRIES: Final = RowTable(1, "retry", RetryRow)

_APPLIED: Final = b"applied"
_SEQUENCE: Final = b"sequence"
_DURABLE_EVERY_ENTRIES: Final = 2_000
_SPACE_WAIT_MS: Final = 250.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a handler returns when the command is wrong. It has changed nothing by then."""

    code: ErrorCode
    message: str = ""
    facts: Mapping[str, str] | None = None

    def error(self) -> TrioxygenError:
        return error_of(self.code, self.message, self.facts)


class Now:
    """Time, ids and chance as the leader chooses them for a batch."""

    __slots__ = ("_last_id", "rng", "wall_ms")

    def __init__(self, wall_ms: int, last_id: int, rng: random.Random) -> None:
        self.wall_ms, self._last_id, self.rng = wall_ms, last_id, rng

    def next_id(self) -> int:
        """Rises with each call, for ever."""
        self._last_id += 1
        return self._last_id

    @property
    def last_id(self) -> int:
        return self._last_id


Handler = Callable[[CapturingTxn, Any, Now], Message | Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorConfig:
    """Attributes:
    batch_bytes_max: a batch whose changes have reached it takes no more commands.
    """

    batch_commands_max: int = 256
    batch_bytes_max: int = 2 * MIB
    queued_commands_max: int = 10_000


@dataclass(slots=True)
class _Waiting:
    command: Message
    answer: "asyncio.Future[Message]"


@dataclass(slots=True)
class _Batch:
    """Executed commands. `payload` is empty when nothing changed."""

    txn: CapturingTxn
    waiting: list[_Waiting]
    results: list[Message | TrioxygenError]
    payload: bytes


class Executor:
    """One replica's state machine and, on the leader, its command queue.

    Args:
        name: of the service, for metrics and logs.
        tables: of the service; the executor adds its own.
        handlers: command type -> handler, run on the writer thread.
    """

    def __init__(
        self,
        *,
        name: str,
        runtime: Runtime,
        store: Store,
        replica: Replica,
        tables: Iterable[Table],
        handlers: Mapping[type[Message], Handler],
        config: ExecutorConfig,
    ) -> None:
        self._name, self._runtime, self._config = name, runtime, config
        self._store, self._replica = store, replica
        self._tables = {table.number: table for table in (META, RETRIES.table, *tables)}
        self._handlers = handlers
        self._lane = runtime.blocking.lane(f"{name}-writer")
        self._queue: deque[_Waiting] = deque()
        self._running: list[_Waiting] = []
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        self._executed: _Batch | None = None
        self._undurable_entries = 0
        self._last_wall_ms = 0
        self._stopping = False
        self._ended_by: TrioxygenError | None = None
        self._commands = Counter(
            f"trioxygen_{name}_commands",
            "Commands executed",
            ["command", "code"],
            registry=runtime.registry,
        )
        self._batches = Histogram(
            f"trioxygen_{name}_batch_commands",
            "Commands in one batch",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=runtime.registry,
        )
        self._counters: dict[tuple[type[Message], int], Any] = {}

    # ---- as a state machine ----

    def applied_index(self) -> int:
        with self._store.read() as txn:
            return _integer(txn, _APPLIED)

    async def apply(self, entries: Sequence[Entry]) -> None:
        rest = list(entries)
        batch = self._executed
        if batch is not None and rest and rest[0].payload is batch.payload:
            own = rest.pop(0)
            try:
                await self._lane.run(self._commit, batch.txn, own.index)
            except NoSpace as error:
                # Committed in the log, so it will be in the state: as soon as there is room.
                await self._copy_when_there_is_room([own], error)
            self._executed = None
        if rest:
            assert self._executed is None, (
                "an entry of another leader was committed under an open transaction"
            )
            try:
                await self._lane.run(self._copy, rest)
            except NoSpace as error:
                await self._copy_when_there_is_room(rest, error)
        self._undurable_entries += len(entries)
        if self._undurable_entries >= _DURABLE_EVERY_ENTRIES:
            self._undurable_entries = 0
            self._runtime.tasks.start(self.make_durable(), name=f"{self._name}-make-durable")

    async def _copy_when_there_is_room(self, entries: Sequence[Entry], error: NoSpace) -> None:
        """Commands wait meanwhile, and fail at their deadlines; nothing is lost."""
        log.error("disk_full", service=self._name, error=error)
        while True:
            await self._runtime.clock.sleep_ms(_SPACE_WAIT_MS)
            try:
                await self._lane.run(self._copy, entries)
            except NoSpace:
                continue
            log.info("disk_has_room_again", service=self._name)
            return

    def _commit(self, txn: WriteTxn, index: int) -> None:
        _put_integer(txn, _APPLIED, index)
        txn.commit()

    def _copy(self, entries: Sequence[Entry]) -> None:
        txn = self._store.begin()
        try:
            for entry in entries:
                apply_delta(txn, entry.payload, self._tables)
            _put_integer(txn, _APPLIED, entries[-1].index)
        except BaseException:
            txn.abort()
            raise
        txn.commit()

    async def make_durable(self) -> None:
        """Syncs the store, and lets the log drop what the store holds."""
        index = self.applied_index()
        await self._runtime.blocking.run(self._store.sync)
        self._replica.state_is_durable_through(index)

    # ---- as a service ----

    async def start(self) -> None:
        await self._replica.start(self)
        task = self._runtime.tasks.start(self._execute_batches(), name=f"{self._name}-executor")
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Answers what is queued, then refuses."""
        self._stopping = True
        if self._queue or self._running:
            self._idle.clear()
            await self._idle.wait()
        if self._ended_by is None:
            await self.make_durable()
        await self._replica.stop()
        self._lane.close()

    async def execute(self, command: Message) -> Message:
        """Runs one command; its reply when it is committed.

        A command with a client_id and a request_id that was answered before gets that answer again.
        Raises: what the handler refused; NotLeader, Overloaded, Stopping.
        """
        if self._ended_by is not None:
            raise _again(self._ended_by)
        if self._stopping:
            raise Stopping(service=self._name)
        if not self._replica.is_leader():
            raise NotLeader(group=self._name)
        if len(self._queue) >= self._config.queued_commands_max:
            raise Overloaded("too many commands are queued", service=self._name)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(command, answer))
        self._wake.set()
        return await answer

    async def read_barrier(self) -> None:
        await self._replica.read_barrier()

    @property
    def replica(self) -> Replica:
        return self._replica

    @property
    def store(self) -> Store:
        return self._store

    async def _execute_batches(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                count = min(len(self._queue), self._config.batch_commands_max)
                self._running = [self._queue.popleft() for _ in range(count)]
                try:
                    await self._execute_batch(self._running)
                except TrioxygenError as error:
                    self._give_up(self._running, error)
                self._running = []
            self._idle.set()

    def _give_up(self, waiting: Iterable[_Waiting], error: TrioxygenError) -> None:
        for one in waiting:
            if not one.answer.done():
                one.answer.set_exception(_again(error))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Whoever waits, and whoever comes later, is told."""
        if task.cancelled():
            self._ended_by = Stopping(service=self._name)
        else:
            cause = str(task.exception())
            self._ended_by = Internal("the executor failed", service=self._name, cause=cause)
        self._give_up((*self._running, *self._queue), self._ended_by)
        self._running = []
        self._queue.clear()
        self._idle.set()

    async def _execute_batch(self, waiting: list[_Waiting]) -> None:
        self._batches.observe(len(waiting))
        running: asyncio.Future[_Batch] = self._lane.run(self._run, waiting)
        try:
            batch = await asyncio.shield(running)
        except asyncio.CancelledError:
            # The thread goes on; its transaction must not stay open.
            batch = await running
            await self._lane.run(batch.txn.abort)
            raise
        # What did not fit comes first in the next batch.
        self._queue.extendleft(reversed(waiting[len(batch.waiting) :]))
        self._running = batch.waiting
        if not batch.payload:
            # Refusals and kept answers are reads: a leader that was replaced must not give them.
            await self._replica.read_barrier()
        else:
            self._executed = batch
            try:
                await self._replica.propose(batch.payload)
            except BaseException:
                if self._executed is batch:
                    self._executed = None
                    await self._lane.run(batch.txn.abort)
                raise
        for one, result in zip(batch.waiting, batch.results, strict=True):
            refused = isinstance(result, TrioxygenError)
            self._count(
                type(one.command), int(result.code) if isinstance(result, TrioxygenError) else 0
            )
            if one.answer.done():
                continue
            if refused:
                assert isinstance(result, TrioxygenError)
                one.answer.set_exception(result)
            else:
                assert isinstance(result, Message)
                one.answer.set_result(result)

    def _count(self, command: type[Message], code: int) -> None:
        counter = self._counters.get((command, code))
        if counter is None:
            counter = self._commands.labels(command.__name__, str(code))
            self._counters[command, code] = counter
        counter.inc()

    # ---- on the writer thread ----

    def _run(self, waiting: list[_Waiting]) -> _Batch:
        broken: dict[int, TrioxygenError] = {}
        while True:
            txn = CapturingTxn(self._store.begin())
            try:
                batch, failed = self._run_all(txn, waiting, broken)
            except BaseException:
                txn.abort()
                raise
            if failed is None:
                return batch
            # A handler broke half-way: none of its changes may stay, so the batch runs again
            # without it.
            txn.abort()
            broken[failed[0]] = failed[1]

    def _run_all(
        self, txn: CapturingTxn, waiting: list[_Waiting], broken: dict[int, TrioxygenError]
    ) -> tuple[_Batch, tuple[int, TrioxygenError] | None]:
        # Never backwards: leases and Last-Modified do not go back when the clock jumps.
        self._last_wall_ms = max(self._last_wall_ms, self._runtime.clock.wall_ms())
        first_id = _integer(txn, _SEQUENCE)
        now = Now(self._last_wall_ms, first_id, self._runtime.rng)
        results: list[Message | TrioxygenError] = []
        for position, one in enumerate(waiting):
            if position in broken:
                results.append(broken[position])
                continue
            try:
                results.append(self._run_one(txn, one.command, now))
            except Exception as error:  # a defect of a handler must not take the batch with it
                log.error(
                    "command_failed",
                    service=self._name,
                    command=type(one.command).__name__,
                    error=error,
                )
                defect = (
                    error
                    if isinstance(error, TrioxygenError)
                    else Internal(f"{type(error).__name__}: {error}")
                )
                return _Batch(txn, waiting, results, b""), (position, defect)
            if txn.size_bytes >= self._config.batch_bytes_max:
                break
        waiting = waiting[: len(results)]
        if not txn.operations:
            txn.abort()
            return _Batch(txn, waiting, results, b""), None
        if now.last_id != first_id:
            _put_integer(txn, _SEQUENCE, now.last_id)
        return _Batch(txn, waiting, results, txn.delta()), None

    def _run_one(self, txn: CapturingTxn, command: Message, now: Now) -> Message | TrioxygenError:
        client_id: int = getattr(command, "client_id", 0)
        retry_key = b""
        if client_id:
            request_id: int = getattr(command, "request_id", 0)
            retry_key = client_id.to_bytes(8, "big") + request_id.to_bytes(8, "big")
            before = RETRIES.get(txn, retry_key)
            if before is not None:
                return _reply_type(command).FromString(before.reply)
        changes_before = len(txn.operations)
        result = self._handlers[type(command)](txn, command, now)
        if isinstance(result, Refusal):
            assert len(txn.operations) == changes_before, (
                f"{type(command).__name__} changed rows, then refused"
            )
            return result.error()
        if retry_key:
            RETRIES.put(
                txn, retry_key, RetryRow(answered_ms=now.wall_ms, reply=result.SerializeToString())
            )
        return result


def _again(error: TrioxygenError) -> TrioxygenError:
    """One exception for each waiter: they gather their own tracebacks."""
    copy = error_of(error.code, error.message, error.facts)
    copy.__cause__ = error.__cause__
    return copy


_REPLY_TYPES: Final[dict[type[Message], type[Message]]] = {}


def register_reply(command: type[Message], reply: type[Message]) -> None:
    """Says what a command is answered with, so that a kept answer can be read again. Called at
    import.
    """
    _REPLY_TYPES[command] = reply


def _reply_type(command: Message) -> type[Message]:
    return _REPLY_TYPES[type(command)]


def expire_retries(txn: CapturingTxn, *, answered_before_ms: int, rows_max: int) -> bool:
    """Forgets answers that are too old to be asked for again; whether there are more.

    A client's request ids rise, so its old answers stand first: one range for each client.
    """
    cursor = txn.cursor(RETRIES.table)
    row = cursor.seek(b"")
    ranges: list[tuple[bytes, bytes]] = []
    seen = 0
    while row is not None and seen < rows_max:
        client = row[0][:8]
        first, end = row[0], row[0]
        while row is not None and row[0][:8] == client and seen < rows_max:
            if RetryRow.FromString(row[1]).answered_ms >= answered_before_ms:
                break
            seen += 1
            end = row[0] + b"\0"
            row = cursor.next()
        if end != first:
            ranges.append((first, end))
        if row is not None and row[0][:8] == client:
            row = (
                cursor.seek((int.from_bytes(client, "big") + 1).to_bytes(9, "big")[-8:])
                if client != b"\xff" * 8
                else None
            )
    for first, end in ranges:
        txn.delete_range(RETRIES.table, first, end)
    return seen >= rows_max


def _integer(txn: ReadTxn, name: bytes) -> int:
    value = txn.get(META, name)
    return 0 if value is None else int.from_bytes(value, "big")


def _put_integer(txn: WriteTxn, name: bytes, value: int) -> None:
    txn.put(META, name, value.to_bytes(8, "big"))
