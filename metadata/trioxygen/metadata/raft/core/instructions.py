"""What the driver is to do, gathered from what all duties of a replica have left for it."""

from trioxygen.metadata.raft.core.changes import Changes
from trioxygen.metadata.raft.core.reads import Reads
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.types import HardState, Ready, Role, SoftState


class Instructions:
    """Makes each `Ready`, and hears when one is durable."""

    __slots__ = (
        "_advanced",
        "_changes",
        "_log",
        "_reads",
        "_replication",
        "_said_commit",
        "_said_term",
        "_said_vote",
        "_soft_state",
        "_state",
        "_taken",
    )

    def __init__(
        self, state: State, replication: Replication, reads: Reads, changes: Changes
    ) -> None:
        self._state, self._log, self._replication = state, state.log, replication
        self._reads, self._changes = reads, changes
        # As the last hard state said, or would have said.
        self._said_term, self._said_vote = state.term, state.vote
        self._said_commit = state.log.commit
        self._soft_state = SoftState(Role.FOLLOWER, None, state.term)
        self._taken = self._advanced = 0

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
            or self._said_commit != log.commit
            or self._said_term != state.term
            or self._said_vote != state.vote
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
        must_sync = bool(entries) or snapshot is not None
        if self._said_term != state.term or self._said_vote != state.vote:
            must_sync = True
            hard_state = HardState(state.term, state.vote, log.commit)
        elif self._said_commit != log.commit:
            hard_state = HardState(state.term, state.vote, log.commit)
        if hard_state is not None:
            self._said_term, self._said_vote = state.term, state.vote
            self._said_commit = log.commit
        last_state = self._soft_state
        if (last_state.role, last_state.leader, last_state.term) != (
            state.role,
            state.leader,
            state.term,
        ):
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
            committed=log.take_committed() if log.handed < log.commit else (),
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
                if state.membership.only_member == state.id:
                    # Not worth a record: at its next start it elects itself, and commits all. And
                    # there is nobody to be told, nor a joint configuration to be left.
                    self._said_commit = log.commit
                else:
                    self._changes.committed()
