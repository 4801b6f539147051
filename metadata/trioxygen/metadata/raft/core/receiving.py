"""What other replicas say: whether it counts, and whose duty the answer is."""

from typing import Final

from trioxygen.metadata.raft.core.changes import Changes
from trioxygen.metadata.raft.core.election import Election
from trioxygen.metadata.raft.core.following import Following
from trioxygen.metadata.raft.core.quiescence import Quiescence
from trioxygen.metadata.raft.core.reads import Reads
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.types import (
    AppendEntries,
    AppendReply,
    CommitNotice,
    Heartbeat,
    HeartbeatReply,
    InstallSnapshot,
    Message,
    ReadIndexRequest,
    RequestVote,
    Role,
    TimeoutNow,
    VoteReply,
)

_FROM_LEADER = (AppendEntries, Heartbeat, CommitNotice, InstallSnapshot)


# An election for each millisecond of 50 days.
TERMS_AHEAD_MAX: Final = 2**32


class Receiving:
    __slots__ = (
        "_changes",
        "_election",
        "_following",
        "_quiescence",
        "_reads",
        "_replication",
        "_state",
    )

    def __init__(
        self,
        state: State,
        replication: Replication,
        reads: Reads,
        election: Election,
        quiescence: Quiescence,
        changes: Changes,
    ) -> None:
        self._state, self._replication, self._reads = state, replication, reads
        self._election, self._quiescence, self._changes = election, quiescence, changes
        self._following = Following(state)

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
                self._changes.committed()
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
