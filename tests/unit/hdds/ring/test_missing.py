"""Members of a ring that lack bytes of what its log has put: they fetch them from the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.unit.hdds.ring.three import Member, Three, pipeline, until, with_three
from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import NoSuchBlock
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.checksums import checksums_of
from trioxygen.proto.v1.datanode_pb2 import PutBlockRequest, RingEntry
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

RING = 40


def content(local: int, size_bytes: int) -> bytes:
    return bytes([local % 251, 7, 1]) * (size_bytes // 3) + b"." * (size_bytes % 3)


async def receive(member: Member, local: int, data: bytes) -> None:
    """As a stream of a writer does."""

    async def pieces() -> AsyncIterator[Buffer]:
        yield data

    ring = member.ring(RING)
    container = await ring.container(RING, 0, waits=True)
    await member.work.streams.receive(container, local, len(data), pieces())


def put(local: int, data: bytes, holders: Sequence[Member]) -> PutBlockRequest:
    return PutBlockRequest(
        block=BlockId(container=RING, local=local),
        size_bytes=len(data),
        checksums=checksums_of(data),
        pipeline_id=RING,
        holders=[member.name for member in holders],
    )


async def begun(three: Three) -> tuple[Member, list[Member]]:
    """The leader and the others, once all have the container."""
    small = BlockId(container=RING, local=1)
    await three.writer.write_small(small, pipeline(RING), b"small")
    await three.agreed(RING)
    leader = await three.leader(RING)
    return leader, [member for member in three.members if member is not leader]


@pytest.mark.parametrize("size_bytes", [300 * KIB, 3 * MIB], ids=["packed", "of its own file"])
def test_member_that_received_no_stream_fetches_the_block(tmp_path: Path, size_bytes: int) -> None:
    async def scenario(three: Three) -> None:
        leader, [other, lacking] = await begun(three)
        data = content(9, size_bytes)
        for member in (leader, other):
            await receive(member, 9, data)
        index = await leader.ring(RING).put_block(put(9, data, [leader, other]))
        await until(lambda: lacking.block(RING, 9) is not None)
        block = lacking.block(RING, 9)
        assert block is not None and block.commit_sequence == index
        assert await lacking.read(RING, 9, size_bytes) == data
        assert lacking.work.volume.corrupt_blocks() == [] and not lacking.lacks(RING, 9)
        for member in three.members:
            await member.work.flusher.flush_all()
        assert len({member.counted(RING) for member in three.members}) == 1
        assert len({member.whole_through(RING) for member in three.members}) == 1
        assert lacking.work.fetches.fetched_bytes == size_bytes
        samples = {
            sample.name: sample.value
            for metric in lacking.runtime.registry.collect()
            for sample in metric.samples
        }
        for name, value in {
            "missing_blocks": 0,
            "fetched_blocks_total": 1,
            "fetched_bytes_total": size_bytes,
            "failed_volumes": 0,
            "running_copies": 0,
            "running_rebuilds": 0,
        }.items():
            assert samples[f"trioxygen_datanode_{name}"] == value, name

    with_three(tmp_path, scenario)


def test_replica_that_lacks_a_block_does_not_report_to_be_as_far_nor_serves_it(
    tmp_path: Path,
) -> None:
    async def scenario(three: Three) -> None:
        leader, [other, lacking] = await begun(three)
        data = content(9, 2 * MIB)
        await receive(leader, 9, data)
        # Nobody whom it can ask is there.
        lacking.datanode.homes.sources = no_sources  # type: ignore[assignment, method-assign]
        before = lacking.whole_through(RING)
        await receive(other, 9, data)
        await leader.ring(RING).put_block(put(9, data, [leader, other]))
        await three.agreed(RING)
        assert lacking.lacks(RING, 9) and lacking.block(RING, 9) is None
        assert before <= lacking.whole_through(RING) < leader.whole_through(RING)
        with pytest.raises(NoSuchBlock):
            await lacking.read(RING, 9, len(data))
        # In the index, and over a start, as well.
        await lacking.work.flusher.flush_all()
        assert lacking.work.blocks.persisted[RING].index == lacking.reached(RING)
        await lacking.end(crash=True)
        await lacking.start()
        await until(lambda: lacking.block(RING, 9) is not None)
        assert await lacking.read(RING, 9, len(data)) == data
        assert lacking.whole_through(RING) == leader.whole_through(RING)

    with_three(tmp_path, scenario)


async def no_sources(_: object) -> list[str]:
    return []


def test_member_that_was_down_fetches_what_was_put_meanwhile(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        leader, [other, away] = await begun(three)
        await away.end(crash=True)
        sizes = {local: 200 * KIB * local for local in range(2, 12)}
        for local, size_bytes in sizes.items():
            data = content(local, size_bytes)
            for member in (leader, other):
                await receive(member, local, data)
            heir = await three.leader(RING)
            await heir.ring(RING).put_block(put(local, data, [leader, other]))
        await away.start()
        await until(lambda: all(away.block(RING, local) is not None for local in sizes))
        for local, size_bytes in sizes.items():
            assert await away.read(RING, local, size_bytes) == content(local, size_bytes)

    with_three(tmp_path, scenario)


def test_leader_whose_stream_was_dropped_puts_what_a_majority_holds(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        leader, others = await begun(three)
        data = content(9, 2 * MIB)
        for member in others:
            await receive(member, 9, data)
        # One is not enough: nobody would know of a second.
        with pytest.raises(NoSuchBlock):
            await leader.ring(RING).put_block(put(9, data, others[:1]))
        index = await leader.ring(RING).put_block(put(9, data, others))
        # Said again, it is the same.
        assert await leader.ring(RING).put_block(put(9, data, others)) == index
        await until(lambda: leader.block(RING, 9) is not None)
        assert await leader.read(RING, 9, len(data)) == data

    with_three(tmp_path, scenario)


def test_stream_that_ends_after_its_block_was_put_fills_it_itself(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        leader, [other, late] = await begun(three)
        data = content(9, 2 * MIB)
        for member in (leader, other):
            await receive(member, 9, data)
        goes_on = asyncio.Event()

        async def pieces() -> AsyncIterator[Buffer]:
            yield data[:MIB]
            await goes_on.wait()
            yield data[MIB:]

        container = await late.ring(RING).container(RING, 0, waits=True)
        stream = late.work.streams.receive(container, 9, len(data), pieces())
        receiving = asyncio.ensure_future(stream)
        await asyncio.sleep(0)
        await leader.ring(RING).put_block(put(9, data, [leader, other]))
        await until(lambda: late.lacks(RING, 9))
        goes_on.set()
        await receiving
        assert late.block(RING, 9) is not None
        assert await late.read(RING, 9, len(data)) == data
        assert late.work.fetches.fetched_blocks == 0

    with_three(tmp_path, scenario)


def test_stream_that_ended_early_gives_way_to_what_was_put(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        leader, [other, short] = await begun(three)
        data = content(9, 2 * MIB)
        for member in (leader, other):
            await receive(member, 9, data)
        await receive(short, 9, data[: MIB + 1])
        await leader.ring(RING).put_block(put(9, data, [leader, other]))
        await until(lambda: short.block(RING, 9) is not None)
        assert await short.read(RING, 9, len(data)) == data

    with_three(tmp_path, scenario)


def test_deletion_ends_the_wait_for_a_block_that_nobody_has(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        leader, _ = await begun(three)
        ghost = put(7, content(7, 200 * KIB), [])
        await leader.ring(RING).replica.propose(RingEntry(put_block=ghost).SerializeToString())
        await three.agreed(RING)
        assert [member.block(RING, 7) for member in three.members] == [None] * 3
        assert all(member.lacks(RING, 7) for member in three.members)
        gone = BlockRange(container=RING, first_local=7, count=1)
        await leader.ring(RING).delete_blocks(DeleteBlocksCommand(blocks=[gone]))
        await three.agreed(RING)
        assert not any(member.lacks(RING, 7) for member in three.members)
        for member in three.members:
            await member.work.flusher.flush_all()
            assert member.container_state(RING) is ContainerState.OPEN
        assert len({member.counted(RING) for member in three.members}) == 1
        # Nor does it come back with a start.
        again = three.members[0]
        await again.end(crash=True)
        await again.start()
        assert not again.lacks(RING, 7)

    with_three(tmp_path, scenario)
