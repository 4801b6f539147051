"""The leader executes, followers copy.

The executor takes queued commands, runs them in order inside one write transaction on one writer
thread, and captures what they put and deleted. One batch is one Raft entry. When the entry is
committed the transaction is committed and the commands are answered; entries that this replica
did not execute itself are applied from their deltas. Shared by the OM and the SCM, which bring
their tables and handlers.
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.errors import (
    DamagedRow,
    NoSpace,
    NotLeader,
    Stopping,
    TrioxygenError,
    again,
)
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import MIB
from trioxygen.metadata.batch import (
    MEMBER_HANDLERS,
    Batch,
    BatchRunner,
    BatchTooLarge,
    Execution,
    Handler,
    Now,
    Refusal,
    Waiting,
)
from trioxygen.metadata.changes import Changes
from trioxygen.metadata.command_queue import CommandQueue
from trioxygen.metadata.executor_metrics import ExecutorMetrics
from trioxygen.metadata.raft.ports import (
    Applied,
    Entry,
    EntryKind,
    IncomingSnapshot,
    Replica,
    Snapshot,
)
from trioxygen.metadata.replicated_state import META, ReplicatedState, StoreIncoming
from trioxygen.metadata.retries import RETRIES, expire_retries, register_reply
from trioxygen.metadata.store.ports import DamagedSpan, Incoming, Store, Table
from trioxygen.metadata.upkeep import Upkeep
from trioxygen.proto.v1.raft_pb2 import Delta, MemberRow, PutMember

__all__ = [
    "META",
    "RETRIES",
    "Handler",
    "Now",
    "Refusal",
    "expire_retries",
    "register_reply",
]

log = logs.get(__name__)

_SPACE_WAIT_MS: Final = 250.0
_RETRY_MS: Final = 250.0
_STILL_LOOK_MS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorConfig:
    """Attributes:
    batch_bytes_max: a batch whose changes have reached it takes no more commands.
    """

    batch_commands_max: int = 256
    batch_bytes_max: int = 2 * MIB
    queued_commands_max: int = 10_000


class Executor:
    """One replica's state machine and, on the leader, its command queue.

    Implements `raft.ports.ReplicatedStateMachine`. A batch's transaction stays open from its
    execution until its entry is committed; whoever sets `_execution` to None ends the transaction.

    Args:
        name: of the service, for metrics and logs.
        tables: of the service; the executor adds its own.
        handlers: command type -> handler, run on the writer thread.
        first_members: of the group; its first leader writes them down before anything else.
        growing: commands that only take space: refused while the disk is nearly full.
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
        first_members: Sequence[MemberRow] = (),
        growing: Collection[type[Message]] = (),
    ) -> None:
        self._growing = frozenset(growing)
        self._name, self._runtime, self._config = name, runtime, config
        self._replica, self._first_members = replica, first_members
        self.tables: Sequence[Table] = (META, RETRIES.table, *tables)
        self.state = ReplicatedState(store, self.tables, runtime.blocking)
        self._runner = BatchRunner(
            name,
            store,
            {**handlers, **MEMBER_HANDLERS},
            runtime.clock,
            runtime.rng,
            bytes_max=min(config.batch_bytes_max, replica.entry_bytes_max // 2),
        )
        self._lane = runtime.blocking.lane(f"{name}-writer")
        self._upkeep = Upkeep(name, runtime, self.state, replica, self._lane)
        self.make_durable, self.is_full = self._upkeep.make_durable, self._upkeep.is_full
        self.check_room = self._upkeep.check_room
        self._queue = CommandQueue(
            name, batch_max=config.batch_commands_max, waiting_max=config.queued_commands_max
        )
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        self._execution: Execution | None = None
        self._deferred: list[Entry] = []
        # Not set while committed entries are on their way into the state, which may wait for room
        # on the disk: a batch would see a state without them, and hold the one transaction.
        self._is_current = asyncio.Event()
        self._is_current.set()
        # Not set while the transaction of a batch that is given up is being ended.
        self._is_free = asyncio.Event()
        self._is_free.set()
        # Not set while the state has to stand still.
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._applying = asyncio.Lock()
        # Gets a damaged row from another member. Raises the error when there is none.
        self.heal: Callable[[DamagedRow], Awaitable[None]] | None = None
        self._changes = Changes(replica)
        self._begun_term = -1
        self._stopping = False
        self._ended_by: TrioxygenError | None = None
        self._metrics = ExecutorMetrics(name, runtime.registry, self.state)

    # ---- as a state machine ----

    def applied(self) -> Applied:
        return self.state.applied()

    def applied_index(self) -> int:
        return self.state.applied().index

    async def apply(self, entries: Sequence[Entry]) -> None:
        async with self._applying:
            await self._apply(entries)

    @asynccontextmanager
    async def standing_still(self) -> AsyncIterator[int]:
        """Nothing runs and nothing is applied meanwhile: keep it short. The applied index."""
        self._may_run.clear()
        try:
            while True:
                async with self._applying:
                    if self._execution is None and self._is_free.is_set():
                        yield self.applied_index()
                        return
                await self._runtime.clock.sleep_ms(_STILL_LOOK_MS)
        finally:
            self._may_run.set()

    async def replace_rows(self, span: DamagedSpan, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Of a state that stands still."""
        await self._lane.run(self.store.heal, span, rows)

    async def _apply(self, entries: Sequence[Entry]) -> None:
        execution = self._execution
        if execution is not None:
            own = self._own_position(execution, entries)
            if own >= 0:
                await self._commit(execution, entries[: own + 1])
                entries = entries[own + 1 :]
            elif all([entry.kind is EntryKind.CONFIGURATION for entry in entries]):
                # Before the batch that is under way: written with it, or with what replaces it.
                self._deferred += entries
                return
            else:
                await self._abort_lost(execution)
        if entries:
            await self._copy([*self._take_deferred(), *entries])

    def _own_position(self, execution: Execution, entries: Sequence[Entry]) -> int:
        """Where the batch under way stands in `entries`; -1: not there."""
        if not execution.run.done() or execution.run.exception() is not None:
            return -1
        payload = execution.run.result().payload
        for position, entry in enumerate(entries):
            if entry.payload is payload and entry.kind is EntryKind.NORMAL:
                return position
        return -1

    def _take_deferred(self) -> list[Entry]:
        deferred, self._deferred = self._deferred, []
        return deferred

    async def _commit(self, execution: Execution, entries: Sequence[Entry]) -> None:
        self._execution = None
        entries = [*self._take_deferred(), *entries]
        others = [entry for entry in entries[:-1] if entry.kind is not EntryKind.CONFIGURATION]
        assert not others, f"entries came in between that the batch did not know: {others}"
        self._is_current.clear()
        try:
            await self._lane.run(self.state.commit, execution.run.result().txn, entries)
        except NoSpace:
            # Committed in the log, so it will be in the state: as soon as there is room.
            await self._insist(self.state.copy, entries)
        finally:
            self._is_current.set()
        self._applied(entries)

    async def _abort_lost(self, execution: Execution) -> None:
        """Another leader's entries are in the place of the batch: it never happened."""
        self._execution = None
        execution.is_lost = True
        await self._end_transaction(execution)

    async def _copy(self, entries: Sequence[Entry]) -> None:
        self._is_current.clear()
        try:
            await self._is_free.wait()
            await self._insist(self.state.copy, entries)
        finally:
            self._is_current.set()
        self._applied(entries)

    def _applied(self, entries: Sequence[Entry]) -> None:
        self.state.changed(entries)
        self._changes.applied_to(entries[-1].index)
        self._upkeep.applied(entries)

    async def _insist(self, function: Callable[..., None], *arguments: Any) -> None:
        """Until there is room on the disk. Commands wait meanwhile, and fail at their deadlines;
        nothing is lost."""
        while True:
            try:
                await self._lane.run(function, *arguments)
                return
            except NoSpace as error:
                log.warning("disk_full", service=self._name, reason=error)
                if self._stopping:
                    raise Stopping("applied at the next start", service=self._name) from error
                await self._runtime.clock.sleep_ms(_SPACE_WAIT_MS)

    async def open_snapshot(self) -> Snapshot:
        return await self.state.open_snapshot()

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        incoming = await self.state.receive(format)
        return StoreIncoming(incoming, self._runtime.blocking, self._install)

    async def _install(self, incoming: Incoming, configuration: bytes) -> None:
        async with self._applying:
            await self._install_alone(incoming, configuration)

    async def _install_alone(self, incoming: Incoming, configuration: bytes) -> None:
        if self._execution is not None:
            await self._abort_lost(self._execution)
        await self._is_free.wait()
        self._deferred.clear()
        await self._lane.run(incoming.install)
        # The state is another one already: a full disk must not leave it at that.
        await self._insist(self.state.put_configuration, configuration)
        self.state.installed()
        self._changes.installed(self.applied_index())

    # ---- as a service ----

    async def start(self) -> None:
        self._replica.watch_leadership(self._wake.set)
        self._replica.watch_pressure(self._upkeep.make_durable_soon)
        self._changes.applied_to(self.applied_index())
        await self._replica.start(self)
        self._runner.begin_time()
        task = self._runtime.tasks.start(self._execute_batches(), name=f"{self._name}-executor")
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Answers what is queued, then refuses."""
        self._stopping = True
        if not self._queue.is_idle:
            self._idle.clear()
            await self._idle.wait()
        if self._ended_by is None:
            await self._upkeep.end()
        await self._replica.stop()
        self._changes.end()
        self._lane.close()

    async def execute_early(self, command: Message) -> Message:
        """As `execute`, for those who read behind the read barrier only: the reply may come before
        the state can be read, since a committed command is not waited for to be applied."""
        return await self.execute(command, is_early=True)

    async def execute(self, command: Message, *, is_early: bool = False) -> Message:
        """Runs one command; its reply when it is committed, and applied here.

        A command with a client_id and a request_id that was answered before gets that answer again.
        Raises: what the handler refused; NotLeader, Overloaded, Stopping.
        """
        if self._ended_by is not None:
            raise again(self._ended_by)
        if self._stopping:
            raise Stopping(service=self._name)
        self.check_leader()
        if type(command) in self._growing:
            self.check_room()
        answer = self._queue.add(command, is_early=is_early)
        self._wake.set()
        return await answer

    def check_leader(self) -> None:
        """Raises NotLeader."""
        if not self._replica.is_leader():
            raise self._not_leader()

    def _not_leader(self) -> NotLeader:
        address = self._replica.leader_address()
        return (
            NotLeader(group=self._name, leader=address) if address else NotLeader(group=self._name)
        )

    async def read_barrier(self) -> None:
        await self._replica.read_barrier()

    def changes(self, after_index: int) -> AsyncIterator[tuple[int, Delta]]:
        """See `Changes.after`."""
        return self._changes.after(after_index)

    def group_ms(self) -> int:
        """The group's time, as commands that run now would get it (`Now.group_ms`)."""
        return self._runner.group_ms()

    def members(self) -> Sequence[MemberRow]:
        """Of the group, as far as it is applied here. Changed by PutMember and DeleteMember."""
        return self.state.members()

    @property
    def replica(self) -> Replica:
        return self._replica

    @property
    def store(self) -> Store:
        return self.state.store

    async def _execute_batches(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._replica.is_leader() and self._replica.term != self._begun_term:
                await self._begin_term()
            while self._queue.has_waiting:
                # On a nearly full disk a small step at a time: each frees the pages of one before.
                batch = self._queue.next_batch(is_single=self.state.store.is_short)
                try:
                    await self._execute_batch(batch)
                except BatchTooLarge:
                    self._queue.split()
                except TrioxygenError as error:
                    self._queue.give_up(error)
                self._queue.end_batch()
            self._idle.set()

    async def _begin_term(self) -> None:
        """What the first leader of a group does; another finds it done."""
        term = self._replica.term
        while self._replica.is_leader() and self._replica.term == term:
            if self._first_members and not self.state.members():
                answers: list[asyncio.Future[Message]] = [
                    asyncio.get_running_loop().create_future() for _ in self._first_members
                ]
                waiting = [
                    Waiting(PutMember(member=member), answer)
                    for member, answer in zip(self._first_members, answers, strict=True)
                ]
                try:
                    await self._execute_batch(waiting)
                except TrioxygenError as error:
                    log.info("term_begins_later", service=self._name, reason=error)
                    self._queue.end_batch()
                    await self._runtime.clock.sleep_ms(_RETRY_MS)
                    continue
            self._queue.end_batch()
            self._begun_term = term
            return

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Whoever waits, and whoever comes later, is told."""
        if task.cancelled():
            self._ended_by = Stopping(service=self._name)
        else:
            error = task.exception()
            assert error is not None, "it runs without end"
            self._ended_by = self._replica.fail(error)
        self._queue.give_up_all(self._ended_by)
        self._idle.set()

    async def _execute_batch(self, waiting: list[Waiting]) -> None:
        gates = (self._is_current, self._is_free, self._may_run)
        while not all([gate.is_set() for gate in gates]):
            for gate in gates:
                await gate.wait()
        replica = self._replica
        term = replica.term
        if not replica.is_leader():
            raise self._not_leader()
        self._metrics.batch(len(waiting))
        execution = Execution(self._lane.run(self._runner.run, waiting))
        self._execution = execution
        try:
            batch = await asyncio.shield(execution.run)
            self._queue.ran(waiting, batch.waiting)
            if execution.is_lost or not replica.is_leader() or replica.term != term:
                raise self._not_leader()
            if len(batch.payload) > replica.entry_bytes_max and len(batch.waiting) > 1:
                raise BatchTooLarge
            if batch.payload:
                await replica.propose(batch.payload, committed=partial(self._answer, batch, True))
        finally:
            # Still open: cancelled, refused, or not known whether it will be committed. If it is,
            # it comes as an entry like any other leader's.
            if self._execution is execution:
                self._execution = None
                await self._end_transaction(execution)
        if not batch.payload:
            # Refusals and kept answers are reads: a leader that was replaced must not give them.
            await replica.read_barrier()
            if not replica.is_leader() or replica.term != term:
                raise self._not_leader()
        self._answer(batch, False)
        for one, result in zip(batch.waiting, batch.results, strict=True):
            self._metrics.count(
                type(one.command), int(result.code) if isinstance(result, TrioxygenError) else 0
            )

    def _answer(self, batch: Batch, only_early: bool) -> None:
        for one, result in zip(batch.waiting, batch.results, strict=True):
            if one.answer.done() or (only_early and not one.is_early):
                continue
            if isinstance(result, TrioxygenError):
                one.answer.set_exception(result)
            else:
                one.answer.set_result(result)

    async def _end_transaction(self, execution: Execution) -> None:
        """The thread goes on when the executor is cancelled; its transaction must not stay open."""
        self._is_free.clear()
        try:
            if not execution.run.done():
                await asyncio.wait([execution.run])
            if execution.run.exception() is None and execution.run.result().payload:
                await self._lane.run(execution.run.result().txn.abort)
        finally:
            self._is_free.set()
