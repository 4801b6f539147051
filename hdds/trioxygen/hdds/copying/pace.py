"""So many bytes a second and no more, for all copies of a node together."""

from trioxygen.common.clock import Clock
from trioxygen.common.units import SECOND_MS


class Pace:
    """Args: bytes_per_s: 0: as fast as it goes."""

    def __init__(self, clock: Clock, bytes_per_s: int) -> None:
        self._clock, self._bytes_per_s = clock, bytes_per_s
        self._next_ms = 0.0

    async def take(self, size_bytes: int) -> None:
        """Waits until it is their turn, in the order of the calls."""
        if not self._bytes_per_s:
            return
        now_ms = self._clock.monotonic_ms()
        turn_ms = max(now_ms, self._next_ms)
        self._next_ms = turn_ms + size_bytes / self._bytes_per_s * SECOND_MS
        if turn_ms > now_ms:
            await self._clock.sleep_ms(turn_ms - now_ms)
