"""A pool of leases: who fetches them, and what becomes of one that comes at a stop."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.errors import SafeMode, Stopping, TrioxygenError
from trioxygen.hdds.client.away_nodes import AwayNodes
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.hdds.client.leases.pool import LeasePool, SizeClass
from trioxygen.hdds.client.leases.source import GrantedLease, WantedBlocks
from trioxygen.proto.v1.om_pb2 import LeaseBlocksReply
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, DataNodeAddress, Pipeline

DN1 = DataNodeAddress(node_id="dn1", address="dn1:9859")


class Om:
    """Leases blocks when it is let; refuses while it has an error."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.refusal: TrioxygenError | None = None
        self.leased = 0
        self.requests: list[WantedBlocks] = []
        self.released: list[int] = []

    async def lease(self, wanted: WantedBlocks) -> GrantedLease:
        await self.may_answer.wait()
        if self.refusal is not None:
            raise self.refusal
        self.leased += 1
        self.requests.append(wanted)
        blocks = BlockRange(container=1, first_local=100 * self.leased, count=wanted.count)
        return LeaseBlocksReply(
            lease_id=self.leased,
            blocks=blocks,
            pipeline=Pipeline(pipeline_id=1, datanodes=[DN1]),
            duration_ms=600_000,
        )

    async def renew(self, lease_ids: Sequence[int]) -> Collection[int]:
        return ()

    async def release(self, lease_ids: Sequence[int], blocks: Sequence[BlockId]) -> None:
        self.released += lease_ids


class Setting:
    def __init__(self, count: int) -> None:
        clock = self.clock = SkippingClock()
        self.om, self.runtime = Om(), inline_runtime(clock)
        self.away = AwayNodes(clock, avoided_ms=30_000, silent_ms=1_000)
        self.keeper = LeaseKeeper(clock, self.om, interval_ms=1_000, give_back_ms_max=1_000)
        self.pool = LeasePool(
            self.keeper,
            clock,
            self.runtime.tasks,
            self.om,
            self.away,
            SizeClass(count, 1 << 20),
        )

    async def stop(self) -> None:
        await self.pool.stop(1_000)
        await self.keeper.give_back()


@asynccontextmanager
async def setting(count: int = 8) -> AsyncIterator[Setting]:
    made = Setting(count)
    yield made
    await made.runtime.stop()


async def settle() -> None:
    """Every task has come to where it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_lease_that_comes_while_the_gateway_stops_is_given_back() -> None:
    async def run() -> None:
        async with setting() as made:
            made.om.may_answer.clear()
            taking = asyncio.create_task(made.pool.take())
            await settle()
            stopping = asyncio.create_task(made.stop())
            await settle()
            assert not stopping.done() and not made.om.released
            made.om.may_answer.set()
            await stopping
            assert made.om.released == [1]
            with pytest.raises(Stopping):
                await taking

    asyncio.run(run())


def test_om_that_never_answers_holds_up_a_stop_only_for_a_while() -> None:
    async def run() -> None:
        async with setting() as made:
            made.om.may_answer.clear()
            taking = asyncio.create_task(made.pool.take())
            await settle()
            await made.pool.stop(10)
            with pytest.raises(Stopping):
                await taking

    asyncio.run(run())


def test_lease_is_fetched_by_a_task_that_ends_with_the_runtime() -> None:
    async def run() -> None:
        async with setting() as made:
            made.om.may_answer.clear()
            taking = asyncio.create_task(made.pool.take())
            await settle()
            await made.runtime.stop()
            assert {task.get_name() for task in asyncio.all_tasks()}.isdisjoint({"lease-blocks"})
            with pytest.raises(Stopping):
                await taking

    asyncio.run(run())


def test_all_who_wait_are_told_why_there_is_no_lease_and_the_next_asks_again() -> None:
    async def run() -> None:
        async with setting() as made:
            made.om.refusal = SafeMode("the SCM counts its DataNodes")
            results = await asyncio.gather(
                *(made.pool.take() for _ in range(3)), return_exceptions=True
            )
            assert [type(each) for each in results] == [SafeMode] * 3
            assert len({id(each) for each in results}) == 3
            made.om.refusal = None
            assert (await made.pool.take()).local == 100

    asyncio.run(run())


def test_one_who_gives_up_does_not_end_the_wait_of_others() -> None:
    async def run() -> None:
        async with setting() as made:
            made.om.may_answer.clear()
            first = asyncio.create_task(made.pool.take())
            second = asyncio.create_task(made.pool.take())
            await settle()
            first.cancel()
            await settle()
            made.om.may_answer.set()
            assert (await second).local == 100
            assert first.cancelled() and made.om.leased == 1

    asyncio.run(run())


def test_next_lease_is_at_hand_before_the_first_is_used_up() -> None:
    async def run() -> None:
        async with setting(count=8) as made:
            taken = [(await made.pool.take()).local for _ in range(7)]
            await settle()
            assert made.om.leased == 2
            # It costs nobody a round trip.
            made.om.may_answer.clear()
            taken += [(await made.pool.take()).local for _ in range(3)]
            assert taken == [*range(100, 108), 200, 201]

    asyncio.run(run())


def test_lease_in_a_pipeline_that_lost_a_member_is_exchanged_once_where_there_is_no_other() -> None:
    async def run() -> None:
        async with setting(count=8) as made:
            assert (await made.pool.take()).local == 100
            # It turns out to be the best that there is, but for a while.
            made.away.note(DN1)
            made.clock.advance(6_000)
            taken = [(await made.pool.take()).local for _ in range(3)]
            assert taken == [taken[0], taken[0] + 1, taken[0] + 2]
            leased = made.om.leased
            assert 1 < leased <= 5
            assert [list(each.excluded_node_ids) for each in made.om.requests] == [
                [],
                *([["dn1"]] * (leased - 1)),
            ]

    asyncio.run(run())
