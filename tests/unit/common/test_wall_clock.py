"""Steps of the wall clock are noticed, counted and told."""

import asyncio

from prometheus_client import CollectorRegistry

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.wall_clock import WallClockWatch


def test_steps_are_counted_by_their_direction_and_slow_corrections_are_none() -> None:
    async def run() -> None:
        clock, registry = ManualClock(), CollectorRegistry()
        watch = WallClockWatch(clock, registry)

        async def pass_second(step_ms: int) -> None:
            clock.advance(1_000)
            clock.wall += step_ms
            assert not await watch.work()

        def count(direction: str) -> float | None:
            return registry.get_sample_value(
                "trioxygen_wall_clock_steps_total", {"direction": direction}
            )

        for _ in range(5_000):
            await pass_second(1)
        assert count("forward") is None and count("backward") is None
        await pass_second(3_600_000)
        await pass_second(0)
        assert count("forward") == 1
        await pass_second(-3_600_000)
        await pass_second(-1_000)
        assert (count("forward"), count("backward")) == (1, 2)

    asyncio.run(run())
