"""A block that goes to three members: one that fails or stands still costs nobody anything."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.unit.hdds.client.replicas import Cluster, Freezable, Replica, piece
from tests.unit.hdds.support import until
from trioxygen.common.errors import (
    ChecksumMismatch,
    ContainerNotOpen,
    DeadlineExceeded,
    NoSpace,
    NotLeader,
    Overloaded,
    TrioxygenError,
    Unreachable,
)
from trioxygen.common.units import MIB
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.proto.v1.types_pb2 import BlockId

PIECE = bytes(range(256)) * 256
CONFIG = ClientConfig(
    member_slow_ms=200.0,
    receipt_grace_ms=50.0,
    straggler_ms=200.0,
    begin_patience_ms=100.0,
    open_ms=600.0,
    minority_ms=600.0,
    leader_try_ms=100.0,
    patience_ms=3_000.0,
    lag_bytes_max=4 * len(PIECE),
)
# Calls may take 30 s; of what takes a fraction of a second, on a machine that others use too.
GAP_MS_MAX = 5_000.0
BLOCK = BlockId(container=1, local=1)


async def opened(cluster: Cluster, block: BlockId = BLOCK):  # type: ignore[no-untyped-def]
    await cluster.serve()
    return await cluster.writer.open(block, cluster.pipeline, 64 * MIB)


def three(test: Callable[[Cluster, list[Freezable]], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def whole() -> None:
            members = [Freezable(), Freezable(), Freezable()]
            cluster = Cluster(*members, config=CONFIG)
            async with asyncio.timeout(20):
                await test(cluster, members)
                for member in members:
                    member.thaw()
                await cluster.pool.stop()
            assert cluster.pool.queued_bytes == 0

        asyncio.run(whole())

    run.__name__ = test.__name__
    return run


@three
async def test_all_members_get_all_bytes(cluster: Cluster, members: list[Freezable]) -> None:
    stream = await opened(cluster)
    for _ in range(20):
        await stream.send(PIECE)
        await stream.flush()
    assert await stream.finish() == 20 * len(PIECE)
    assert not stream.left
    assert [member.received for member in members] == [[20 * PIECE]] * 3
    assert [len(member.put) for member in members] == [1, 0, 0]
    assert sorted(members[0].put[0].holders) == ["0", "1", "2"]


@three
async def test_member_that_freezes_in_the_middle_is_left_and_avoided(
    cluster: Cluster, members: list[Freezable]
) -> None:
    stream = await opened(cluster)
    gap_ms = 0.0
    for number in range(60):
        if number == 20:
            members[2].freeze()
        began = time.monotonic()
        await stream.send(PIECE)
        await stream.flush()
        gap_ms = max(gap_ms, (time.monotonic() - began) * 1_000)
    assert await stream.finish() == 60 * len(PIECE)
    assert [node.node_id for node in stream.left] == ["2"]
    assert cluster.writer.away.node_ids == ["2"]
    assert [member.received for member in members] == [[60 * PIECE], [60 * PIECE], []]
    # The ring brings the bytes to the third, from these.
    assert sorted(members[0].put[0].holders) == ["0", "1"]
    # As long as the silence is listened to, and not for as long as calls may take.
    assert 150 <= gap_ms < GAP_MS_MAX
    # The next block does without it from the start.
    second = await cluster.writer.open(BlockId(container=1, local=2), cluster.pipeline, MIB)
    await second.send(PIECE)
    await second.finish()
    assert not second.left
    assert [member.opened for member in members] == [2, 2, 1]


@three
async def test_bytes_that_wait_for_a_frozen_member_are_bounded(
    cluster: Cluster, members: list[Freezable]
) -> None:
    stream = await opened(cluster)
    members[1].freeze()
    most_bytes = 0
    for _ in range(40):
        await stream.send(PIECE)
        await stream.flush()
        most_bytes = max(most_bytes, cluster.pool.queued_bytes)
    assert 0 < most_bytes <= CONFIG.lag_bytes_max + 3 * len(PIECE)
    assert await stream.finish() == 40 * len(PIECE)
    assert cluster.pool.queued_bytes == 0


@three
async def test_member_that_freezes_at_the_end_is_waited_for_only_a_little(
    cluster: Cluster, members: list[Freezable]
) -> None:
    stream = await opened(cluster)
    await stream.send(PIECE)
    await stream.flush()
    members[1].freeze()
    began = time.monotonic()
    assert await stream.finish() == len(PIECE)
    assert (time.monotonic() - began) * 1_000 < GAP_MS_MAX
    assert not cluster.writer.away.node_ids
    # It had its time, and is given up behind the scenes.
    await cluster.pool.stop()
    assert cluster.writer.away.node_ids == ["1"]


@three
async def test_leader_that_freezes_before_the_end_is_replaced(
    cluster: Cluster, members: list[Freezable]
) -> None:
    stream = await opened(cluster)
    await stream.send(PIECE)
    await stream.flush()
    members[0].freeze()
    for member in members[1:]:
        member.leads("0")
    finishing = asyncio.ensure_future(stream.finish())
    await until(lambda: members[1].asked + members[2].asked >= 3)
    # They have named the one that is silent, and elect another now.
    members[2].leads()
    members[1].leads("2")
    assert await finishing == len(PIECE)
    assert len(members[2].put) == 1 and members[1].put == []


@three
async def test_piece_for_a_member_that_has_failed_is_not_kept(
    cluster: Cluster, members: list[Freezable]
) -> None:
    stream = await opened(cluster)
    await stream.send(PIECE)
    await stream.flush()
    members[1].fail()
    for _ in range(3):
        # Between two of them nobody looks who has failed.
        await stream.send(PIECE)
        await asyncio.sleep(0.01)
    assert await stream.finish() == 4 * len(PIECE)
    assert cluster.pool.queued_bytes == 0


@three
async def test_reader_asks_the_one_that_led_when_the_block_was_put(
    cluster: Cluster, members: list[Freezable]
) -> None:
    for number, member in enumerate(members):
        member.leads("" if number == 2 else "2")
    stream = await opened(cluster)
    await stream.send(PIECE)
    await stream.finish()
    asked = [member.asked for member in members]
    for _ in range(3):
        await cluster.reader.read_small(piece(0, 10))
    asked[2] += 3
    assert [member.asked for member in members] == asked


@three
async def test_all_that_stand_still_together_are_not_left(
    cluster: Cluster, members: list[Freezable]
) -> None:
    """The client's own machine, or its network, may be what stands still."""
    stream = await opened(cluster)
    for member in members:
        member.freeze()

    async def send() -> None:
        for _ in range(20):
            await stream.send(PIECE)
            await stream.flush()

    sending = asyncio.ensure_future(send())
    await asyncio.wait([sending], timeout=3 * CONFIG.member_slow_ms / 1_000)
    assert not sending.done() and not stream.left
    for member in members:
        member.thaw()
    await sending
    assert await stream.finish() == 20 * len(PIECE)
    assert [member.received for member in members] == [[20 * PIECE]] * 3


