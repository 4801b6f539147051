"""A node's clocks over virtual time: they start apart, run at different rates, and the wall clock
jumps."""

import asyncio
from typing import Final

from trioxygen.sim.loop import VirtualLoop

_SLEEP_S_MIN: Final = 1e-6
_MONOTONIC_MS_AT_FIRST: Final = 1_000.0
# Some day in 2027.
WALL_MS_AT_FIRST: Final = 1_800_000_000_000


def true_wall_ms(loop: VirtualLoop) -> int:
    """What a clock says that is right."""
    return WALL_MS_AT_FIRST + int(loop.time() * 1_000)


class SimClock:
    """Args:
    offset_ms: of the wall clock from the true one.
    rate: how fast both run; 1.001 gains a millisecond a second.
    """

    def __init__(self, loop: VirtualLoop, *, offset_ms: float, rate: float) -> None:
        self._loop = loop
        self._since_s = loop.time()
        # A wall clock goes on while its machine is down.
        self._begun_ms = WALL_MS_AT_FIRST + self._since_s * 1_000
        self._monotonic_ms = _MONOTONIC_MS_AT_FIRST
        self._offset_ms, self._rate = offset_ms, rate

    def monotonic_ms(self) -> float:
        return self._monotonic_ms + (self._loop.time() - self._since_s) * 1_000 * self._rate

    def wall_ms(self) -> int:
        ran_ms = self.monotonic_ms() - _MONOTONIC_MS_AT_FIRST
        return int(self._begun_ms + ran_ms + self._offset_ms)

    async def sleep_ms(self, duration_ms: float) -> None:
        # Not less than it takes for the rounded times to differ: who sleeps until a time finds it
        # reached.
        await asyncio.sleep(max(duration_ms / 1_000, _SLEEP_S_MIN) / self._rate)

    # ---- for the simulation ----

    def jump(self, wall_ms: float) -> None:
        self._offset_ms += wall_ms

    def set_rate(self, rate: float) -> None:
        now_ms = self.monotonic_ms()
        self._monotonic_ms, self._since_s, self._rate = now_ms, self._loop.time(), rate
