"""Time, as a value that is passed in. Nothing else in the project reads a clock."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    def wall_ms(self) -> int:
        """Milliseconds since 1970 UTC. May jump."""
        ...

    def monotonic_ms(self) -> float:
        """Milliseconds since some start. Never goes back."""
        ...

    async def sleep_ms(self, duration_ms: float) -> None: ...


class SystemClock:
    """The machine's clocks."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        return time.monotonic_ns() / 1e6

    async def sleep_ms(self, duration_ms: float) -> None:
        await asyncio.sleep(duration_ms / 1_000)
