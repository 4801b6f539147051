"""One replica of one group as a state machine: events in, a `Ready` of instructions out.

No clock, no network, no disk: the driver ticks, delivers, writes and applies. A process may hold
any number of nodes; if it ticks them together, their heartbeats to one peer can travel together.
"""

from collections.abc import Collection, Iterable

from trioxygen.metadata.raft.core.changes import Changes
from trioxygen.metadata.raft.core.config import RaftConfig, RandomSource
from trioxygen.metadata.raft.core.election import Election
from trioxygen.metadata.raft.core.errors import (
    ChangeInProgress,
    NotLeader,
    ProposalsFull,
    TransferInProgress,
    TransferInvalid,
)
from trioxygen.metadata.raft.core.instructions import Instructions
from trioxygen.metadata.raft.core.log import LogReader, RaftLog
from trioxygen.metadata.raft.core.membership import Membership
from trioxygen.metadata.raft.core.quiescence import Quiescence
from trioxygen.metadata.raft.core.reads import Reads
from trioxygen.metadata.raft.core.receiving import Receiving
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.status import Status, status_of
from trioxygen.metadata.raft.core.types import (
    Configuration,
    Entry,
    EntryId,
    EntryKind,
    HardState,
    ReplicaId,
    RequestId,
    Role,
)


