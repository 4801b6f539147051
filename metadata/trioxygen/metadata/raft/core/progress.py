"""What a leader knows of one follower, and how much it may send to it (§3.5, §10.2.2).

Only numbers: no messages and no log here."""

import enum
from collections import deque

from trioxygen.metadata.raft.core.config import RaftConfig


class ProgressState(enum.IntEnum):
    """PROBE: where the logs agree is not known; one message a heartbeat.
    REPLICATE: pipelined, `next` runs ahead of what is acknowledged.
    SNAPSHOT: nothing is sent until the snapshot is installed or given up."""

    PROBE = 0
    REPLICATE = 1
    SNAPSHOT = 2


class Progress:
    """Invariant: match < next; beyond `match` nothing is known for sure.

    Attributes:
    match: the highest index known to be durable there and equal to the leader's.
    next: the next index to send.
    active: heard from since the last check of the quorum (§6.2).
    active_before: between the last check and the one before.
    round_acked: the last heartbeat round answered (§6.4).
    commit_sent: the commit index it was last told.
    waits_for_load: what it needs is being read from disk.
    snapshot_index: of the snapshot under way, in the state SNAPSHOT.
    """

    __slots__ = (
        "_inflight",
        "_inflight_bytes_max",
        "_inflight_messages_max",
        "active",
        "active_before",
        "commit_sent",
        "inflight_bytes",
        "match",
        "next",
        "probe_sent",
        "round_acked",
        "snapshot_index",
        "state",
        "waits_for_load",
    )

    def __init__(self, config: RaftConfig, *, next_index: int, match: int = 0) -> None:
        assert match < next_index, (match, next_index)
        self.match, self.next = match, next_index
        self.state = ProgressState.PROBE
        self.active = True
        self.active_before = False
        self.round_acked = 0
        self.commit_sent = 0
        self.probe_sent = False
        self.waits_for_load = False
        self.snapshot_index = 0
        self.inflight_bytes = 0
        self._inflight: deque[tuple[int, int]] = deque()
        self._inflight_messages_max = config.inflight_messages_max
        self._inflight_bytes_max = config.inflight_bytes_max

    @property
    def heard_lately(self) -> bool:
        """Within an election timeout or two. Right after each check `active` says nothing."""
        return self.active or self.active_before

    @property
    def inflight_messages(self) -> int:
        return len(self._inflight)

    def is_paused(self) -> bool:
        if self.waits_for_load:
            return True
        if self.state is ProgressState.REPLICATE:
            return (
                len(self._inflight) >= self._inflight_messages_max
                or self.inflight_bytes >= self._inflight_bytes_max
            )
        return self.state is ProgressState.SNAPSHOT or self.probe_sent

    def sent(self, last_index: int, size_bytes: int) -> None:
        """Entries from `next` to `last_index` went out; none if `last_index` is before `next`."""
        if self.state is ProgressState.REPLICATE:
            if last_index >= self.next:
                self.next = last_index + 1
                self._inflight.append((last_index, size_bytes))
                self.inflight_bytes += size_bytes
        else:
            assert self.state is ProgressState.PROBE, self.state
            self.probe_sent = True

    def acknowledged(self, index: int) -> bool:
        """Returns whether this is news. Replies may come late, twice and out of order."""
        inflight = self._inflight
        while inflight and inflight[0][0] <= index:
            self.inflight_bytes -= inflight.popleft()[1]
        if index >= self.next:
            self.next = index + 1
        self.probe_sent = False
        if index <= self.match:
            return False
        self.match = index
        return True

    def rejected(self, index: int, hint_index: int) -> bool:
        """Backs up after a refusal of entries after `index`; the logs may agree at `hint_index`.

        Returns whether the refusal was of the present state, not a stale one."""
        if self.state is ProgressState.REPLICATE:
            # A reply older than an acknowledgement, or than the last time we backed up.
            if index <= self.match:
                return False
            self.become_probe()
            return True
        if self.state is not ProgressState.PROBE or index != self.next - 1:
            return False
        self.next = max(min(index, hint_index + 1), self.match + 1)
        self.probe_sent = False
        return True

    def free_oldest(self) -> None:
        """After an answered heartbeat: something may have been lost, so let one message more go."""
        self.probe_sent = False
        if len(self._inflight) >= self._inflight_messages_max or (
            self.inflight_bytes >= self._inflight_bytes_max
        ):
            self.inflight_bytes -= self._inflight.popleft()[1]

    def _clear(self) -> None:
        self.probe_sent = False
        self.snapshot_index = 0
        self._inflight.clear()
        self.inflight_bytes = 0

    def become_probe(self) -> None:
        # What a snapshot brought need not be sent again.
        self.next = max(self.match, self.snapshot_index) + 1
        self.state = ProgressState.PROBE
        self._clear()

    def become_replicate(self) -> None:
        self.state = ProgressState.REPLICATE
        self._clear()
        self.next = self.match + 1

    def become_snapshot(self, index: int) -> None:
        self.state = ProgressState.SNAPSHOT
        self._clear()
        self.snapshot_index = index
