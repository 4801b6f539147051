"""The leader's side of replication: appending, sending within limits, committing (§3.5, §3.6)."""

from collections.abc import Sequence

from trioxygen.metadata.raft.core.errors import EntriesNotLoaded
from trioxygen.metadata.raft.core.log import LogReader
from trioxygen.metadata.raft.core.progress import Progress, ProgressState
from trioxygen.metadata.raft.core.quorum import reached_by_quorum
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.types import (
    AppendEntries,
    AppendReply,
    CommitNotice,
    Entry,
    EntryKind,
    Heartbeat,
    HeartbeatReply,
    InstallSnapshot,
    ReplicaId,
    Role,
    TimeoutNow,
)


class Replication:
    """Attributes:
    round: number of the last broadcast of heartbeats; rises over terms too.
    uncommitted_bytes: of entries this leader appended itself.
    append_due, notice_due: something to send to followers at the next `flush`.
    """

    __slots__ = ("_reader", "_state", "append_due", "notice_due", "round", "uncommitted_bytes")

    def __init__(self, state: State, reader: LogReader) -> None:
        self._state, self._reader = state, reader
        self.round = 0
        self.uncommitted_bytes = 0
        self.append_due = self.notice_due = False

    def start_term(self) -> None:
        """§3.4: a new leader knows nothing of its followers; it appends an entry of its own term,
        since only with it can it commit what earlier leaders left (§3.6.2, §6.4 step 1)."""
        state = self._state
        state.peers.clear()
        state.update_peers(next_index=state.log.last_index + 1)
        for peer in state.peers.values():
            # Only what it hears from now on counts: who died with the last leader is not alive.
            peer.active = False
        own = state.peers[state.id]
        own.match, own.round_acked = state.log.durable, self.round
        self.uncommitted_bytes = 0
        state.term_start_index = state.log.last_index + 1
        self.append(b"", EntryKind.NO_OP)

    def append(self, payload: bytes, kind: EntryKind) -> Entry:
        """A leader only ever appends to its log (§3.6, Leader Append-Only)."""
        state = self._state
        assert state.role is Role.LEADER, state.role
        entry = Entry(state.log.last_index + 1, state.term, payload, kind)
        state.log.append((entry,))
        self.uncommitted_bytes += len(payload)
        self.append_due = True
        if kind is EntryKind.CONFIGURATION:
            # In force as soon as it is in the log (§4.1).
            state.membership.note(entry)
            state.update_peers(next_index=entry.index)
        return entry

    def flush(self) -> None:
        """Sends what came since the last time: many proposals travel in one message (§10.2.2)."""
        state = self._state
        if self.append_due:
            self.append_due = False
            for to in state.others:
                progress = state.peers[to]
                if progress.next <= state.log.last_index:
                    self._send_all(to, progress)
        if self.notice_due:
            self.notice_due = False
            for to in state.others:
                self.notify(to)

    def notify(self, to: ReplicaId) -> None:
        """Tells a follower that has everything what is committed."""
        state, progress = self._state, self._state.peers[to]
        commit = state.log.commit
        if progress.commit_sent < commit <= progress.match:
            progress.commit_sent = commit
            state.send_at_once(CommitNotice(state.id, to, state.term, commit))

    def _send_all(self, to: ReplicaId, progress: Progress) -> None:
        while self.send(to, progress):
            pass

    def send(self, to: ReplicaId, progress: Progress, *, even_empty: bool = False) -> bool:
        """One message, if the follower may get one. An empty one asks whether the logs agree.

        Returns whether it is worth calling again."""
        state, log = self._state, self._state.log
        if progress.is_paused():
            return False
        previous_index = progress.next - 1
        previous_term = log.term(previous_index)
        if previous_term is None:
            self._send_snapshot(to, progress)
            return False
        entries: Sequence[Entry] = ()
        size_bytes = 0
        if progress.next <= log.last_index:
            try:
                entries, size_bytes = log.slice(
                    progress.next, log.last_index, bytes_max=state.config.append_bytes_max
                )
            except EntriesNotLoaded:
                progress.waits_for_load = True
                return False
        elif not even_empty:
            return False
        last_index = previous_index + len(entries)
        state.send_at_once(
            AppendEntries(
                state.id, to, state.term, previous_index, previous_term, entries, log.commit
            )
        )
        progress.sent(last_index, size_bytes)
        progress.commit_sent = max(progress.commit_sent, min(log.commit, last_index))
        return last_index < log.last_index

    def _send_snapshot(self, to: ReplicaId, progress: Progress) -> None:
        """§5.3: the entries that the follower lacks were compacted away."""
        # Not to one that is away: the bytes would be streamed into the void.
        snapshot = self._reader.snapshot() if progress.active else None
        if snapshot is None:
            return
        state = self._state
        assert progress.match < snapshot.index <= state.log.applied, (progress.match, snapshot)
        state.send_at_once(InstallSnapshot(state.id, to, state.term, snapshot))
        progress.become_snapshot(snapshot.index)

    def broadcast_heartbeat(self, *, quiesce: bool = False) -> None:
        """Begins another round; who answers it took us for the leader after it began (§6.4)."""
        state = self._state
        self.round += 1
        state.peers[state.id].round_acked = self.round
        state.heartbeat_elapsed = 0
        commit = state.log.commit
        for to in state.others:
            progress = state.peers[to]
            # Not beyond what it holds for sure: the rest of its log may be another leader's.
            known = min(commit, progress.match)
            progress.commit_sent = max(progress.commit_sent, known)
            state.send_at_once(Heartbeat(state.id, to, state.term, known, self.round, quiesce))

    def on_append_reply(self, reply: AppendReply) -> bool:
        """Returns whether the commit index rose."""
        state, log = self._state, self._state.log
        progress = state.peers.get(reply.sender)
        if progress is None:
            return False
        progress.active = True
        if reply.rejected:
            self._back_up(reply, progress)
            return False
        assert reply.index <= log.last_index, (reply, log.last_index)
        if progress.acknowledged(reply.index):
            if progress.state is ProgressState.PROBE:
                progress.become_replicate()
            elif (
                progress.state is ProgressState.SNAPSHOT
                and progress.match >= progress.snapshot_index
            ):
                progress.become_replicate()
        elif progress.state is ProgressState.PROBE and reply.index == progress.match:
            progress.become_replicate()
        rose = reply.index > log.commit and self.advance_commit()
        if progress.next <= log.last_index:
            self._send_all(reply.sender, progress)
        elif progress.commit_sent < log.commit and state.config.commit_notice_at_once:
            self.notice_due = True
        if state.transfer_to == reply.sender:
            self.hand_over_if_caught_up()
        return rose

    def _back_up(self, reply: AppendReply, progress: Progress) -> None:
        """Skips whole terms that the two logs cannot share (§3.5, the optimization at its end)."""
        hint = self._state.log.last_not_after(reply.hint_index, reply.hint_term)
        if progress.rejected(reply.index, hint.index):
            self.send(reply.sender, progress, even_empty=True)

    def on_heartbeat_reply(self, reply: HeartbeatReply) -> None:
        progress = self._state.peers.get(reply.sender)
        if progress is None:
            return
        progress.active = True
        if reply.round > progress.round_acked:
            assert reply.round <= self.round, (reply, self.round)
            progress.round_acked = reply.round
        progress.free_oldest()
        if progress.match < self._state.log.last_index or progress.state is ProgressState.PROBE:
            # What is not acknowledged by now may be lost: the answer to this will tell (§3.5:
            # the leader retries until all followers store all entries).
            self.send(reply.sender, progress, even_empty=True)

    def advance_commit(self) -> bool:
        """§3.5: what a quorum stores durably is committed. Only an entry of the own term may be
        counted; earlier ones become committed with it (§3.6.2, figure 3.7)."""
        state, log = self._state, self._state.log
        if state.membership.only_member == state.id:
            index = log.durable
        else:
            index = reached_by_quorum(state.membership.current, state.match_of)
        if index <= log.commit or log.term(index) != state.term:
            return False
        if index == log.last_index:
            self.uncommitted_bytes = 0
        else:
            own_first = max(log.commit + 1, state.term_start_index)
            self.uncommitted_bytes -= log.size_bytes(own_first, index)
        assert self.uncommitted_bytes >= 0, self.uncommitted_bytes
        log.commit_to(index)
        self.notice_due = state.config.commit_notice_at_once
        return True

    def withdraw(self) -> None:
        """Forgets what is not durable, of a leader without others since a durable entry."""
        log = self._state.log
        if log.durable == log.last_index:
            return
        first = log.durable + 1
        self.uncommitted_bytes -= log.size_bytes(first, log.last_index)
        log.truncate(first)

    def hand_over_if_caught_up(self) -> None:
        """§3.10: the target may start its election once its log is as long as ours."""
        state, to = self._state, self._state.transfer_to
        if to is None or state.peers[to].match != state.log.last_index:
            return
        state.transfer_sent = True
        state.send_at_once(TimeoutNow(state.id, to, state.term))

    def snapshot_reported(self, to: ReplicaId, *, installed: bool) -> None:
        progress = self._state.peers.get(to)
        if progress is None or progress.state is not ProgressState.SNAPSHOT:
            return
        if not installed:
            progress.snapshot_index = 0
        progress.become_probe()
        # Its reply, or a heartbeat's, shows where it stands; until then nothing is sent.
        progress.probe_sent = True

    def unreachable_reported(self, to: ReplicaId) -> None:
        progress = self._state.peers.get(to)
        if progress is not None and progress.state is ProgressState.REPLICATE:
            progress.become_probe()

    def entries_loaded(self) -> None:
        state = self._state
        for to in state.others:
            progress = state.peers[to]
            if progress.waits_for_load:
                progress.waits_for_load = False
                self._send_all(to, progress)
