"""The turns of a replica's driver: what the core wants done (`Ready`) is done.

A turn is run whenever something happened to the core; proposals and reads that come in one turn of
the loop share one of the core's."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import NoSpace, NotLeader, Overloaded, again
from trioxygen.common.states import move
from trioxygen.metadata.raft.core import errors as refusals
from trioxygen.metadata.raft.core.node import Node
from trioxygen.metadata.raft.core.types import (
    Configuration,
    Entry,
    InstallSnapshot,
    Message,
    Ready,
    ReplicaId,
    Role,
    SnapshotMeta,
    SoftState,
)
from trioxygen.metadata.raft.driver.applier import Applier
from trioxygen.metadata.raft.driver.failure import failure_of_machine
from trioxygen.metadata.raft.driver.installing import Installer
from trioxygen.metadata.raft.driver.log_side import LogSide
from trioxygen.metadata.raft.driver.phases import MOVES, Phase
from trioxygen.metadata.raft.driver.ports import Transport
from trioxygen.metadata.raft.driver.position import Position
from trioxygen.metadata.raft.driver.waiting import Proposals, Reads, Until
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.transport.snapshot_transfer import SnapshotSender
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader, InstallSnapshotReply

log = logs.get(__name__)


class Turns(ABC):
    """Implements `ports.Waiting`.

    Attributes:
    is_alone: no other replica of the group is, was or will be.
    state: how far the state machine is.
    leads: its state holds all that earlier leaders committed; `term`: as of the last turn. Both are
        asked several times for each command.
    """

    node: Node
    _log: LogSide
    _applier: Applier
    _installer: Installer
    _sender: SnapshotSender

    def __init__(
        self,
        transport: Transport,
        *,
        group: GroupId,
        replica: ReplicaId,
        group_digest: int,
        configuration: Configuration,
        is_alone: bool,
        changed: Callable[[], None],
    ) -> None:
        self.transport = transport
        self.group, self.id, self.group_digest = group, replica, group_digest
        self.is_alone, self._changed = is_alone, changed
        self.proposals, self.reads, self._until = Proposals(), Reads(), Until()
        self.state = Position(configuration)
        self.phase = Phase.NEW
        self.leads, self.term = False, 0
        self._is_due = self._in_turn = False

    @abstractmethod
    def not_leader(self) -> NotLeader:
        """Who asked is told so."""

    @abstractmethod
    def hand_over(self) -> bool:
        """Begins to give leadership away; whether there is somebody to take it."""

    @abstractmethod
    async def receive_snapshot(
        self, header: InstallSnapshotHeader, pieces: AsyncIterator[Buffer]
    ) -> InstallSnapshotReply:
        """From the leader."""

    @abstractmethod
    def fail(self, error: BaseException) -> None:
        """Takes part no more."""

    # ---- events ----

    def step(self, messages: Sequence[Message]) -> None:
        node = self.node
        for message in messages:
            node.step(message)
        self._turn()

    def tick(self) -> None:
        node = self.node
        # One that goes quiet now has yet to say so.
        was_quiet = node.is_quiet
        node.tick()
        self._until.tick()
        if not was_quiet:
            self._turn()

    @property
    def quiet_leader(self) -> ReplicaId | None:
        node = self.node
        return node.leader if node.is_quiet and self.phase is Phase.RUNNING else None

    @property
    def others(self) -> Iterable[ReplicaId]:
        return [member for member in self.node.configuration.members() if member != self.id]

    def wake(self) -> None:
        self.node.wake()

    def suspect_leader(self) -> None:
        self.node.leader_suspected()

    def unreachable(self, replica: ReplicaId) -> None:
        self.node.unreachable_reported(replica)

    def schedule(self) -> None:
        """A turn, soon: whoever else comes until then shares it."""
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def proposed(self) -> None:
        """Proposals that come together share a message to the others, and a sync. Where nobody else
        is, the turn is that of the log, when it takes what it writes next: one wait for both."""
        if not self.is_alone:
            self.schedule()
        elif not self._is_due:
            self._is_due = True
            self._log.before_write(self._turn)

    def _entries_loaded(self) -> None:
        self.node.entries_loaded()
        self._turn()

    def _snapshot_reported(self, to: ReplicaId, installed: bool) -> None:
        self.node.snapshot_reported(to, installed=installed)
        self._turn()

    # ---- the core's instructions ----

    def _turn(self) -> None:
        self._is_due = False
        if self._in_turn or self.phase is not Phase.RUNNING:
            return
        node = self.node
        self._in_turn = True
        try:
            if self.reads.waiting:
                self._ask_for_reads()
            while node.has_ready() and self.phase is Phase.RUNNING:
                ready = node.ready()
                self._do(ready)
                if self.is_alone and ready.soft_state is None and ready.must_sync:
                    # Its proposals are on their way to the disk, and that was all there was.
                    break
        except BaseException as error:
            # A defect: whatever it left half-done must not take part any more.
            self.fail(error)
            raise
        finally:
            self._in_turn = False

    def _ask_for_reads(self) -> None:
        request = self.reads.begin()
        try:
            self.node.read_index(request)
        except refusals.NotLeader:
            self.reads.refuse(request, self.not_leader)
        except refusals.ReadsFull:
            self.reads.refuse(request, lambda: Overloaded("too many reads wait", group=self.group))

    def _do(self, ready: Ready) -> None:
        if ready.soft_state is not None:
            self._role_changed(ready.soft_state)
        if ready.messages_at_once:
            self._send(ready.messages_at_once)
        snapshot = ready.snapshot
        if snapshot is None:
            self._log.write(ready)
        else:
            self._log.note(ready)
            self.phase = move(MOVES, self.phase, Phase.INSTALLING)
            self._installer.begin(
                snapshot, self._log.hard_state, lambda: self._installed(ready, snapshot)
            )
        if self.phase is Phase.ENDED:
            # The log is dead, and whoever waited has been told.
            return
        if ready.committed:
            self._applier.add(self.proposals.committed(ready.committed))
        for read in ready.reads:
            self.reads.confirmed(read.request, read.index, self.state.index)
        for request in ready.reads_refused:
            self.reads.refuse(request, self.not_leader)

    def _send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if type(message) is InstallSnapshot:
                self._sender.send(message)
                messages = [other for other in messages if type(other) is not InstallSnapshot]
        self.transport.send(self, messages)

    def _advance(self, ready: Ready) -> None:
        self.node.advance(ready)
        if ready.messages:
            self._send(ready.messages)

    def _drained(self) -> None:
        """More of the log is durable: where nobody else is waited for, it is committed."""
        if self.is_alone and self.phase is Phase.RUNNING and not self._in_turn:
            committed = self.node.take_committed()
            if committed:
                self._applier.add(self.proposals.committed(committed))
                return
        self._turn()

    def _role_changed(self, now: SoftState) -> None:
        self.term = now.term
        self.leads = now.role is Role.LEADER and self.state.index >= self.node.term_start_index
        log.info(
            "raft_role", group=self.group, role=now.role.name, term=now.term, leader=now.leader
        )
        if now.role is Role.LEADER:
            self.proposals.fail(self.not_leader, before_term=now.term)
        else:
            self.proposals.fail(self.not_leader)
        self._notify()

    def _notify(self) -> None:
        self._until.check()
        self._changed()

    # ---- the state machine ----

    def _on_applied(self, entries: Sequence[Entry]) -> None:
        state, node, last_index = self.state, self.node, entries[-1].index
        state.applied(entries)
        node.applied_to(last_index)
        self.proposals.applied(entries, self.not_leader)
        self.reads.applied(last_index)
        if not self.leads and node.role is Role.LEADER and last_index >= node.term_start_index:
            self.leads = True
            self._notify()
            # Reads have waited for the term's first entry.
            self.schedule()
        else:
            self._until.check()
        if node.has_committed():
            # More than could be handed out at once.
            self._turn()

    def _applier_ended(self, error: BaseException | None) -> None:
        self.fail(failure_of_machine(error, self.group))

    async def until(self, is_true: Callable[[], bool], *, ticks: int) -> bool:
        """Waits for something that this replica sees happen; whether it did."""
        waiting = self._until.begin(is_true, ticks)
        if waiting is not None:
            self.transport.tick_while_waiting(self)
            await waiting
        return is_true()

    @property
    def waits_for_ticks(self) -> bool:
        return self._until.is_waiting

    # ---- a snapshot from the leader ----

    async def _clear(self) -> None:
        """Nothing of state and log is being written when this returns."""
        await self._log.drain()
        await self._applier.drop()

    def _installed(self, ready: Ready, snapshot: SnapshotMeta) -> None:
        self.state.begin(snapshot.index, snapshot.term, snapshot.configuration)
        self.phase = move(MOVES, self.phase, Phase.RUNNING)
        self._log.write_after_snapshot(ready)
        self.reads.applied(snapshot.index)
        self._notify()
        self._turn()

    # ---- a full disk ----

    def _has_room(self, has_room: bool) -> None:
        """A leader whose disk is full hands over to one that may have room."""
        if not has_room and self.node.role is Role.LEADER:
            self.hand_over()
        self._turn()

    def _withdraw(self, error: NoSpace) -> bool:
        """Of what the full disk refused: whether nobody will ever hear of it again."""
        durable_index = self.node.durable_index
        if self._log.last_durable_index != durable_index or not self.node.withdraw():
            return False
        self.proposals.fail_after(durable_index, lambda: again(error))
        return True