class Node:
    """Args:
    reader: what is durable of the group's log.
    hard_state: the last one written; `HardState()` for a new replica.
    applied: the state machine's index.
    configuration: in force at `applied`; the state machine stores it with its index. Without any
        member for a replica that is to join: it waits to be told.
    later_configurations: the entries of the kind CONFIGURATION in the log after `applied`.
    rng: `randrange` of a seeded generator, the node's own.
    """

    def __init__(
        self,
        replica: ReplicaId,
        config: RaftConfig,
        rng: RandomSource,
        reader: LogReader,
        *,
        hard_state: HardState,
        applied: int,
        configuration: Configuration,
        later_configurations: Iterable[Entry] = (),
    ) -> None:
        assert replica > 0, replica
        log = RaftLog(
            reader,
            hard_state,
            applied=applied,
            recent_bytes_max=config.recent_bytes_max,
            committed_bytes_max=config.committed_bytes_max,
        )
        assert hard_state.term >= log.last_term, (hard_state, log.last_term)
        membership = Membership(applied, configuration, later_configurations)
        self._state = State(replica, config, rng, log, membership, hard_state)
        self._log = log
        self._replication = Replication(self._state, reader)
        self._reads = Reads(self._state, self._replication, rng)
        self._election = Election(self._state, self._replication, self._reads)
        self._quiescence = Quiescence(self._state, self._replication, self._reads)
        self._changes = Changes(self._state, self._replication, self._election, self._quiescence)
        receiving = Receiving(
            self._state,
            self._replication,
            self._reads,
            self._election,
            self._quiescence,
            self._changes,
        )
        instructions = Instructions(self._state, self._replication, self._reads, self._changes)
        # A message from another replica. Lost, late, doubled ones do no harm.
        self.step = receiving.step
        # The `Ready`s: whether there is one, the next, and that it is durable.
        self.has_ready, self.ready = instructions.has_ready, instructions.ready
        self.advance = instructions.advance
        # What the next `Ready` would have of it: for a driver that has nothing else to do; and
        # whether there is something to apply that was not handed out yet.
        self.take_committed, self.has_committed = log.take_committed, log.has_committed

    # What it knows.

    @property
    def id(self) -> ReplicaId:
        return self._state.id

    @property
    def term(self) -> int:
        return self._state.term

    @property
    def role(self) -> Role:
        return self._state.role

    @property
    def leader(self) -> ReplicaId | None:
        return self._state.leader

    @property
    def is_quiet(self) -> bool:
        """No timer runs, and nothing is under way."""
        return self._state.quiescent

    @property
    def term_start_index(self) -> int:
        """Of a leader: its first own entry. Once that is applied, the state holds everything that
        earlier leaders committed, and commands may be executed on it."""
        assert self._state.role is Role.LEADER, self._state.role
        return self._state.term_start_index

    @property
    def configuration(self) -> Configuration:
        """In force: the latest in the log, committed or not (§4.1)."""
        return self._state.membership.current

    @property
    def commit_index(self) -> int:
        return self._log.commit

    @property
    def durable_index(self) -> int:
        """Entries up to here survive a crash."""
        return self._log.durable

    def term_at(self, index: int) -> int | None:
        """Of the entry there, durable or not; None: compacted away, or after the last one."""
        return self._log.term(index)

    def status(self) -> Status:
        return status_of(self._state, self._replication)

    # Events.

    def tick(self) -> None:
        state = self._state
        state.now += 1
        if state.quiescent:
            return
        if state.role is not Role.LEADER:
            self._reads.ask_again()
            self._election.tick()
            return
        self._election.tick_leader()
        if state.role is not Role.LEADER:
            return
        state.heartbeat_elapsed += 1
        if self._quiescence.tick():
            return
        if state.heartbeat_elapsed >= state.config.heartbeat_ticks:
            self._reads.begin_round()

    def campaign(self) -> None:
        """As if the election timeout had passed."""
        if self._state.role is not Role.LEADER:
            self._quiescence.wake()
            self._election.campaign()

    def _check_leader(self) -> None:
        state = self._state
        if state.role is not Role.LEADER:
            raise NotLeader(state.leader)
        if state.transfer_to is not None:
            # §3.10: else the target's log would never be as long as ours.
            raise TransferInProgress(f"leadership goes to {state.transfer_to}")

    def propose(self, payload: bytes) -> EntryId:
        """The entry is committed when one of that index and term is handed out; if one of another
        term is, it is lost. It is sent with the next `Ready`.

        Raises: NotLeader, TransferInProgress, ProposalsFull.
        """
        self._check_leader()
        uncommitted = self._replication.uncommitted_bytes
        size_bytes = len(payload)
        if uncommitted and uncommitted + size_bytes > self._state.config.uncommitted_bytes_max:
            raise ProposalsFull(f"{uncommitted} bytes wait for a commit")
        if self._state.quiescent:
            self._quiescence.wake()
        entry = self._replication.append(payload, EntryKind.NORMAL)
        return EntryId(entry.index, entry.term)

    def propose_configuration(
        self,
        *,
        voters: Collection[ReplicaId],
        learners: Collection[ReplicaId] = (),
        auto_leave: bool = True,
    ) -> EntryId:
        """Begins the change to these members. Without `auto_leave` the group stays joint until
        `leave_joint`; with it the leader, whoever that is then, appends the second entry.

        Raises: NotLeader, TransferInProgress, ChangeInProgress, ChangeInvalid.
        """
        self._check_leader()
        return self._changes.enter(voters=voters, learners=learners, auto_leave=auto_leave)

    def leave_joint(self) -> EntryId:
        """Raises: NotLeader, TransferInProgress, ChangeInProgress, ChangeInvalid: not joint."""
        self._check_leader()
        return self._changes.leave()

    def read_index(self, request: RequestId) -> None:
        """Answered in a later `Ready`: the read, or a refusal when leadership changes (§6.4). On a
        follower the leader is asked. Reads of one driver's turn share one round.

        Raises: NotLeader: no leader is known; ReadsFull.
        """
        self._reads.request(request)
        if self._state.quiescent:
            self._quiescence.wake()

    def withdraw(self) -> bool:
        """Takes back the proposals that could not be made durable: as if they never were. Only
        where nobody else can have seen them; else nothing is done. Nothing else is wanted of their
        `Ready`s, which are to be advanced all the same. Whether it was done.

        A leader never takes entries out of its log (§3.6, Leader Append-Only), since others may
        hold them. What the only member has not made durable, nobody holds: no entry of such an
        index and term was or will ever be seen. But the configuration that makes it the only one
        must be durable: what was appended under the one before went to others."""
        state = self._state
        if state.membership.only_member != state.id or state.role is not Role.LEADER:
            return False
        if state.membership.index > self._log.durable:
            return False
        if not state.has_committed_in_term():
            # The vote may not be durable yet, nor the first entry of the term.
            return False
        self._replication.withdraw()
        return True

    def transfer_leadership(self, target: ReplicaId) -> None:
        """Brings `target` up to date and makes it start an election (§3.10). Given up after an
        election timeout; until then proposals are refused.

        Raises: NotLeader, TransferInProgress, TransferInvalid, ChangeInProgress.
        """
        self._check_leader()
        state = self._state
        if target == state.id or not state.membership.current.has_vote(target):
            raise TransferInvalid(f"{target} cannot take over")
        if state.membership.current.is_joint or state.membership.index > self._log.commit:
            raise ChangeInProgress("the last membership change is not complete")
        self._quiescence.wake()
        state.transfer_to, state.transfer_tick = target, state.now
        self._replication.hand_over_if_caught_up()

    def snapshot_reported(self, to: ReplicaId, *, installed: bool) -> None:
        """The stream that an InstallSnapshot asked for ended."""
        self._replication.snapshot_reported(to, installed=installed)

    def unreachable_reported(self, to: ReplicaId) -> None:
        """Messages to it were dropped: send one at a time until it answers."""
        self._replication.unreachable_reported(to)

    def entries_loaded(self) -> None:
        """What the reader did not have in memory, it has now."""
        self._log.entries_loaded()
        self._replication.entries_loaded()

    def quiesce(self, *, absent: Collection[ReplicaId] = ()) -> bool:
        """Of a leader with nothing to do: no more heartbeats until something happens. The driver
        watches the processes of the members instead, with heartbeats that all groups share.

        Args:
            absent: known to be down; `wake` when one comes back.
        Returns: whether it went quiet.
        """
        return self._quiescence.enter(absent)

    def wake(self) -> None:
        """Timers run again. Events wake a node by themselves."""
        self._quiescence.wake()

    def leader_suspected(self) -> None:
        """The leader's process was not heard from: stand for election within a timeout."""
        self._quiescence.suspect_leader()

    def applied_to(self, index: int) -> None:
        """The state machine has applied everything through `index`, and stored with it the
        configuration in force there, for a restart and for snapshots (§5.1)."""
        self._log.applied_to(index)
        self._state.membership.forget_before(self._log.applied)
