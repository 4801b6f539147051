"""When an idle group stops its timers, and what starts them again.

The dissertation has no such rule. It changes who sends heartbeats, not who may lead: safety rests
on terms and logs as before, reads of a quiet leader begin with a round of heartbeats (§6.4)."""

from collections.abc import Collection

from trioxygen.metadata.raft.core.progress import ProgressState
from trioxygen.metadata.raft.core.reads import Reads
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.types import ReplicaId, Role


class Quiescence:
    __slots__ = ("_idle_index", "_idle_ticks", "_reads", "_replication", "_state")

    def __init__(self, state: State, replication: Replication, reads: Reads) -> None:
        self._state, self._replication, self._reads = state, replication, reads
        self._idle_ticks = 0
        self._idle_index = 0

    def tick(self) -> bool:
        """Of a leader. Returns whether it went quiet."""
        ticks, last_index = self._state.config.quiesce_ticks, self._state.log.last_index
        if not ticks:
            return False
        if last_index != self._idle_index or not self._reads.is_idle():
            self._idle_index, self._idle_ticks = last_index, 0
        self._idle_ticks += 1
        return self._idle_ticks > ticks and self.enter(())

    def enter(self, absent: Collection[ReplicaId]) -> bool:
        if self._state.quiescent or not self._has_nothing_to_do(absent):
            return self._state.quiescent
        self._replication.broadcast_heartbeat(quiesce=True)
        self._state.quiescent = True
        return True

    def _has_nothing_to_do(self, absent: Collection[ReplicaId]) -> bool:
        state, log = self._state, self._state.log
        last = log.last_index
        return (
            state.role is Role.LEADER
            and state.transfer_to is None
            and not state.membership.current.is_joint
            and last == log.durable == log.commit == log.applied
            and self._reads.is_idle()
            and all(
                state.peers[to].state is ProgressState.REPLICATE and state.peers[to].match == last
                for to in state.others
                if to not in absent
            )
        )

    def wake(self) -> None:
        """Timers start anew, as if everybody had just been heard from."""
        state = self._state
        if not state.quiescent:
            return
        state.quiescent = False
        self._idle_ticks = 0
        state.reset_election_timer()
        if state.role is Role.LEADER:
            for progress in state.peers.values():
                progress.active = True
            # The followers' timers must start too, or a dead leader is missed by one only.
            state.heartbeat_elapsed = state.config.heartbeat_ticks
        else:
            state.heard_tick = state.now

    def suspect_leader(self) -> None:
        """No lease stands any more, and the timeout that was drawn is shortened by its fixed part;
        the random part still keeps votes from splitting (§3.4)."""
        state = self._state
        self.wake()
        if state.role is Role.LEADER:
            return
        state.heard_tick = state.now - state.config.election_ticks
        state.election_elapsed = max(state.election_elapsed, state.config.election_ticks)
