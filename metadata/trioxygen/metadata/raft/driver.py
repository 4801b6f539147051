"""Drives the core of one replica with the log, the network, time and the state machine.

Everything happens on the event loop, mostly in callbacks. A turn takes what the core wants done
(`Ready`), and is run whenever something happened to the core; proposals and reads that come in one
turn of the loop share one of the core's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    NotLeader,
    Overloaded,
    Stopping,
    TrioxygenError,
)
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.applier import Applier
from trioxygen.metadata.raft.core import errors as refusals
from trioxygen.metadata.raft.core.membership import decode, encode
from trioxygen.metadata.raft.core.node import Node
from trioxygen.metadata.raft.core.types import (
    Configuration,
    Entry,
    EntryKind,
    HardState,
    InstallSnapshot,
    Message,
    Ready,
    ReplicaId,
    Role,
    SnapshotMeta,
    SoftState,
)
from trioxygen.metadata.raft.failure import failure_of, failure_of_machine, refusal_of
from trioxygen.metadata.raft.log_keeping import LogKeeping
from trioxygen.metadata.raft.log_reader import LogReader
from trioxygen.metadata.raft.log_writer import LogWriter
from trioxygen.metadata.raft.ports import (
    GroupId,
    IncomingSnapshot,
    ReplicatedStateMachine,
)
from trioxygen.metadata.raft.recovery import install, recover_group
from trioxygen.metadata.raft.replica_config import RaftReplicaConfig
from trioxygen.metadata.raft.snapshot_transfer import SnapshotReceiver, SnapshotSender
from trioxygen.metadata.raft.succession import successor
from trioxygen.metadata.raft.transport import RaftTransport
from trioxygen.metadata.raft.waiting import Proposals, Reads, Until
from trioxygen.metadata.raft.wal import WriteAheadLog
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader, InstallSnapshotReply

__all__ = ["Driver", "RaftReplicaConfig"]

log = logs.get(__name__)


class Driver:
    """Implements `transport.Member`.

    Args:
        changed: whether it leads, or the term, may have changed.
    Attributes:
        applied_index: as far as reads may see.
        failure: why it takes part no more, or None.
    """

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        transport: RaftTransport,
        *,
        group: GroupId,
        replica: ReplicaId,
        group_digest: int,
        configuration: Configuration,
        config: RaftReplicaConfig,
        changed: Callable[[], None],
    ) -> None:
        self._runtime, self._wal, self.transport = runtime, wal, transport
        self.group, self.id, self.group_digest = group, replica, group_digest
        self._initial_configuration, self.config = configuration, config
        self._changed = changed
        self.proposals, self.reads, self._until = Proposals(), Reads(), Until()
        self._keeping = LogKeeping(config.log_keep_bytes)
        self.applied_index = self._applied_term = self._durable_index = 0
        self.applied_configuration = configuration
        self.failure: TrioxygenError | None = None
        self._ended = False
        self._is_due = self._in_turn = False
        self._hard_state = HardState()
        self._incoming: IncomingSnapshot | None = None
        self._installing: asyncio.Task[None] | None = None
        self.node: Node
        self.is_started = False

    # ---- start ----

    async def start(
        self,
        machine: ReplicatedStateMachine,
        addresses: Callable[[ReplicaId], str],
        *,
        new_log: bool,
    ) -> None:
        wal, group = self._wal, self.group
        recovered = await recover_group(
            wal,
            group,
            machine.applied(),
            configuration=self._initial_configuration,
            new_log=new_log,
        )
        self.applied_index = self._durable_index = recovered.applied_index
        self._applied_term = recovered.applied_term
        self.applied_configuration = recovered.configuration
        self._hard_state = recovered.hard_state
        self._make_parts(machine)
        self.node = Node(
            self.id,
            self.config.core,
            self._runtime.rng,
            self._reader,
            hard_state=recovered.hard_state,
            applied=recovered.applied_index,
            configuration=recovered.configuration,
            later_configurations=recovered.later_configurations,
        )
        log.info(
            "replica_started",
            group=group,
            replica=self.id,
            term=self.node.term,
            applied_index=self.applied_index,
            last_index=wal.last_index(group),
        )
        self.is_started = True
        self.transport.attach(self, addresses)
        self._turn()

    def _make_parts(self, machine: ReplicatedStateMachine) -> None:
        runtime, wal, group = self._runtime, self._wal, self.group
        tasks = runtime.tasks
        self._reader = LogReader(
            wal,
            group,
            tasks,
            snapshot=self._snapshot_meta,
            loaded=self._entries_loaded,
            failed=self.fail,
        )
        self._writer = LogWriter(
            wal,
            group,
            runtime.clock,
            tasks,
            durable=self._advance,
            drained=self._turn,
            has_room=self._has_room,
            failed=self.fail,
        )
        self._applier = Applier(
            machine,
            tasks,
            f"raft-{group}-apply",
            applied=self._on_applied,
            ended=self._applier_ended,
        )
        self._receiver = SnapshotReceiver(machine, self.config.snapshot)
        self._sender = SnapshotSender(
            machine,
            self.transport,
            runtime,
            group=group,
            group_digest=self.group_digest,
            configuration=encode(self._initial_configuration),
            reported=self._snapshot_reported,
            config=self.config.snapshot,
        )

    # ---- what it knows ----

    @property
    def is_full(self) -> bool:
        """Whether the log's disk is."""
        return self._writer.is_full

    def is_leader(self) -> bool:
        if not self.is_started or self._ended or self.failure is not None:
            return False
        node = self.node
        return node.role is Role.LEADER and self.applied_index >= node.term_start_index

    def leader_address(self) -> str:
        leader = self.node.leader if self.is_started and not self._ended else None
        if leader is None:
            return ""
        if leader == self.id:
            return self.transport.address
        return self.transport.address_of(self.group, leader)

    def not_leader(self) -> NotLeader:
        address = self.leader_address()
        if not address:
            return NotLeader(group=self.group)
        return NotLeader(group=self.group, leader=address)

    async def until(self, is_true: Callable[[], bool], *, ticks: int) -> bool:
        """Waits for something that this replica sees happen; whether it did."""
        return await self._until.wait(is_true, ticks)

    def _snapshot_meta(self) -> SnapshotMeta | None:
        if not self.applied_index:
            return None
        return SnapshotMeta(self.applied_index, self._applied_term, self.applied_configuration)

    # ---- events ----

    def step(self, messages: Sequence[Message]) -> None:
        node = self.node
        for message in messages:
            node.step(message)
        self._turn()

    def tick(self) -> None:
        self.node.tick()
        self._until.tick()
        self._turn()

    def unreachable(self, replica: ReplicaId) -> None:
        self.node.unreachable_reported(replica)

    def schedule(self) -> None:
        """A turn, soon: whoever else comes until then shares it."""
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _entries_loaded(self) -> None:
        self.node.entries_loaded()
        self._turn()

    def _snapshot_reported(self, to: ReplicaId, installed: bool) -> None:
        self.node.snapshot_reported(to, installed=installed)
        self._turn()

    # ---- the core's instructions ----

    def _turn(self) -> None:
        self._is_due = False
        if self._in_turn or self._installing is not None or self._ended:
            return
        node = self.node
        self._in_turn = True
        try:
            if self.reads.has_next():
                self._ask_for_reads()
            while node.has_ready() and self._installing is None and not self._ended:
                self._do(node.ready())
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
        if ready.hard_state is not None:
            self._hard_state = ready.hard_state
        entries = ready.entries
        if entries:
            if entries[0].index <= self._wal.last_index_queued(self.group):
                self._reader.forget()
            self._keeping.appended(entries)
        if ready.snapshot is None:
            self._writer.write(ready)
        else:
            self._installing = self._runtime.tasks.start(
                self._install(ready, ready.snapshot, self._incoming),
                name=f"raft-{self.group}-install",
            )
        if self._ended:
            # The log is dead, and whoever waited has been told.
            return
        if ready.committed:
            self._applier.add(self.proposals.committed(ready.committed))
        for read in ready.reads:
            self.reads.confirmed(read.request, read.index, self.applied_index)
        for request in ready.reads_refused:
            self.reads.refuse(request, self.not_leader)

    def _send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if type(message) is InstallSnapshot:
                self._sender.send(message)
                messages = [one for one in messages if type(one) is not InstallSnapshot]
        self.transport.send(self, messages)

    def _advance(self, ready: Ready) -> None:
        self.node.advance(ready)
        if ready.messages:
            self._send(ready.messages)

    def _role_changed(self, now: SoftState) -> None:
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
        last = entries[-1]
        before = self.applied_index
        if last.index > before:
            self.applied_index, self._applied_term = last.index, last.term
        for entry in entries:
            if entry.kind is EntryKind.CONFIGURATION:
                self.applied_configuration = decode(entry.payload)
        self.node.applied_to(last.index)
        self.proposals.applied(entries, self.not_leader)
        self.reads.applied(last.index)
        node = self.node
        if node.role is Role.LEADER and before < node.term_start_index <= last.index:
            self._notify()
        else:
            self._until.check()
        self._turn()

    def _applier_ended(self, error: BaseException | None) -> None:
        self.fail(failure_of_machine(error, self.group))

    def state_is_durable_through(self, index: int) -> None:
        self._durable_index = max(self._durable_index, index)
        held_by: list[int] | None = None
        if self.node.role is Role.LEADER:
            held_by = [peer.match for peer in self.node.status().peers.values()]
        through = self._durable_index
        if not self._wal.is_short:
            # Followers that lag get a snapshot where there is no room for what they lack.
            through = self._keeping.release_through(through, held_by)
        if through >= self._wal.first_index(self.group):
            self._wal.release(self.group, through)

    # ---- snapshots ----

    async def receive_snapshot(
        self, header: InstallSnapshotHeader, pieces: AsyncIterator[Buffer]
    ) -> InstallSnapshotReply:
        if self._ended:
            raise Stopping(group=self.group)
        configuration = decode(header.configuration)
        meta = SnapshotMeta(header.index, header.index_term, configuration)
        message = InstallSnapshot(ReplicaId(header.sender), self.id, header.term, meta)

        def offer(incoming: IncomingSnapshot) -> "asyncio.Future[None] | None":
            if self._ended:
                raise Stopping(group=self.group)
            self._incoming = incoming
            self.step([message])
            return self._installing

        try:
            await self._receiver.receive(header, pieces, offer)
        finally:
            self._incoming = None
        return InstallSnapshotReply(installed=self.applied_index >= header.index)

    async def _install(
        self, ready: Ready, snapshot: SnapshotMeta, incoming: IncomingSnapshot | None
    ) -> None:
        assert incoming is not None, "a snapshot without its state"
        try:
            await self._writer.drain()
            await self._applier.drop()
            await install(
                self._wal,
                self.group,
                self._runtime.clock,
                incoming,
                snapshot,
                self._hard_state,
                is_over=lambda: self._ended,
            )
        except Stopping as error:
            self.fail(error)
            return
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            # Whatever it was: half installed, it must not go on, nor stand still unnoticed.
            self.fail(error)
            raise
        if self._ended:
            return
        self._reader.forget()
        self.applied_index = self._durable_index = snapshot.index
        self._applied_term = snapshot.term
        self.applied_configuration = snapshot.configuration
        self._installing = None
        self._writer.note(self._hard_state)
        self._writer.write(ready)
        self.reads.applied(snapshot.index)
        self._notify()
        self._turn()

    # ---- what can go wrong ----

    def _has_room(self, has_room: bool) -> None:
        """A leader whose disk is full hands over to one that may have room."""
        node = self.node
        if not has_room and node.role is Role.LEADER:
            self.hand_over()
        self._turn()

    def hand_over(self) -> bool:
        """Begins to give leadership away; whether there is somebody to take it."""
        target = None if self._ended else successor(self.node)
        if target is None:
            return False
        try:
            self.node.transfer_leadership(target)
        except refusals.RaftError as error:
            log.info("leadership_kept", group=self.group, reason=error)
            return False
        self.schedule()
        return True

    def fail(self, error: BaseException) -> None:
        """Takes part no more, and tells everybody why."""
        if self._ended:
            return
        self.failure = failure = failure_of(error, self.group)
        if not isinstance(failure, Stopping):
            log.error("replica_failed", group=self.group, error=error)
        self.end(self.refusal)

    def refusal(self) -> TrioxygenError:
        """For whoever asks it, or waits, after it failed."""
        return refusal_of(self.failure or Stopping(group=self.group), self.group)

    def end(self, make_error: Callable[[], TrioxygenError]) -> None:
        """Nothing is sent, written or applied any more. Idempotent."""
        self._ended = True
        if not self.is_started:
            return
        self.transport.detach(self)
        self._writer.stop()
        self._sender.stop()
        self._applier.cancel()
        self.proposals.fail(make_error)
        self.reads.fail(make_error)
        self._until.end()
        self._changed()

    async def ended(self) -> None:
        """After `end`: what had begun is over."""
        if self._installing is not None:
            await asyncio.wait([self._installing])
        await self._applier.stop()
