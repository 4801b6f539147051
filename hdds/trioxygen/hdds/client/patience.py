"""How long DataNodes that are away are waited for."""

from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.errors import (
    Corrupt,
    DeadlineExceeded,
    NoSpace,
    NotLeader,
    Stopping,
    TrioxygenError,
    Unavailable,
    Unreachable,
)
from trioxygen.common.retry import Backoff

_WAIT_MS_FIRST: Final = 20.0
_WAIT_MS_MAX: Final = 250.0

# What calls raise when a DataNode stops, is being started, is dead, or stands still.
OUT_OF_REACH: Final = (Unreachable, Stopping, DeadlineExceeded)
# The same, and when a ring has no leader, or is not there.
AWAY: Final = (*OUT_OF_REACH, NotLeader)
# What the other members of a block can do without one. All else is an answer to what was asked.
DISPENSABLE: Final = (Unavailable, Corrupt)


def takes_nothing(error: TrioxygenError) -> bool:
    """A member whose disk is full, or fails: it answers, and yet the next block has to go to
    others."""
    return isinstance(error, NoSpace) or type(error) is Unavailable


def is_refusal(error: TrioxygenError) -> bool:
    """It came at once, from where nobody listens: who waits makes its client wait for nothing."""
    return isinstance(error, Unreachable) and error.is_refused


class Patience:
    """With DataNodes that are away: stopped, or being started."""

    def __init__(self, clock: Clock, total_ms: float) -> None:
        self._clock, self._end_ms = clock, clock.monotonic_ms() + total_ms
        self._backoff = Backoff(_WAIT_MS_FIRST, _WAIT_MS_MAX)

    @property
    def left_ms(self) -> float:
        return self._end_ms - self._clock.monotonic_ms()

    async def bear(
        self, error: TrioxygenError, *, has_others: bool = False, is_passing: bool = False
    ) -> None:
        """Waits a little. Raises the error: it does not pass, or not in time.

        Args:
        has_others: somebody else is asked next.
        is_passing: whoever asks knows it."""
        is_passing = (
            is_passing
            or isinstance(error, (Unreachable, Stopping, NotLeader))
            and not is_refusal(error)
        )
        is_passing = is_passing or (has_others and isinstance(error, AWAY))
        if not is_passing or self._backoff.next_ms > self.left_ms:
            raise error
        await self._clock.sleep_ms(self._backoff.take_ms())
