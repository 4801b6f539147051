"""A clock that stands still until a test moves it."""

import asyncio

START_MS = 1_700_000_000_000


class ManualClock:
    """Implements `Clock`. Wall and monotonic time move together unless a test sets the wall."""

    def __init__(self, *, wall_ms: int = START_MS) -> None:
        self.wall, self.monotonic = wall_ms, 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def wall_ms(self) -> int:
        return self.wall

    def monotonic_ms(self) -> float:
        return self.monotonic

    @property
    def sleepers(self) -> int:
        return sum(1 for _, wake in self._sleepers if not wake.done())

    async def sleep_ms(self, duration_ms: float) -> None:
        if duration_ms <= 0:
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.monotonic + duration_ms, wake))
        await wake

    def advance(self, duration_ms: float) -> None:
        """Moves time and wakes who slept for it."""
        self.monotonic += duration_ms
        self.wall += int(duration_ms)
        for until, wake in self._sleepers:
            if until <= self.monotonic and not wake.done():
                wake.set_result(None)
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[1].done()]


class SkippingClock(ManualClock):
    """Time passes by sleeping: every sleep ends at once, later."""

    async def sleep_ms(self, duration_ms: float) -> None:
        self.advance(duration_ms)
        await asyncio.sleep(0)
