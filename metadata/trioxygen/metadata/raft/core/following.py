"""The follower's side of replication: taking entries, commit indexes and snapshots."""

from collections.abc import Sequence

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
)


class Following:
    """The caller has seen to the term and the leader before any of these."""

    __slots__ = ("_state",)

    def __init__(self, state: State) -> None:
        self._state = state

    def on_append(self, append: AppendEntries) -> None:
        """§3.5, figure 3.1 (AppendEntries, receiver's steps 2 to 5)."""
        state, log = self._state, self._state.log
        previous_index = append.previous_index
        if previous_index < log.commit:
            # Old news: what is committed is the same everywhere (§3.6.3), so say how far that is.
            self._accepted(append, log.commit)
            return
        if not log.matches(previous_index, append.previous_term):
            hint = log.last_not_after(previous_index, append.previous_term)
            state.send_at_once(
                AppendReply(
                    state.id,
                    append.sender,
                    state.term,
                    previous_index,
                    rejected=True,
                    hint_index=hint.index,
                    hint_term=hint.term,
                )
            )
            return
        last_new = previous_index + len(append.entries)
        if append.entries:
            self._take(append.entries, previous_index)
        if append.commit > log.commit:
            # No more than what this message vouches for (step 5): later entries may be foreign.
            log.commit_to(max(log.commit, min(append.commit, last_new)))
        self._accepted(append, last_new)

    def _accepted(self, append: AppendEntries, index: int) -> None:
        # Promises that the entries are durable, so it waits for that.
        self._state.send(AppendReply(self._state.id, append.sender, self._state.term, index))

    def _take(self, entries: Sequence[Entry], previous_index: int) -> None:
        """Only from the first conflict on: a message that comes late must not cut the log short
        (figure 3.1, steps 3 and 4)."""
        state, log = self._state, self._state.log
        known = 0
        if previous_index < log.last_index:
            for entry in entries:
                if log.term(entry.index) != entry.term:
                    break
                known += 1
            if known == len(entries):
                return
            first_new = previous_index + 1 + known
            if first_new <= log.last_index:
                log.truncate(first_new)
                state.membership.truncate(first_new)
        new = entries[known:] if known else entries
        log.append(new)
        for entry in new:
            if entry.kind is EntryKind.CONFIGURATION:
                # In force as soon as it is in the log (§4.1).
                state.membership.note(entry)

    def on_commit_notice(self, notice: CommitNotice) -> None:
        self._commit(notice.commit)

    def on_heartbeat(self, heartbeat: Heartbeat) -> None:
        state, log = self._state, self._state.log
        self._commit(heartbeat.commit)
        if heartbeat.quiesce and heartbeat.commit == log.last_index == log.durable:
            state.quiescent = True
            return
        # Promises nothing but the term, so no disk is waited for.
        state.send_at_once(HeartbeatReply(state.id, heartbeat.sender, state.term, heartbeat.round))

    def _commit(self, index: int) -> None:
        # The leader knows from a durable acknowledgement that we hold this.
        if index > self._state.log.commit:
            self._state.log.commit_to(index)

    def on_snapshot(self, message: InstallSnapshot) -> None:
        """§5.3, figure 5.3 (receiver's steps 6 to 8)."""
        state, log, snapshot = self._state, self._state.log, message.snapshot
        if snapshot.index > log.commit:
            if log.matches(snapshot.index, snapshot.term):
                # Step 6: the log holds it all; it only was not known to be committed.
                log.commit_to(snapshot.index)
            else:
                log.restore(snapshot)
                state.membership.restore(snapshot.index, snapshot.configuration)
        state.send(AppendReply(state.id, message.sender, state.term, log.commit))
