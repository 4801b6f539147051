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
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from functools import partial
from typing import Final

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.errors import (
    DamagedRow,
    NotLeader,
    Stopping,
    TrioxygenError,
    again,
)
from trioxygen.common.finishing import joined
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.ports import (
    Entry,
    Replica,
)
from trioxygen.metadata.replication.applying import Applying
from trioxygen.metadata.replication.batch import (
    GROUP_HANDLERS,
    Batch,
    BatchRunner,
    BatchTooLarge,
    Handler,
    Waiting,
)
from trioxygen.metadata.replication.changes import Changes
from trioxygen.metadata.replication.command_queue import CommandQueue
from trioxygen.metadata.replication.commands import Commands
from trioxygen.metadata.replication.metrics import ExecutorMetrics
from trioxygen.metadata.replication.retries import RETRIES
from trioxygen.metadata.replication.state import META, ReplicatedState
from trioxygen.metadata.replication.upkeep import Upkeep
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1 import replication_pb2
from trioxygen.proto.v1.replication_pb2 import Delta, MemberRow, PutMember

log = logs.get(__name__)

_RETRY_MS: Final = 250.0


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

    Args:
        name: of the service, for metrics and logs.
        tables: of the service; the executor adds its own.
        handlers: command type -> handler, run on the writer thread.
        first_members: of the group; its first leader writes them down before anything else.
        protos: the files that state the commands. Those that only take space are refused while the
            disk is nearly full.
    Attributes:
        machine: for the replica: what it commits is applied by it.
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
        protos: Sequence[FileDescriptor] = (),
    ) -> None:
        handlers = {**handlers, **GROUP_HANDLERS}
        self.commands = Commands((*protos, replication_pb2.DESCRIPTOR), handlers)
        self._name, self._runtime, self._config = name, runtime, config
        self._replica, self._first_members = replica, first_members
        self.tables: Sequence[Table] = (META, RETRIES.table, *tables)
        self.state = ReplicatedState(store, self.tables, runtime.blocking)
        self._runner = BatchRunner(
            name,
            store,
            handlers,
            self.commands,
            runtime.clock,
            runtime.rng,
            bytes_max=min(config.batch_bytes_max, replica.entry_bytes_max // 2),
        )
        self._lane = runtime.blocking.lane(f"{name}-writer")
        self._changes = Changes(replica)
        self.machine = machine = Applying(
            name,
            runtime,
            self.state,
            self._lane,
            changed=self._applied,
            copied=self._runner.follow_time,
            installed=self._installed,
        )
        self.applied, self.applied_index = machine.applied, machine.applied_index
        self.standing_still, self.replace_rows = machine.standing_still, machine.replace_rows
        self._upkeep = Upkeep(name, runtime, self.state, replica, self._lane)
        self.make_durable, self.is_full = self._upkeep.make_durable, self._upkeep.is_full
        self.check_room = self._upkeep.check_room
        self._queue = CommandQueue(
            name, batch_max=config.batch_commands_max, waiting_max=config.queued_commands_max
        )
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        # Gets a damaged row from another member. Raises the error when there is none.
        self.heal: Callable[[DamagedRow], Awaitable[None]] | None = None
        self._begun_term = -1
        # What callers are told, once nothing more is taken.
        self._refusal: TrioxygenError | None = None
        self._task: asyncio.Task[None] | None = None
        self._metrics = ExecutorMetrics(name, runtime.registry, self.state)

    def _applied(self, entries: Sequence[Entry]) -> None:
        self._changes.applied_to(entries[-1].index)
        self._upkeep.applied(entries)

    def _installed(self, index: int) -> None:
        self._runner.follow_time()
        self._changes.installed(index)

    # ---- as a service ----

    async def start(self) -> None:
        self._replica.watch_leadership(self._wake.set)
        self._replica.watch_pressure(self._upkeep.make_durable_soon)
        self._changes.applied_to(self.applied_index())
        await self._replica.start(self.machine)
        self._runner.begin_time()
        self._task = self._runtime.tasks.start(
            self._execute_batches(), name=f"{self._name}-executor"
        )
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Answers what is queued, then refuses."""
        if self._refusal is None:
            self._refusal = Stopping(service=self._name)
        self.machine.is_stopping = True
        if not self._queue.is_idle:
            self._idle.clear()
            await self._idle.wait()
        if self._task is None or not self._task.done():
            await self._upkeep.end()
        await self._replica.stop()
        if self._task is not None:
            await self._runtime.tasks.end(self._task)
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
        if self._refusal is not None:
            raise again(self._refusal)
        self.check_leader()
        if self.commands.grows(type(command)):
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
                    if self._refusal is not None:
                        # Stopped: nothing comes before the members.
                        self._queue.give_up_all(self._refusal)
                        return
                    await self._runtime.clock.sleep_ms(_RETRY_MS)
                    continue
            self._queue.end_batch()
            self._begun_term = term
            return

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Whoever waits, and whoever comes later, is told."""
        if task.cancelled():
            self._refusal = Stopping(service=self._name)
        else:
            error = task.exception()
            assert error is not None, "it runs without end"
            self._refusal = self._replica.fail(error)
        self._queue.give_up_all(self._refusal)
        self._idle.set()

    async def _execute_batch(self, waiting: list[Waiting]) -> None:
        await self.machine.may_begin()
        replica = self._replica
        term = replica.term
        if not replica.is_leader():
            raise self._not_leader()
        self._metrics.batch(len(waiting))
        execution = self.machine.begin(self._lane.run(self._runner.run, waiting))
        try:
            batch = await joined(execution.run)
            self._queue.ran(waiting, batch.waiting)
            if execution.is_lost or not replica.is_leader() or replica.term != term:
                raise self._not_leader()
            if len(batch.payload) > replica.entry_bytes_max and len(batch.waiting) > 1:
                raise BatchTooLarge
            if batch.payload:
                await replica.propose(batch.payload, committed=partial(self._answer, batch, True))
        finally:
            await self.machine.end(execution)
        if not batch.payload:
            # Refusals and kept answers are reads: a leader that was replaced must not give them.
            await replica.read_barrier()
            if not replica.is_leader() or replica.term != term:
                raise self._not_leader()
        self._answer(batch, False)
        for command, result in zip(batch.waiting, batch.results, strict=True):
            self._metrics.count(
                type(command.command), int(result.code) if isinstance(result, TrioxygenError) else 0
            )

    def _answer(self, batch: Batch, only_early: bool) -> None:
        for command, result in zip(batch.waiting, batch.results, strict=True):
            if command.answer.done() or (only_early and not command.is_early):
                continue
            if isinstance(result, TrioxygenError):
                command.answer.set_exception(result)
            else:
                command.answer.set_result(result)
