"""A state machine that has to stand still for a moment."""

import asyncio
from collections.abc import Callable

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.replication.executor_harness import Service, kinds
from trioxygen.proto.v1.replication_pb2 import WorkReply


class SlowReplica(MemoryReplica):
    """Commits nothing until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.proposed, self.may_commit = asyncio.Event(), asyncio.Event()

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        self.proposed.set()
        await self.may_commit.wait()
        return await super().propose(payload, committed=committed)


def test_state_stands_still_as_soon_as_the_batch_under_way_has_ended() -> None:
    async def scenario() -> None:
        # Time stands still, too: nothing is looked for again and again.
        replica = SlowReplica()
        service = Service(inline_runtime(ManualClock()), replica=replica)
        executor = service.executor
        await executor.start()
        first = asyncio.ensure_future(service.run(b"first"))
        await replica.proposed.wait()
        still, may_go_on = asyncio.Event(), asyncio.Event()

        async def stand_still() -> int:
            async with executor.standing_still() as applied_index:
                still.set()
                await may_go_on.wait()
                assert executor.applied_index() == applied_index
                return applied_index

        standing = asyncio.ensure_future(stand_still())
        second = asyncio.ensure_future(service.run(b"second"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not still.is_set() and not first.done()
        async with asyncio.timeout(10):
            replica.may_commit.set()
            await still.wait()
            assert kinds(await first) == [WorkReply]
            for _ in range(20):
                await asyncio.sleep(0)
            assert service.keys() == [b"first"] and not second.done()
            may_go_on.set()
            assert await standing == 1
            assert kinds(await second) == [WorkReply]
        assert service.keys() == [b"first", b"second"]
        await service.stop()

    asyncio.run(scenario())
