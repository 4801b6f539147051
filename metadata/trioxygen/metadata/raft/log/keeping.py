"""How much of the log is kept for followers that lag, once the state holds it. Pure."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from trioxygen.common.units import MIB
from trioxygen.metadata.raft.core.types import Entry

_MARK_BYTES_MAX: Final = 1 * MIB


class LogKeeping:
    """Args:
    bytes_max: kept for a follower that lags; when it lacks more, it gets a snapshot. As much of a
        log that groups share is kept for all of them: one that is idle keeps no others' entries.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._mark_bytes = min(_MARK_BYTES_MAX, bytes_max // 8)
        self._bytes = self._too_old = 0
        # (last index, bytes up to there since start), about a mark for each `_mark_bytes`.
        self._marks: deque[tuple[int, int]] = deque()

    def appended(self, entries: Sequence[Entry]) -> None:
        marks = self._marks
        while marks and marks[-1][0] >= entries[0].index:
            self._bytes = marks.pop()[1]
        self._bytes += sum([len(entry.payload) for entry in entries])
        if self._bytes - (marks[-1][1] if marks else 0) >= self._mark_bytes:
            marks.append((entries[-1].index, self._bytes))

    def release_through(
        self, durable_index: int, held_by: Iterable[int] | None, far_back_index: int
    ) -> int:
        """The entries up to there may go.

        Args:
            durable_index: the state is durable through it.
            held_by: of a leader: the index through which each follower holds the log. None: not
                known.
            far_back_index: the last entry that lies further back in the log than what is kept.
        """
        needed = 0 if held_by is None else min([durable_index, *held_by])
        marks = self._marks
        while marks and self._bytes - marks[0][1] >= self._bytes_max:
            self._too_old = marks.popleft()[0]
        return min(durable_index, max(needed, self._too_old, far_back_index))
