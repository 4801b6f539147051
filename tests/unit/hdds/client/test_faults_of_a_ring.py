"""A client and three DataNodes, one of which dies or freezes: nobody waits long for it."""

import time
from pathlib import Path

import pytest

from tests.unit.hdds.ring.three import Member, Three, pipeline, until, with_three
from trioxygen.common.units import KIB, MIB
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

RING = 40
PIECE = bytes(range(256)) * (256 * KIB // 256)
SIZE = 8 * MIB
# What an election and the wait for who is silent come to, on a machine that others use too.
GAP_SECONDS_MAX = 10.0


class Gaps:
    """The longest time without progress."""

    def __init__(self) -> None:
        self.longest_seconds, self._at = 0.0, time.monotonic()

    def progress(self) -> None:
        now = time.monotonic()
        self.longest_seconds, self._at = max(self.longest_seconds, now - self._at), now


async def written(three: Three, local: int, fault: str, place: str) -> Gaps:
    """A block, in the middle of which a member is lost: the leader, or one that follows."""
    leader = await three.leader(RING)
    lost = leader if place == "leader" else next(m for m in three.members if m is not leader)
    block = BlockId(container=RING, local=local)
    stream = await three.writer.open(block, pipeline(RING), SIZE)
    gaps = Gaps()
    for number in range(SIZE // len(PIECE)):
        if number == 12:
            if fault == "frozen":
                three.frozen.freeze(lost.name)
            else:
                three.frozen.kill(lost.name)
        await stream.send(PIECE)
        await stream.flush()
        gaps.progress()
    assert await stream.finish() == SIZE
    gaps.progress()
    return gaps


@pytest.mark.parametrize("place", ["leader", "follower"])
@pytest.mark.parametrize("fault", ["frozen", "dead"])
def test_block_is_written_and_read_though_a_member_is_lost_in_the_middle(
    tmp_path: Path, fault: str, place: str
) -> None:
    async def scenario(three: Three) -> None:
        small = BlockId(container=RING, local=1)
        await three.writer.write_small(small, pipeline(RING), b"before")
        gaps = await written(three, 2, fault, place)
        after = BlockId(container=RING, local=3)
        await three.writer.write_small(after, pipeline(RING), b"after")
        gaps.progress()
        assert gaps.longest_seconds < GAP_SECONDS_MAX
        whole = BlockSlice(container=RING, local=2, length_bytes=SIZE)
        pieces = [bytes(piece) async for piece in three.reader.stream(whole)]
        assert b"".join(pieces) == PIECE * (SIZE // len(PIECE))
        for local, data in ((1, b"before"), (3, b"after")):
            piece = BlockSlice(container=RING, local=local, length_bytes=len(data))
            assert await three.reader.read_small(piece) == data
        if fault == "frozen":
            # Back, it fetches what it was left out of.
            three.frozen.thaw_all()
            await until(lambda: all(_has(member, 2) for member in three.members))

    with_three(tmp_path, scenario)


def _has(member: Member, local: int) -> bool:
    return member.block(RING, local) is not None and not member.lacks(RING, local)


def test_read_goes_on_though_its_replica_freezes_in_the_middle(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        block = BlockId(container=RING, local=2)
        stream = await three.writer.open(block, pipeline(RING), SIZE)
        for _ in range(SIZE // len(PIECE)):
            await stream.send(PIECE)
        await stream.finish()
        await three.agreed(RING)
        whole = BlockSlice(container=RING, local=2, length_bytes=SIZE)
        output, gaps = bytearray(), Gaps()
        async for piece in three.reader.stream(whole):
            gaps.progress()
            if not output:
                # The one that reads are asked of first, after a write.
                three.frozen.freeze(three.pool.leaders.of(pipeline(RING)).address)
            output += piece
        assert output == PIECE * (SIZE // len(PIECE))
        assert gaps.longest_seconds < GAP_SECONDS_MAX

    with_three(tmp_path, scenario)


def test_bytes_of_a_stream_that_is_given_up_are_dropped_by_all(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        block = BlockId(container=RING, local=2)
        stream = await three.writer.open(block, pipeline(RING), SIZE)
        await stream.send(PIECE)
        await stream.flush()
        await stream.cancel()
        assert three.pool.queued_bytes == 0

        def is_dropped(member: Member) -> bool:
            # One that had not consented yet need not have the container.
            container = member.work.volume.containers.get(RING)
            return container is None or container.streams_open == 0

        await until(lambda: all(is_dropped(member) for member in three.members))

    with_three(tmp_path, scenario)
