"""A replica that stands still: another one is asked beside it, and it is avoided from then on."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.unit.hdds.client.replicas import CONTENT, Cluster, Freezable, piece
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.hedges import Hedges, ReadKind
from trioxygen.hdds.client.latencies import Latencies

CONFIG = ClientConfig(
    hedge_ms_min=20.0, hedge_ms_max=120.0, fail_over_ms=200.0, hedge_burst=4, hedge_share=0.0
)
# Of the even block numbers, the first replica is asked first.
LENGTH = 5_000
# Calls may take 30 s; of what takes a fraction of a second, on a machine that others use too.
GAP_SECONDS_MAX = 5.0


def three(
    config: ClientConfig = CONFIG,
) -> Callable[[Callable[[Cluster, list[Freezable]], Awaitable[None]]], Callable[[], None]]:
    def decorate(
        test: Callable[[Cluster, list[Freezable]], Awaitable[None]],
    ) -> Callable[[], None]:
        def run() -> None:
            async def whole() -> None:
                members = [Freezable(), Freezable(), Freezable()]
                cluster = Cluster(*members, config=config)
                await cluster.serve()
                async with asyncio.timeout(20):
                    await test(cluster, members)
                    for member in members:
                        member.thaw()
                    await cluster.pool.stop()

            asyncio.run(whole())

        run.__name__ = test.__name__
        return run

    return decorate


async def streamed(cluster: Cluster) -> bytes:
    pieces = [bytes(data) async for data in cluster.reader.stream(piece(7, LENGTH))]
    return b"".join(pieces)


def frozen_of(members: list[Freezable]) -> Freezable:
    """The one that has been asked."""
    [asked] = [member for member in members if member.asked]
    return asked


@three()
async def test_read_costs_a_little_where_its_replica_is_frozen_and_then_nothing(
    cluster: Cluster, members: list[Freezable]
) -> None:
    assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]
    frozen = frozen_of(members)
    frozen.freeze()
    while True:
        began = time.monotonic()
        asked = frozen.asked
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]
        assert time.monotonic() - began < GAP_SECONDS_MAX
        if frozen.asked == asked:
            break
    asked = frozen.asked
    for _ in range(20):
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]
    assert await streamed(cluster) == CONTENT[7 : 7 + LENGTH]
    assert frozen.asked == asked


@three()
async def test_stream_goes_on_where_its_replica_freezes_in_the_middle(
    cluster: Cluster, members: list[Freezable]
) -> None:
    output = bytearray()
    gap_ms = 0.0
    began = time.monotonic()
    async for data in cluster.reader.stream(piece(7, LENGTH)):
        gap_ms = max(gap_ms, (time.monotonic() - began) * 1_000)
        output += data
        if len(output) == 2_000:
            frozen_of(members).freeze()
        began = time.monotonic()
    assert output == CONTENT[7 : 7 + LENGTH]
    assert gap_ms < GAP_SECONDS_MAX * 1_000


@three()
async def test_many_readers_of_a_frozen_replica_all_go_on_soon(
    cluster: Cluster, members: list[Freezable]
) -> None:
    """More than may be asked for twice: the others leave it after a while."""
    await cluster.reader.read_small(piece(10, 50))
    frozen_of(members).freeze()
    began = time.monotonic()
    reading = [cluster.reader.read_small(piece(10, 50)) for _ in range(50)]
    assert await asyncio.gather(*reading) == [CONTENT[10:60]] * 50
    assert time.monotonic() - began < GAP_SECONDS_MAX


@three()
async def test_replicas_that_are_all_slow_are_waited_for(
    cluster: Cluster, members: list[Freezable]
) -> None:
    for member in members:
        member.freeze()
    reading = asyncio.ensure_future(cluster.reader.read_small(piece(10, 50)))
    await asyncio.wait([reading], timeout=1.2)
    assert not reading.done()
    # Not more and more of them at once.
    assert sum(member.asked for member in members) < 12
    for member in members:
        member.thaw()
    assert await reading == CONTENT[10:60]


@three(ClientConfig())
async def test_replicas_share_the_reads_and_one_block_stays_with_one(
    cluster: Cluster, members: list[Freezable]
) -> None:
    for local in range(30):
        wanted = piece(0, 10)
        wanted.local = local
        for _ in range(2):
            await cluster.reader.read_small(wanted)
    assert [member.asked for member in members] == [20, 20, 20]


def test_share_of_reads_that_are_asked_twice_is_bounded() -> None:
    hedges = Hedges(ClientConfig(hedge_burst=3, hedge_share=0.05))
    assert [hedges.spend() for _ in range(5)] == [True, True, True, False, False]
    assert hedges.wait_ms(ReadKind.SMALL) == ClientConfig().fail_over_ms
    for _ in range(40):
        hedges.observe(ReadKind.SMALL, 1.0)
    assert [hedges.spend() for _ in range(3)] == [True, True, False]


def test_what_is_waited_for_follows_the_reads_within_bounds() -> None:
    config = ClientConfig(hedge_ms_min=50.0, hedge_ms_max=1_000.0)
    hedges = Hedges(config)
    for took_ms, expected_ms in ((1.0, 50.0), (300.0, 300.0), (5_000.0, 1_000.0)):
        for _ in range(256):
            hedges.observe(ReadKind.NEXT, took_ms)
        assert hedges.wait_ms(ReadKind.NEXT) == expected_ms
    # Each kind by itself.
    assert hedges.wait_ms(ReadKind.FIRST) == config.hedge_ms_max / 4


def test_slowest_of_a_hundred_is_what_a_call_takes_at_most() -> None:
    latencies = Latencies(7.0)
    assert latencies.p99_ms == 7.0
    for number in range(256):
        latencies.observe(float(number))
    assert latencies.p99_ms == 253.0
    for _ in range(256):
        latencies.observe(1.0)
    assert latencies.p99_ms == 1.0