@three
async def test_block_is_given_up_where_only_a_minority_goes_on(
    cluster: Cluster, members: list[Freezable]
) -> None:
    stream = await opened(cluster)
    for member in members[:2]:
        member.freeze()
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        for _ in range(20):
            await stream.send(PIECE)
            await stream.flush()
    assert (time.monotonic() - began) * 1_000 < GAP_MS_MAX
    assert cluster.writer.away.node_ids == ["0", "1"]
    await stream.cancel()


@three
async def test_block_that_no_majority_consents_to_is_given_up_soon(
    cluster: Cluster, members: list[Freezable]
) -> None:
    for member in members:
        member.consents = False
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await opened(cluster)
    assert (time.monotonic() - began) * 1_000 < GAP_MS_MAX
    for member in members:
        member.consents = True


@pytest.mark.parametrize("error", [Unreachable, NoSpace, Overloaded, NotLeader, ChecksumMismatch])
def test_member_that_fails_is_done_without(error: type[TrioxygenError]) -> None:
    async def run() -> None:
        good = [Replica(), Replica()]
        cluster = Cluster(good[0], Replica(error), good[1], config=CONFIG)
        stream = await opened(cluster)
        await stream.send(PIECE)
        assert await stream.finish() == len(PIECE)
        assert [member.received for member in good] == [[PIECE], [PIECE]]
        assert cluster.pool.queued_bytes == 0
        # Who is only busy, or has met a bad byte, is asked again the next time.
        is_avoided = error in (Unreachable, NoSpace)
        assert cluster.writer.away.node_ids == (["1"] if is_avoided else [])
        await cluster.pool.stop()

    asyncio.run(run())


def test_member_that_is_not_there_is_done_without_from_the_start() -> None:
    async def run() -> None:
        cluster = Cluster(None, Replica(), Replica(), config=CONFIG)
        stream = await opened(cluster)
        await stream.send(PIECE)
        assert await stream.finish() == len(PIECE)
        await cluster.pool.stop()

    asyncio.run(run())


def test_stream_fails_where_no_majority_is_there() -> None:
    async def run() -> None:
        cluster = Cluster(None, Replica(), Replica(Unreachable), config=CONFIG)
        stream = await opened(cluster)
        await stream.send(PIECE)
        with pytest.raises(Unreachable):
            await stream.finish()
        await stream.cancel()
        await cluster.pool.stop()
        deserted = Cluster(None, None, Replica(), config=CONFIG)
        with pytest.raises(Unreachable):
            await opened(deserted)

    asyncio.run(run())


def test_closed_container_is_told_by_any_member() -> None:
    class Closed(Replica):
        async def write_stream(self, header, pieces, call):  # type: ignore[no-untyped-def]
            raise ContainerNotOpen()

    async def run() -> None:
        cluster = Cluster(Replica(), Closed(), Replica(), config=CONFIG)
        with pytest.raises(ContainerNotOpen):
            stream = await opened(cluster)
            await stream.send(PIECE)
            await stream.finish()
        await cluster.pool.stop()

    asyncio.run(run())


def test_ring_without_a_leader_is_waited_for_and_then_given_up() -> None:
    async def run() -> None:
        members = [Freezable(leader="1"), Freezable(leader="2"), Freezable(leader="0")]
        config = ClientConfig(patience_ms=300.0, receipt_grace_ms=50.0, leader_try_ms=50.0)
        cluster = Cluster(*members, config=config)
        stream = await opened(cluster)
        await stream.send(PIECE)
        with pytest.raises(NotLeader):
            await stream.finish()
        assert sum(member.asked for member in members) < 50
        await stream.cancel()

    asyncio.run(run())
