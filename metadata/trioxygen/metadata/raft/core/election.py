"""Who leads: timeouts, pre-votes, votes, stepping down, handing over (§3.4, §3.10, §6.2, §9.6)."""

from trioxygen.metadata.raft.core.progress import ProgressState
from trioxygen.metadata.raft.core.quorum import VoteResult, vote_result
from trioxygen.metadata.raft.core.reads import Reads
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.types import (
    ReplicaId,
    RequestVote,
    Role,
    TimeoutNow,
    VoteReply,
)


class Election:
    __slots__ = ("_reads", "_replication", "_state", "_votes")

    def __init__(self, state: State, replication: Replication, reads: Reads) -> None:
        self._state, self._replication, self._reads = state, replication, reads
        self._votes: dict[ReplicaId, bool] = {}

    def become_follower(self, term: int, leader: ReplicaId | None) -> None:
        """§3.3: whoever sees a higher term adopts it and follows."""
        state = self._state
        if term != state.term:
            state.set_term(term)
        else:
            assert state.role is not Role.LEADER or leader is None, (
                f"two leaders in term {term}: {state.id} and {leader}"
            )
        self._take_role(Role.FOLLOWER, leader)

    def _take_role(self, role: Role, leader: ReplicaId | None) -> None:
        state = self._state
        self._reads.reset()
        self._replication.append_due = self._replication.notice_due = False
        state.role, state.leader = role, leader
        state.quiescent = False
        state.transfer_to = None
        state.transfer_sent = False
        self._votes.clear()
        if role is not Role.LEADER:
            state.peers.clear()
            state.others = ()
        state.heartbeat_elapsed = 0
        state.reset_election_timer()

    def campaign(self, *, transfer: bool = False) -> None:
        """Asks for pre-votes, or without pre-vote, or told by the leader, for votes at once."""
        state = self._state
        assert state.role is not Role.LEADER, state.term
        if not state.membership.may_campaign(state.id, state.log.commit):
            return
        if state.config.pre_vote and not transfer:
            # §9.6: the term rises only when a majority would follow, so that a replica that was cut
            # off does not depose a leader when it comes back.
            self._take_role(Role.PRE_CANDIDATE, None)
            self._ask(pre=True, transfer=False)
        else:
            self._stand(transfer=transfer)

    def _stand(self, *, transfer: bool) -> None:
        state = self._state
        state.set_term(state.term + 1)
        self._take_role(Role.CANDIDATE, None)
        state.set_vote(state.id)
        self._ask(pre=False, transfer=transfer)

    def _ask(self, *, pre: bool, transfer: bool) -> None:
        state, log = self._state, self._state.log
        # Counted only if the configuration has a vote for us (§4.2.2). That it may not be durable
        # yet does no harm: what we send as leader waits for that too.
        self._votes[state.id] = True
        term = state.term + 1 if pre else state.term
        for to in state.membership.current.members():
            if to != state.id and state.membership.current.has_vote(to):
                state.send(
                    RequestVote(state.id, to, term, log.last_index, log.last_term, pre, transfer)
                )
        self._count_votes()

    def on_request_vote(self, request: RequestVote) -> None:
        """§3.4, §3.6.1. Who asks need not be in our configuration: it may be newer (§4.2.2).

        Nor do we ask whether we have a vote in ours: a learner answers too. One that was made a
        voter may lack the entry that says so, since a quorum committed it without this member. Were
        it silent until it knows, the leader's death could leave a group that elects nobody while a
        majority of it lives: who has the entry needs this vote, and the entry comes only from who
        is elected. (etcd-raft lets learners vote for the same reason.) No harm comes of it: who
        asks has us as a voter in its own configuration, else it neither asks nor counts; and its
        log is at least as up-to-date as ours. To stand itself is another thing: a candidate counts
        by its own configuration, in which a learner has no vote (`Membership.may_campaign`).
        """
        state = self._state
        if request.pre:
            may_vote = request.term > state.term or (state.vote is None and state.leader is None)
        else:
            may_vote = state.vote == request.sender or (state.vote is None and state.leader is None)
        granted = may_vote and state.log.is_up_to_date(request.last_index, request.last_term)
        if granted and not request.pre:
            state.set_vote(request.sender)
            state.reset_election_timer()
        elif granted and state.role is Role.PRE_CANDIDATE and request.sender < state.id:
            # Two timeouts of as many ticks are not rare. Both would win the pre-vote, stand in one
            # term and split the votes; so one makes way before it stands.
            self.become_follower(state.term, None)
        term = request.term if granted else state.term
        state.send(VoteReply(state.id, request.sender, term, granted, request.pre))

    def on_vote_reply(self, reply: VoteReply) -> None:
        state = self._state
        if reply.pre:
            # A pre-vote that was granted for an earlier campaign carries another term.
            if state.role is not Role.PRE_CANDIDATE or (
                reply.granted and reply.term != state.term + 1
            ):
                return
        elif state.role is not Role.CANDIDATE:
            return
        self._votes.setdefault(reply.sender, reply.granted)
        self._count_votes()

    def _count_votes(self) -> None:
        state = self._state
        result = vote_result(state.membership.current, self._votes)
        if result is VoteResult.LOST:
            self.become_follower(state.term, None)
        elif result is VoteResult.WON:
            if state.role is Role.PRE_CANDIDATE:
                self._stand(transfer=False)
            else:
                self._become_leader()

    def _become_leader(self) -> None:
        state = self._state
        assert state.role is Role.CANDIDATE and state.vote == state.id, (state.role, state.vote)
        self._take_role(Role.LEADER, state.id)
        self._replication.start_term()

    def tick(self) -> None:
        """Of a replica that does not lead."""
        state = self._state
        state.election_elapsed += 1
        if state.election_elapsed >= state.election_timeout:
            state.reset_election_timer()
            self.campaign()

    def tick_leader(self) -> None:
        state = self._state
        if (
            state.transfer_to is not None
            and state.now - state.transfer_tick >= state.config.election_ticks
        ):
            # §3.10: the target did not make it; go on as before.
            state.transfer_to = None
        state.election_elapsed += 1
        if state.election_elapsed < state.config.election_ticks:
            return
        state.election_elapsed = 0
        if not state.config.check_quorum:
            return
        # §6.2: a leader that reaches no majority steps down, so that clients look elsewhere.
        active = {peer: progress.active for peer, progress in state.peers.items()}
        active[state.id] = True
        if vote_result(state.membership.current, active) is not VoteResult.WON:
            self.become_follower(state.term, None)
            return
        for progress in state.peers.values():
            progress.active_before, progress.active = progress.active, False

    def on_timeout_now(self) -> None:
        """§3.10: the leader wants us to take over, so its lease does not stand in the way."""
        self.campaign(transfer=True)

    def step_down_if_removed(self) -> None:
        """§4.2.2: a leader that is not in C_new leads until C_new is committed. The one with the
        longest log takes over without waiting for a timeout (§3.10)."""
        state, membership = self._state, self._state.membership
        if membership.index > state.log.commit or membership.current.has_vote(state.id):
            return
        self._replication.flush()
        successor = max(
            membership.current.voters,
            key=lambda voter: (
                state.peers[voter].heard_lately,
                state.peers[voter].state is ProgressState.REPLICATE,
                state.peers[voter].match,
                -voter,
            ),
        )
        state.send_at_once(TimeoutNow(state.id, successor, state.term))
        self.become_follower(state.term, None)
