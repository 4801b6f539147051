"""Notices that the wall clock was stepped, and says so. Durations are measured with the monotonic
clock, so a step moves no lease and no deadline; what people and signatures see of it is wrong until
the clock is right."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter

from trioxygen.common import logs
from trioxygen.common.clock import Clock

log = logs.get(__name__)

# Slewing (at most 0.05 %) and late wake-ups stay below it.
STEP_MS_MIN: Final = 1_000
_INTERVAL_MS: Final = 1_000.0
# 2026-01-01: no process of this program began before.
_PLAUSIBLE_MS_MIN: Final = 1_767_225_600_000


class WallClockWatch:
    """A Worker, one for each process: compares the wall clock with the monotonic one."""

    name = "wall-clock-watch"
    interval_ms = _INTERVAL_MS

    def __init__(self, clock: Clock, registry: CollectorRegistry) -> None:
        self._clock = clock
        self._offset_ms = self._read_offset_ms()
        self._steps = Counter(
            "trioxygen_wall_clock_steps",
            "Times that the wall clock was stepped",
            ["direction"],
            registry=registry,
        )
        if clock.wall_ms() < _PLAUSIBLE_MS_MIN:
            log.error("wall_clock_implausible", wall_ms=clock.wall_ms())

    def _read_offset_ms(self) -> float:
        return self._clock.wall_ms() - self._clock.monotonic_ms()

    async def work(self) -> bool:
        offset_ms = self._read_offset_ms()
        step_ms = offset_ms - self._offset_ms
        if abs(step_ms) >= STEP_MS_MIN:
            # A machine that was suspended shows as a step as well: its monotonic clock stood still.
            direction = "forward" if step_ms > 0 else "backward"
            log.warning("wall_clock_stepped", direction=direction, step_ms=int(step_ms))
            self._steps.labels(direction).inc()
        self._offset_ms = offset_ms
        return False
