"""A group's time: what leases, queues and ages of stored rows are measured with.

It begins as the wall time of the group's first leader and from then on only counts how long
replicas have run, by their monotonic clocks: a wall clock that is wrong, or stepped, moves nothing.
Each batch of commands notes it in the state. A replica counts on from what the last batch that it
copied has noted, so that little is lost when another one leads; and what a leader has not counted,
as its machine was suspended, the next one does not make up for. While no replica runs, it stands
still. What waits for it waits a little longer then, never shorter."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn

# Group time 8, wall time 8, big-endian, in milliseconds.
_TIME: Final = b"time"


@dataclass(frozen=True, slots=True)
class NotedTime:
    """Attributes:
    group_ms: 0 in a state without batches, or of before there was a group time.
    wall_ms: of the leader that noted it.
    """

    group_ms: int = 0
    wall_ms: int = 0


def noted_time(txn: ReadTxn) -> NotedTime:
    value = txn.get(META, _TIME) or b""
    return NotedTime(int.from_bytes(value[:8], "big"), int.from_bytes(value[8:16], "big"))


def note_time(txn: WriteTxn, *, group_ms: int, wall_ms: int) -> None:
    txn.put(META, _TIME, group_ms.to_bytes(8, "big") + max(0, wall_ms).to_bytes(8, "big"))


class GroupTime:
    """As one replica counts it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # (group time, monotonic time) of one moment; replaced as a whole, for other threads.
        self._mark: tuple[int, float] | None = None

    def now_ms(self, noted: NotedTime) -> int:
        """Never less than what is noted."""
        if self._mark is None:
            return noted.group_ms or max(0, self._clock.wall_ms())
        group_ms, at_ms = self._mark
        return max(noted.group_ms, group_ms + int(self._clock.monotonic_ms() - at_ms))

    def begin(self, noted: NotedTime) -> None:
        """Counts from now on, where a group has begun."""
        if noted.group_ms:
            self.count_on(noted)

    def follow(self, noted: NotedTime) -> None:
        """Another leader's batch is in the state since now."""
        if noted.group_ms:
            self._mark = (noted.group_ms, self._clock.monotonic_ms())

    def count_on(self, noted: NotedTime) -> int:
        """`now_ms`; counts on from there."""
        now_ms = self.now_ms(noted)
        if self._mark is None or noted.group_ms >= now_ms:
            self._mark = (now_ms, self._clock.monotonic_ms())
        return now_ms
