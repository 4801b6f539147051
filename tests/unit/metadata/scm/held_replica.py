"""A replica that commits nothing while a test holds it."""

import asyncio
from collections.abc import Callable

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.scm.scm_harness import ScmHarness
from trioxygen.common.errors import TrioxygenError, again
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.store.memory_kv import MemoryStore


class HeldReplica(MemoryReplica):
    """Attributes:
    goes_on: proposals wait for it; waiting: how many do. error: what they end with then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.waiting = 0
        self.error: TrioxygenError | None = None

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        self.waiting += 1
        await self.goes_on.wait()
        self.waiting -= 1
        if self.error is not None:
            raise again(self.error)
        return await super().propose(payload, committed=committed)

    async def until_held(self) -> None:
        """A proposal waits."""
        async with asyncio.timeout(10):
            while not self.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)


async def turns(count: int = 50) -> None:
    """Whatever could go on has done so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def start_held(harness: ScmHarness) -> HeldReplica:
    """The SCM begins anew, on a replica that a test can hold."""
    await harness.stop()
    replica = HeldReplica()
    harness.store, harness.replica = MemoryStore(ALL_TABLES), replica
    await harness.start()
    return replica
