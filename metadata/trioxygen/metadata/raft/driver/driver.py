"""Drives the core of one replica with the log, the network, time and the state machine.

Everything happens on the event loop, mostly in callbacks (`turns`)."""

from collections.abc import AsyncIterator, Callable

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    NotLeader,
    Stopping,
    TrioxygenError,
)
from trioxygen.common.runtime import Runtime
from trioxygen.common.states import move
from trioxygen.metadata.raft.core import errors as refusals
from trioxygen.metadata.raft.core.membership import encode
from trioxygen.metadata.raft.core.node import Node
from trioxygen.metadata.raft.core.types import (
    Configuration,
    HardState,
    ReplicaId,
    Role,
)
from trioxygen.metadata.raft.driver.applier import Applier
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.failure import failure_of, refusal_of
from trioxygen.metadata.raft.driver.installing import Installer
from trioxygen.metadata.raft.driver.log_side import LogSide
from trioxygen.metadata.raft.driver.phases import MOVES, Phase
from trioxygen.metadata.raft.driver.ports import Transport
from trioxygen.metadata.raft.driver.recovery import recover_group
from trioxygen.metadata.raft.driver.succession import successor
from trioxygen.metadata.raft.driver.turns import Turns
from trioxygen.metadata.raft.log.segment import LogFailed
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId, ReplicatedStateMachine
from trioxygen.metadata.raft.transport.snapshot_transfer import SnapshotSender
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader, InstallSnapshotReply

log = logs.get(__name__)


class Driver(Turns):
    """From start to end, and what it knows meanwhile.

    Args:
        is_alone: no other replica of the group is, was or will be.
        changed: whether it leads, or the term, may have changed.
    Attributes:
        failure: why it takes part no more, or None.
    """

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        transport: Transport,
        *,
        group: GroupId,
        replica: ReplicaId,
        group_digest: int,
        configuration: Configuration,
        config: RaftReplicaConfig,
        is_alone: bool,
        changed: Callable[[], None],
    ) -> None:
        super().__init__(
            transport,
            group=group,
            replica=replica,
            group_digest=group_digest,
            configuration=configuration,
            is_alone=is_alone,
            changed=changed,
        )
        self._runtime, self._wal = runtime, wal
        self._initial_configuration, self.config = configuration, config
        self.failure: TrioxygenError | None = None

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
            is_alone=self.is_alone,
        )
        self.state.begin(recovered.applied_index, recovered.applied_term, recovered.configuration)
        self.term = recovered.hard_state.term
        self._make_parts(machine, recovered.hard_state)
        self.node = Node(
            self.id,
            self.config.core,
            self._runtime.rng,
            self._log.reader,
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
            applied_index=self.state.index,
            last_index=wal.last_index(group),
        )
        self.phase = move(MOVES, self.phase, Phase.RUNNING)
        self.transport.attach(self, addresses)
        self._turn()

    def _make_parts(self, machine: ReplicatedStateMachine, hard_state: HardState) -> None:
        runtime, wal, group, config = self._runtime, self._wal, self.group, self.config
        tasks = runtime.tasks
        self._log = LogSide(
            runtime,
            wal,
            group,
            is_alone=self.is_alone,
            keep_bytes=config.log_keep_bytes,
            hard_state=hard_state,
            snapshot=self.state.meta,
            loaded=self._entries_loaded,
            durable=self._advance,
            drained=self._drained,
            has_room=self._has_room,
            withdraw=self._withdraw,
            failed=self.fail,
        )
        self._applier = Applier(
            machine,
            tasks,
            f"raft-{group}-apply",
            applied=self._on_applied,
            ended=self._applier_ended,
        )
        self._installer = Installer(
            runtime,
            wal,
            machine,
            group=group,
            replica=self.id,
            step=lambda message: self.step((message,)),
            is_over=lambda: self.is_over,
            clear=self._clear,
            failed=self.fail,
            config=config.snapshot,
        )
        self._sender = SnapshotSender(
            machine,
            self.transport,
            runtime,
            group=group,
            group_digest=self.group_digest,
            configuration=encode(self._initial_configuration),
            reported=self._snapshot_reported,
            config=config.snapshot,
        )

    # ---- what it knows ----

    @property
    def is_started(self) -> bool:
        return self.phase is not Phase.NEW

    @property
    def is_over(self) -> bool:
        return self.phase is Phase.ENDED

    @property
    def is_full(self) -> bool:
        """Whether the log's disk is."""
        return self._log.writer.is_full

    def leader_address(self) -> str:
        leader = self.node.leader if self.is_started and not self.is_over else None
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

    def state_is_durable_through(self, index: int) -> None:
        state = self.state
        state.durable_index = max(state.durable_index, index)
        held_by: list[int] | None = None
        if self.node.role is Role.LEADER:
            held_by = [peer.match for peer in self.node.status().peers.values()]
        self._log.release(state.durable_index, held_by)

    # ---- snapshots ----

    async def receive_snapshot(
        self, header: InstallSnapshotHeader, pieces: AsyncIterator[Buffer]
    ) -> InstallSnapshotReply:
        await self._installer.receive(header, pieces)
        return InstallSnapshotReply(installed=self.state.index >= header.index)

    # ---- what can go wrong ----

    def hand_over(self) -> bool:
        """Begins to give leadership away; whether there is somebody to take it."""
        target = None if self.is_over else successor(self.node)
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
        if self.is_over:
            return
        self.failure = failure = failure_of(error, self.group)
        if not isinstance(failure, Stopping):
            log.error("replica_failed", group=self.group, error=error)
        if self.is_alone and isinstance(failure, LogFailed):
            # What is committed can still be read, and nobody else has it.
            self.proposals.fail_after(self.node.commit_index, self.refusal)
            self._until.check()
        else:
            self.end(self.refusal)

    def refusal(self) -> TrioxygenError:
        """For whoever asks it, or waits, after it failed."""
        failure = self.failure or Stopping(group=self.group)
        return refusal_of(failure, self.group, is_alone=self.is_alone)

    def end(self, make_error: Callable[[], TrioxygenError]) -> None:
        """Nothing is sent, written or applied any more. Idempotent."""
        if self.is_over:
            return
        self.phase = move(MOVES, self.phase, Phase.ENDED)
        self.leads = False
        self.transport.detach(self)
        self._log.stop()
        self._sender.stop()
        self._applier.cancel()
        self.proposals.fail(make_error)
        self.reads.fail(make_error)
        self._until.end()
        self._changed()

    async def ended(self) -> None:
        """After `end`: what had begun is over."""
        await self._log.ended()
        await self._installer.ended()
        await self._applier.stop()
