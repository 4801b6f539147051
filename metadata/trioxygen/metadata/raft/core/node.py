"""One replica of one group as a state machine: events in, a `Ready` of instructions out.

No clock, no network, no disk: the driver ticks, delivers, writes and applies. A process may hold
any number of nodes; if it ticks them together, their heartbeats to one peer can travel together.
"""

from collections.abc import Collection, Iterable
from typing import Final

from trioxygen.metadata.raft.core.config import RaftConfig, RandomSource
from trioxygen.metadata.raft.core.election import Election
from trioxygen.metadata.raft.core.errors import (
    ChangeInProgress,
    ChangeInvalid,
    NotLeader,
    ProposalsFull,
    TransferInProgress,
    TransferInvalid,
)
from trioxygen.metadata.raft.core.following import Following
from trioxygen.metadata.raft.core.log import LogReader, RaftLog
from trioxygen.metadata.raft.core.membership import Membership, encode, enter, leave
from trioxygen.metadata.raft.core.quiescence import Quiescence
from trioxygen.metadata.raft.core.reads import Reads
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.status import Status, status_of
from trioxygen.metadata.raft.core.types import (
    AppendEntries,
    AppendReply,
    CommitNotice,
    Configuration,
    Entry,
    EntryId,
    EntryKind,
    HardState,
    Heartbeat,
    HeartbeatReply,
    InstallSnapshot,
    Message,
    ReadIndexRequest,
    Ready,
    ReplicaId,
    RequestId,
    RequestVote,
    Role,
    SoftState,
    TimeoutNow,
    VoteReply,
)

_FROM_LEADER = (AppendEntries, Heartbeat, CommitNotice, InstallSnapshot)


