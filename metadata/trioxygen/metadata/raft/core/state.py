"""What all duties of a replica read and change; no rules of its own beyond what keeps it whole."""

from trioxygen.metadata.raft.core.config import RaftConfig, RandomSource
from trioxygen.metadata.raft.core.log import RaftLog
from trioxygen.metadata.raft.core.membership import Membership
from trioxygen.metadata.raft.core.progress import Progress
from trioxygen.metadata.raft.core.types import HardState, Message, ReplicaId, Role


class State:
    """Attributes:
    term, vote: §3.3, durable once `vote_is_durable`.
    leader: of this term, if known.
    now: in ticks since start.
    heard_tick: when a leader was last heard from, whatever its term.
    election_elapsed, heartbeat_elapsed: ticks since they were last reset.
    election_timeout: drawn anew with each role (§3.4).
    quiescent: nothing happens, and no timer runs.
    peers: of a leader: every member, itself too (its `match` is what is durable here).
    others: of a leader: the members but itself.
    term_start_index: of a leader: its own first entry.
    transfer_to, transfer_tick: the leadership transfer under way (§3.10), and since when.
    transfer_sent: TimeoutNow went out in this term.
    """

    __slots__ = (
        "_rng",
        "after",
        "at_once",
        "config",
        "election_elapsed",
        "election_timeout",
        "heard_tick",
        "heartbeat_elapsed",
        "id",
        "leader",
        "log",
        "membership",
        "now",
        "others",
        "peers",
        "quiescent",
        "role",
        "term",
        "term_start_index",
        "transfer_sent",
        "transfer_tick",
        "transfer_to",
        "vote",
        "vote_is_durable",
    )

    def __init__(
        self,
        replica: ReplicaId,
        config: RaftConfig,
        rng: RandomSource,
        log: RaftLog,
        membership: Membership,
        hard_state: HardState,
    ) -> None:
        self.id, self.config, self._rng = replica, config, rng
        self.log, self.membership = log, membership
        self.term, self.vote = hard_state.term, hard_state.voted_for
        self.vote_is_durable = True
        self.role: Role = Role.FOLLOWER
        self.leader: ReplicaId | None = None
        self.now = 0
        # A replica that was restarted may have promised a leader its lease just before (§6.4.1).
        promised = config.lease_reads and hard_state.term > 0
        self.heard_tick = 0 if promised else -config.election_ticks
        self.election_elapsed = self.heartbeat_elapsed = 0
        self.election_timeout = config.election_ticks
        self.quiescent = False
        self.peers: dict[ReplicaId, Progress] = {}
        self.others: tuple[ReplicaId, ...] = ()
        self.term_start_index = 0
        self.transfer_to: ReplicaId | None = None
        self.transfer_tick = 0
        self.transfer_sent = False
        self.at_once: list[Message] = []
        self.after: list[Message] = []
        self.reset_election_timer()

    def send(self, message: Message) -> None:
        """Once everything up to now is durable: for promises."""
        self.after.append(message)

    def send_at_once(self, message: Message) -> None:
        """For what promises nothing but the own term (§10.2.1)."""
        (self.at_once if self.vote_is_durable else self.after).append(message)

    def reset_election_timer(self) -> None:
        """§3.4: drawn from [election_ticks, 2 * election_ticks), so that votes seldom split."""
        ticks = self.config.election_ticks
        self.election_elapsed = 0
        self.election_timeout = ticks + self._rng.randrange(ticks)

    def set_term(self, term: int) -> None:
        assert term > self.term, (term, self.term)
        self.term, self.vote = term, None
        self.vote_is_durable = False

    def set_vote(self, candidate: ReplicaId) -> None:
        """One vote a term (§3.4)."""
        assert self.vote is None or self.vote == candidate, (self.term, self.vote, candidate)
        if self.vote is None:
            self.vote = candidate
            self.vote_is_durable = False

    def hears_leader(self) -> bool:
        """Whether to ignore candidates: a leader was heard from within the minimum election
        timeout (§4.2.3, §6.4.1)."""
        return self.config.check_quorum and (
            self.role is Role.LEADER or self.now - self.heard_tick < self.config.election_ticks
        )

    def match_of(self, replica: ReplicaId) -> int:
        return self.peers[replica].match

    def round_acked_by(self, replica: ReplicaId) -> int:
        return self.peers[replica].round_acked

    def has_committed_in_term(self) -> bool:
        """Of a leader. Until then it does not know what is committed (§6.4 step 1)."""
        return self.log.commit >= self.term_start_index

    def update_peers(self, *, next_index: int) -> None:
        """Of a leader, after another configuration came into force.

        Args:
            next_index: to try first with a new member.
        """
        members = self.membership.current.members()
        # A leader that the configuration removes goes on until that is committed (§4.2.2).
        wanted = {*members, self.id}
        for gone in self.peers.keys() - wanted:
            del self.peers[gone]
        for member in sorted(wanted - self.peers.keys()):
            self.peers[member] = Progress(self.config, next_index=next_index)
        self.others = tuple(member for member in members if member != self.id)
