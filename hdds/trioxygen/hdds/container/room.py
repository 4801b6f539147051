"""What may still be written to a volume: free space less the reserve, less what is under way."""

from collections.abc import Callable

from trioxygen.common.disk import DiskSpace
from trioxygen.common.errors import NoSpace, Unavailable
from trioxygen.common.units import GIB, MIB

# While more than this is left, the disk is asked now and then only. It answers in 5 us.
_AMPLE_BYTES = 256 * MIB
_TAKEN_UNSEEN_MAX = 64
# What stays free where nobody says how much. Logs, compaction and the growth of metadata take some
# of it; they need no more on a larger disk, and on a small one a fixed amount would leave nothing.
_RESERVE_SHARE = 20
_RESERVE_BYTES_MIN, _RESERVE_BYTES_MAX = 16 * MIB, 1 * GIB


def usual_reserve_bytes(capacity_bytes: int) -> int:
    """A twentieth of the disk, 1 GiB at most: it is that from 20 GiB on."""
    return min(max(capacity_bytes // _RESERVE_SHARE, _RESERVE_BYTES_MIN), _RESERVE_BYTES_MAX)


class Room:
    """Only for the event loop: nothing comes between a check and its reservation.

    What was taken is under way until it is given back: written, so that the disk knows of it, or
    given up. Nobody takes what is only announced.

    Args:
        look: at the disk as it is now; raises Unavailable: it does not say. Called on the event
            loop: local file systems answer from memory.
    Attributes:
        reserve_bytes: stays free.
        waiting_bytes: what the log holds already and the disk has yet to take besides.
        is_blocked: whether something else keeps it from taking anything.
        is_stuck: what was taken found no room after all: nothing new until it did.
    """

    def __init__(self, volume_id: str, look: Callable[[], DiskSpace], reserve_bytes: int) -> None:
        self._volume_id, self._look_at_disk = volume_id, look
        self.reserve_bytes = reserve_bytes
        self.waiting_bytes: Callable[[], int] = lambda: 0
        self.is_blocked: Callable[[], bool] = lambda: False
        self.under_way_bytes = 0
        self.is_stuck = False
        # The least that was, since there was room for it; 0: nothing.
        self._refused_bytes = 0
        self._ample_bytes = self._unseen_left = 0
        self._space = DiskSpace(0, 0)

    @property
    def capacity_bytes(self) -> int:
        return self._space.capacity_bytes

    @property
    def free_bytes(self) -> int:
        """At the last look."""
        return self._space.free_bytes

    def refresh(self) -> None:
        """Raises Unavailable: the disk does not say."""
        self._space = self._look_at_disk()

    def look(self) -> int:
        """How many bytes may be taken now: none of a disk that does not say."""
        try:
            self.refresh()
        except Unavailable:
            return 0
        return self._left_bytes()

    def _left_bytes(self) -> int:
        if self.is_stuck or self.is_blocked():
            return 0
        counted = self.under_way_bytes + self.waiting_bytes() + self.reserve_bytes
        left_bytes = max(0, self._space.free_bytes - counted)
        self._ample_bytes, self._unseen_left = left_bytes - _AMPLE_BYTES, _TAKEN_UNSEEN_MAX
        return left_bytes

    def check(self, size_bytes: int) -> None:
        """Whether so much could be taken; takes nothing.

        Raises: NoSpace; Unavailable: the disk does not say."""
        self._ample_bytes -= size_bytes
        self._unseen_left -= 1
        is_ample = self._ample_bytes >= 0 and self._unseen_left >= 0
        if is_ample and not self.is_stuck and not self.is_blocked():
            return
        self.refresh()
        if self._left_bytes() < size_bytes:
            self._refused_bytes = min(size_bytes, self._refused_bytes or size_bytes)
            raise NoSpace("the volume is full", volume=self._volume_id)

    def take(self, size_bytes: int) -> None:
        """Raises: as `check`."""
        self.check(size_bytes)
        self.under_way_bytes += size_bytes

    def look_for_housekeeping(self) -> int:
        """How many bytes what gives back more may take: half of the reserve is its. Raises
        Unavailable."""
        self.refresh()
        return max(0, self._space.free_bytes - self.reserve_bytes // 2)

    def give_back(self, size_bytes: int) -> None:
        self.under_way_bytes -= size_bytes
        assert self.under_way_bytes >= 0, "more was given back than taken"

    def watch(self, waiting_bytes: Callable[[], int], is_blocked: Callable[[], bool]) -> None:
        """What fills the volume by way of a log says how much waits there, and whether it can go
        on."""
        self.waiting_bytes, self.is_blocked = waiting_bytes, is_blocked

    def ran_out(self) -> bool:
        """For what had been taken; whether that is news."""
        is_news, self.is_stuck = not self.is_stuck, True
        return is_news

    def recovered(self) -> bool:
        """All that had been taken is written; whether that is news."""
        is_news, self.is_stuck = self.is_stuck, False
        return is_news

    def is_full(self) -> bool:
        """Whether nothing can be taken, or what was refused lately would be again."""
        left_bytes = self.look()
        if left_bytes and left_bytes >= self._refused_bytes:
            self._refused_bytes = 0
        return not left_bytes or left_bytes < self._refused_bytes