# An election for each millisecond of 50 days.
TERMS_AHEAD_MAX: Final = 2**32


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
        self._following = Following(self._state)
        self._reads = Reads(self._state, self._replication, rng)
        self._election = Election(self._state, self._replication, self._reads)
        self._quiescence = Quiescence(self._state, self._replication, self._reads)
        self._hard_state = HardState(self._state.term, self._state.vote, log.commit)
        self._soft_state = SoftState(Role.FOLLOWER, None, self._state.term)
        self._taken = self._advanced = 0

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
    def is_quiescent(self) -> bool:
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
        self._check_no_change()
        now = self._state.membership.current
        if now.is_joint:
            raise ChangeInProgress("the group is still joint")
        wanted = enter(now, voters=voters, learners=learners, auto_leave=auto_leave)
        return self._append_configuration(wanted)

    def leave_joint(self) -> EntryId:
        """Raises: NotLeader, TransferInProgress, ChangeInProgress, ChangeInvalid: not joint."""
        self._check_leader()
        self._check_no_change()
        now = self._state.membership.current
        if not now.is_joint:
            raise ChangeInvalid("the group is not joint")
        return self._append_configuration(leave(now))

    def _check_no_change(self) -> None:
        """One change at a time (§4.1, §4.3). And none before an entry of the own term is committed:
        else an earlier leader's change could be in force elsewhere (raft-dev, July 2015, "bug in
        single-server membership changes", an erratum to §4.1)."""
        if self._state.membership.index > self._log.commit:
            raise ChangeInProgress("the last configuration is not committed yet")
        if not self._state.has_committed_in_term():
            raise ChangeInProgress("the leader has not committed in its term yet")

    def _append_configuration(self, configuration: Configuration) -> EntryId:
        self._quiescence.wake()
        entry = self._replication.append(encode(configuration), EntryKind.CONFIGURATION)
        return EntryId(entry.index, entry.term)

    def read_index(self, request: RequestId) -> None:
        """Answered in a later `Ready`: the read, or a refusal when leadership changes (§6.4). On a
        follower the leader is asked. Reads of one driver's turn share one round.

        Raises: NotLeader: no leader is known; ReadsFull.
        """
        self._reads.request(request)
        if self._state.quiescent:
            self._quiescence.wake()

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

    def step(self, message: Message) -> None:
        """A message from another replica. Lost, late, doubled ones do no harm."""
        state = self._state
        assert message.to == state.id, (message, state.id)
        if state.quiescent and not (isinstance(message, Heartbeat) and message.quiesce):
            self._quiescence.wake()
        if message.term != state.term and not self._sees_term(message):
            return
        if isinstance(message, AppendReply):
            if state.role is Role.LEADER and self._replication.on_append_reply(message):
                self._committed()
        elif isinstance(message, HeartbeatReply):
            if state.role is Role.LEADER:
                self._replication.on_heartbeat_reply(message)
                self._reads.on_heartbeat_reply(message)
        elif isinstance(message, _FROM_LEADER):
            self._follow(message)
        elif isinstance(message, RequestVote):
            self._election.on_request_vote(message)
        elif isinstance(message, VoteReply):
            self._election.on_vote_reply(message)
        elif isinstance(message, TimeoutNow):
            if state.role is not Role.LEADER:
                self._election.on_timeout_now()
        elif isinstance(message, ReadIndexRequest):
            self._reads.on_request(message)
        else:
            self._reads.on_reply(message)

    def _sees_term(self, message: Message) -> bool:
        """Another term than ours (§3.3). Returns whether the message still counts."""
        state = self._state
        if message.term < state.term:
            self._answer_stale(message)
            return False
        if state.term and message.term > state.term + TERMS_AHEAD_MAX:
            # No elections come to that. Taken on, it would leave the group without terms to go on.
            return False
        if isinstance(message, RequestVote):
            if state.hears_leader() and not message.transfer:
                # §4.2.3: whoever hears from a leader neither votes nor takes on the term; else a
                # removed or lost replica could depose one leader after the other.
                return False
            if message.pre:
                return True
        elif isinstance(message, VoteReply) and message.pre and message.granted:
            # The term we asked about, not one that exists.
            return True
        leader = message.sender if isinstance(message, _FROM_LEADER) else None
        self._election.become_follower(message.term, leader)
        return True

    def _answer_stale(self, message: Message) -> None:
        """Whoever is behind learns our term (§3.3): a leader cut off steps down, and a replica that
        went ahead while it was cut off is not shut out for ever (§9.6 with §6.2)."""
        state = self._state
        if isinstance(message, AppendEntries | Heartbeat | InstallSnapshot):
            state.send_at_once(AppendReply(state.id, message.sender, state.term, 0, rejected=True))
        elif isinstance(message, RequestVote):
            state.send(VoteReply(state.id, message.sender, state.term, False, message.pre))

    def _follow(self, message: AppendEntries | Heartbeat | CommitNotice | InstallSnapshot) -> None:
        state = self._state
        if state.role is not Role.FOLLOWER or state.leader != message.sender:
            # §3.4: a candidate that hears from the leader of its term has lost.
            assert state.leader is None, f"two leaders in term {state.term}: {message}"
            self._election.become_follower(state.term, message.sender)
        state.election_elapsed = 0
        state.heard_tick = state.now
        if isinstance(message, AppendEntries):
            self._following.on_append(message)
        elif isinstance(message, Heartbeat):
            self._following.on_heartbeat(message)
        elif isinstance(message, CommitNotice):
            self._following.on_commit_notice(message)
        else:
            self._following.on_snapshot(message)

    def _committed(self) -> None:
        """The leader's commit index rose."""
        state, membership = self._state, self._state.membership
        if membership.index > self._log.commit:
            return
        if not membership.current.is_joint:
            self._election.step_down_if_removed()
        elif membership.current.auto_leave:
            # §4.3: C_old,new is committed, so C_new may follow; by whoever leads now.
            assert state.transfer_to is None, state.transfer_to
            self._append_configuration(leave(membership.current))

    # Instructions.

    def has_ready(self) -> bool:
        state, log = self._state, self._log
        return bool(
            state.at_once
            or state.after
            or log.has_unwritten()
            or log.has_committed()
            or self._replication.append_due
            or self._replication.notice_due
            or self._reads.done
            or self._reads.refused
            or self._reads.can_flush()
            or self._hard_state.term != state.term
            or self._hard_state.voted_for != state.vote
            or self._hard_state.commit != log.commit
            or self._soft_state.role != state.role
            or self._soft_state.leader != state.leader
        )

    def ready(self) -> Ready:
        """What is to be done since the last one; see `Ready` for the order. May be empty."""
        state, log = self._state, self._log
        if state.role is Role.LEADER:
            self._replication.flush()
        self._reads.flush()
        snapshot, entries = log.take_unwritten()
        hard_state, soft_state = None, None
        before = self._hard_state
        must_sync = bool(entries) or snapshot is not None
        if before.term != state.term or before.voted_for != state.vote:
            must_sync = True
            hard_state = HardState(state.term, state.vote, log.commit)
        elif before.commit != log.commit:
            hard_state = HardState(state.term, state.vote, log.commit)
        if hard_state is not None:
            self._hard_state = hard_state
        told = self._soft_state
        if (told.role, told.leader, told.term) != (state.role, state.leader, state.term):
            soft_state = self._soft_state = SoftState(state.role, state.leader, state.term)
        self._taken += 1
        ready = Ready(
            number=self._taken,
            hard_state=hard_state,
            snapshot=snapshot,
            entries=entries,
            must_sync=must_sync,
            messages_at_once=state.at_once,
            messages=state.after,
            committed=log.take_committed(),
            reads=self._reads.done,
            reads_refused=self._reads.refused,
            soft_state=soft_state,
        )
        state.at_once, state.after = [], []
        self._reads.done, self._reads.refused = [], []
        return ready

    def advance(self, ready: Ready) -> None:
        """`ready`'s snapshot, hard state and entries are durable, and so are all before it."""
        state, log = self._state, self._log
        self._advanced += 1
        assert ready.number == self._advanced, (ready.number, self._advanced)
        hard_state = ready.hard_state
        if hard_state is not None:
            state.vote_is_durable = (
                hard_state.term == state.term and hard_state.voted_for == state.vote
            )
        if ready.snapshot is not None:
            log.snapshot_durable(ready.snapshot)
        if ready.entries and log.durable_to(ready.entries[-1]) and state.role is Role.LEADER:
            # §10.2.1: the leader counts itself only for what is durable.
            state.peers[state.id].match = log.durable
            if self._replication.advance_commit():
                self._committed()

    def applied_to(self, index: int) -> None:
        """The state machine has applied everything through `index`, and stored with it the
        configuration in force there, for a restart and for snapshots (§5.1)."""
        self._log.applied_to(index)
        self._state.membership.forget_before(self._log.applied)
