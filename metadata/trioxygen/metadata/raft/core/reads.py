"""Linearizable reads without a log entry: ReadIndex (§6.4) and leader leases (§6.4.1).

Reads that come while one round of heartbeats is under way wait for the next, all together."""

from collections import deque

from trioxygen.metadata.raft.core.config import RandomSource
from trioxygen.metadata.raft.core.errors import NotLeader, ReadsFull
from trioxygen.metadata.raft.core.quorum import reached_by_quorum
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.types import (
    HeartbeatReply,
    ReadIndexReply,
    ReadIndexRequest,
    ReadState,
    ReplicaId,
    RequestId,
    Role,
)

# Older rounds are as good as lost: their lease would be over.
_ROUNDS_MAX = 64


class Reads:
    """Attributes:
    done, refused: for the next Ready.
    """

    __slots__ = (
        "_asked",
        "_asked_tick",
        "_confirming",
        "_confirming_index",
        "_confirming_remote",
        "_confirming_round",
        "_lease_tick",
        "_replication",
        "_rounds",
        "_state",
        "_token",
        "_waiting",
        "_waiting_remote",
        "done",
        "refused",
    )

    def __init__(self, state: State, replication: Replication, rng: RandomSource) -> None:
        self._state, self._replication = state, replication
        self.done: list[ReadState] = []
        self.refused: list[RequestId] = []
        self._waiting: list[RequestId] = []
        self._confirming: list[RequestId] = []
        # Of followers: (who, token).
        self._waiting_remote: list[tuple[ReplicaId, int]] = []
        self._confirming_remote: list[tuple[ReplicaId, int]] = []
        self._confirming_round = self._confirming_index = 0
        # When each round began that is not confirmed yet; and the last confirmed one.
        self._rounds: deque[tuple[int, int]] = deque(maxlen=_ROUNDS_MAX)
        self._lease_tick: int | None = None
        # Of a follower: what it asked the leader. A reply to a question that was asked before a
        # restart must not answer a later one, so numbers start anywhere.
        self._asked: list[RequestId] = []
        self._asked_tick = 0
        self._token = rng.randrange(1 << 62)

    def reset(self) -> None:
        """The term, the role or the leader changed: whatever waits must be asked again."""
        if self._waiting or self._confirming or self._asked:
            self.refused += (*self._confirming, *self._asked, *self._waiting)
            self._waiting, self._confirming, self._asked = [], [], []
        self._waiting_remote, self._confirming_remote = [], []
        self._rounds.clear()
        self._lease_tick = None

    def request(self, request: RequestId) -> None:
        """Raises: NotLeader: no leader is known; ReadsFull."""
        state = self._state
        if state.leader is None:
            raise NotLeader(None)
        waiting = len(self._waiting) + len(self._confirming) + len(self._asked)
        if waiting >= state.config.reads_waiting_max:
            raise ReadsFull(f"{waiting} reads wait")
        self._waiting.append(request)

    def on_request(self, request: ReadIndexRequest) -> None:
        if self._state.role is not Role.LEADER:
            return
        if len(self._waiting_remote) < self._state.config.reads_waiting_max:
            self._waiting_remote.append((request.sender, request.token))

    def is_idle(self) -> bool:
        return not (
            self._waiting
            or self._waiting_remote
            or self._confirming
            or self._confirming_remote
            or self._asked
        )

    def can_flush(self) -> bool:
        if not (self._waiting or self._waiting_remote):
            return False
        if self._state.role is Role.LEADER:
            confirming = self._confirming or self._confirming_remote
            return not confirming and self._state.has_committed_in_term()
        return not self._asked

    def flush(self) -> None:
        """Serves or asks for everything that waits, if it can be now."""
        if not (self._waiting or self._waiting_remote) or not self.can_flush():
            return
        state = self._state
        if state.role is not Role.LEADER:
            self._asked, self._waiting = self._waiting, []
            self._token += 1
            self._ask()
            return
        # The commit index now covers every write acknowledged before these reads came: it may be
        # served from there on once it is sure that no other leader existed (§6.4 steps 1 to 3).
        self._confirming, self._waiting = self._waiting, []
        self._confirming_remote, self._waiting_remote = self._waiting_remote, []
        self._confirming_index = state.log.commit
        if self._lease_holds():
            self._confirmed()
            return
        self.begin_round()
        self._confirming_round = self._replication.round
        self._confirm()

    def _ask(self) -> None:
        state = self._state
        assert state.leader is not None, "reads wait for nobody"
        self._asked_tick = state.now
        state.send_at_once(ReadIndexRequest(state.id, state.leader, state.term, self._token))

    def ask_again(self) -> None:
        """On a follower's tick: the question or the answer may be lost."""
        state = self._state
        if self._asked and state.now - self._asked_tick >= state.config.heartbeat_ticks:
            self._ask()

    def on_reply(self, reply: ReadIndexReply) -> None:
        if not self._asked or reply.token != self._token:
            return
        self.done += [ReadState(request, reply.index) for request in self._asked]
        self._asked = []

    def begin_round(self) -> None:
        """Sends heartbeats, whose answers confirm reads and extend the lease."""
        self._replication.broadcast_heartbeat()
        if self._state.config.lease_reads:
            self._rounds.append((self._replication.round, self._state.now))
            self._extend_lease()

    def on_heartbeat_reply(self, reply: HeartbeatReply) -> None:
        """After replication has noted the round."""
        if self._rounds:
            self._extend_lease()
        if (self._confirming or self._confirming_remote) and (
            reply.round >= self._confirming_round
        ):
            self._confirm()

    def _confirm(self) -> None:
        state = self._state
        confirmed = reached_by_quorum(state.membership.current, state.round_acked_by)
        if confirmed >= self._confirming_round:
            self._confirmed()

    def _confirmed(self) -> None:
        state, index = self._state, self._confirming_index
        self.done += [ReadState(request, index) for request in self._confirming]
        for to, token in self._confirming_remote:
            state.send_at_once(ReadIndexReply(state.id, to, state.term, token, index))
            if to in state.peers:
                # So that it need not wait for a heartbeat to apply that far.
                self._replication.notify(to)
        self._confirming, self._confirming_remote = [], []

    def _extend_lease(self) -> None:
        """§6.4.1: from the moment a round began that a quorum answered, no other leader can be
        elected for an election timeout: these voters ignore candidates that long (§4.2.3)."""
        state, rounds = self._state, self._rounds
        confirmed = reached_by_quorum(state.membership.current, state.round_acked_by)
        while rounds and rounds[0][0] <= confirmed:
            self._lease_tick = rounds.popleft()[1]

    def _lease_holds(self) -> bool:
        state, config = self._state, self._state.config
        # A transfer's candidate does not wait for leases to end; its order to start an election may
        # arrive late, so the rest of the term goes without (§6.4.1).
        if self._lease_tick is None or state.transfer_sent or not config.lease_reads:
            return False
        # One tick off: a tick of the follower's may have begun just before it heard from us.
        lease_ticks = config.election_ticks - 1 - config.clock_drift_ticks
        return state.now - self._lease_tick < lease_ticks
