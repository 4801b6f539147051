"""A replica's state machine: committed entries into the state.

What this replica executed itself is only committed; what another leader executed is applied from
its delta. Not here: which commands run, and when."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from trioxygen.common import logs
from trioxygen.common.blocking import Lane
from trioxygen.common.errors import NoSpace, Stopping
from trioxygen.common.full_disk import when_there_is_room
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.ports import Applied, Entry, EntryKind, IncomingSnapshot, Snapshot
from trioxygen.metadata.replication.batch import Batch, Execution
from trioxygen.metadata.replication.state import ReplicatedState, StoreIncoming
from trioxygen.metadata.replication.turn import Turn, WriteTurn
from trioxygen.metadata.store.ports import DamagedSpan, Incoming

log = logs.get(__name__)


class Applying:
    """Implements `raft.ports.ReplicatedStateMachine`.

    A batch's transaction stays open from its execution until its entry is committed; whoever sets
    `execution` to None ends the transaction. Whose turn it is meanwhile: `turn`.

    Args:
        lane: of the store's writer.
        changed: entries can be read now.
        copied: of them, another leader's.
        installed: a snapshot took the state's place; its index.
    Attributes:
    execution: the batch under way, or None.
    is_stopping: what the disk has no room for is left to the next start.
    """

    def __init__(
        self,
        name: str,
        runtime: Runtime,
        state: ReplicatedState,
        lane: Lane,
        *,
        changed: Callable[[Sequence[Entry]], None],
        copied: Callable[[], None],
        installed: Callable[[int], None],
    ) -> None:
        self._name, self._runtime, self.state, self._lane = name, runtime, state, lane
        self._changed, self._copied, self._installed = changed, copied, installed
        self.is_stopping = False
        self.execution: Execution | None = None
        self._deferred: list[Entry] = []
        self._turn = WriteTurn()
        # Not set while the state has to stand still.
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._applying = asyncio.Lock()

    def applied(self) -> Applied:
        return self.state.applied()

    def applied_index(self) -> int:
        return self.state.applied().index

    # ---- the batch under way ----

    async def may_begin(self) -> None:
        """Returns when a batch would see all that is committed, and find the store's one
        transaction free."""
        turn, may_run = self._turn, self._may_run
        while turn.now is not Turn.FREE or not may_run.is_set():
            await turn.when_free()
            await may_run.wait()

    def begin(self, run: "asyncio.Future[Batch]") -> Execution:
        """A batch was given to the writer's thread. Its transaction is open from now on."""
        self._turn.move(Turn.BATCH)
        self.execution = Execution(run)
        return self.execution

    async def end(self, execution: Execution) -> None:
        """Aborts its transaction if that is still open: cancelled, refused, or not known whether it
        will be committed. If it is, it comes as an entry like any other leader's."""
        if self.execution is execution:
            self.execution = None
            await self._end_transaction(execution)

    async def _end_transaction(self, execution: Execution) -> None:
        """The thread goes on when the executor is cancelled; its transaction must not stay open."""
        self._turn.move(Turn.ENDING)
        try:
            if not execution.run.done():
                await asyncio.wait([execution.run])
            if execution.run.exception() is None and execution.run.result().payload:
                await self._lane.run(execution.run.result().txn.abort)
        finally:
            self._turn.ended()

    # ---- entries ----

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
                    if self._turn.now is Turn.FREE:
                        yield self.applied_index()
                        return
                await self._turn.when_free()
        finally:
            self._may_run.set()

    async def replace_rows(self, span: DamagedSpan, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Of a state that stands still."""
        await self._lane.run(self.state.store.heal, span, rows)

    async def _apply(self, entries: Sequence[Entry]) -> None:
        execution = self.execution
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
        self.execution = None
        entries = [*self._take_deferred(), *entries]
        others = [entry for entry in entries[:-1] if entry.kind is not EntryKind.CONFIGURATION]
        assert not others, f"entries came in between that the batch did not know: {others}"
        self._turn.move(Turn.ENTRIES)
        try:
            await self._lane.run(self.state.commit, execution.run.result().txn, entries)
        except NoSpace:
            # Committed in the log, so it will be in the state: as soon as there is room.
            await self._when_there_is_room(self.state.copy, entries)
        finally:
            self._turn.end_entries()
        self._applied(entries)

    async def _abort_lost(self, execution: Execution) -> None:
        """Another leader's entries are in the place of the batch: it never happened."""
        self.execution = None
        execution.is_lost = True
        await self._end_transaction(execution)

    async def _copy(self, entries: Sequence[Entry]) -> None:
        try:
            await self._turn.begin_entries()
            await self._when_there_is_room(self.state.copy, entries)
        finally:
            self._turn.end_entries()
        self._copied()
        self._applied(entries)

    def _applied(self, entries: Sequence[Entry]) -> None:
        self.state.changed(entries)
        self._changed(entries)

    async def _when_there_is_room(self, function: Callable[..., None], *arguments: Any) -> None:
        """Until there is room on the disk. Commands wait meanwhile, and fail at their deadlines;
        nothing is lost."""

        def refused(error: NoSpace) -> None:
            log.warning("disk_full", service=self._name, reason=error)
            if self.is_stopping:
                raise Stopping("applied at the next start", service=self._name) from error

        await when_there_is_room(
            lambda: self._lane.run(function, *arguments), self._runtime.clock, refused=refused
        )

    async def open_snapshot(self) -> Snapshot:
        return await self.state.open_snapshot()

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        incoming = await self.state.receive(format)
        return StoreIncoming(incoming, self._runtime.blocking, self._install)

    async def _install(self, incoming: Incoming, configuration: bytes) -> None:
        async with self._applying:
            await self._install_alone(incoming, configuration)

    async def _install_alone(self, incoming: Incoming, configuration: bytes) -> None:
        if self.execution is not None:
            await self._abort_lost(self.execution)
        self._deferred.clear()
        try:
            await self._turn.begin_entries()
            await self._lane.run(incoming.install)
            # The state is another one already: a full disk must not leave it at that.
            await self._when_there_is_room(self.state.put_configuration, configuration)
        finally:
            self._turn.end_entries()
        self.state.installed()
        self._installed(self.applied_index())
