"""Nothing of a run stays behind."""

import asyncio
import gc

from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.result import carried_out
from trioxygen.sim.trace import Trace


class _Run:
    """Its end finds a work under way whose `finally` begins another, which has one as well."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.trace = Trace(lambda: 0)

    def counts(self) -> dict[str, int]:
        return {}

    async def main(self) -> None:
        under_way = self.loop.create_task(self._work(2))
        await asyncio.sleep(1)
        assert not under_way.done()

    async def _work(self, left: int) -> None:
        try:
            await self.loop.create_future()
        finally:
            if left:
                await asyncio.gather(self._work(left - 1))


def _real_loops() -> int:
    return sum(isinstance(each, asyncio.SelectorEventLoop) for each in gc.get_objects())


def test_what_a_dead_lifes_finally_began_is_collected_with_it() -> None:
    gc.collect()
    loops_before = _real_loops()
    assert not carried_out(1, None, _Run).failure
    # What is left would be a warning in whatever runs when it is collected.
    assert gc.collect() == 0
    assert _real_loops() == loops_before
