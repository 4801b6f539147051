"""Bytes come back as they were written, whichever way they took and wherever they lie."""

import asyncio
import random
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.hdds.support import RING, ListRing, Node, config, node
from trioxygen.common.errors import BlockExists, InvalidRequest, NoSuchBlock, NoSuchContainer
from trioxygen.common.rpc.session import SessionLimits
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.container.blocks import block_key, highest_local
from trioxygen.proto.v1 import datanode_pb2

SIZES = (
    1, 2, 4095, 4096,
    64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB,
    1 * MIB - 1, 1 * MIB, 1 * MIB + 1, 5 * MIB,
)  # fmt: skip


def random_bytes(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def test_blocks_of_all_sizes_come_back_before_and_after_a_flush_and_a_restart(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as n:
            for local, size in enumerate(SIZES, start=1):
                await n.write(local, random_bytes(size, local))
                assert await n.read(local, 0, size) == random_bytes(size, local)
            await n.flush()
            for local, size in enumerate(SIZES, start=1):
                assert await n.read(local, 0, size) == random_bytes(size, local)
                assert await n.read_stream(local, 0, size) == random_bytes(size, local)
            assert n.container().block_count == len(SIZES)
            assert n.container().used_bytes == sum(SIZES)
        assert ring.durable_index == len(ring.entries)
        async with node(tmp_path, ring=ring) as n:
            for local, size in enumerate(SIZES, start=1):
                assert await n.read(local, 0, size) == random_bytes(size, local)
            assert n.container().block_count == len(SIZES)
            assert n.container().used_bytes == sum(SIZES)

    asyncio.run(run())


@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_any_range_of_any_block_is_the_range_of_its_bytes(data: st.DataObject) -> None:
    async def run(root: Path) -> None:
        async with node(root) as n:
            for local, size in enumerate((100, 64 * KIB, 700 * KIB, 3 * MIB), start=1):
                content = random_bytes(size, local)
                await n.write(local, content)
                if data.draw(st.booleans()):
                    await n.flush()
                for _ in range(6):
                    start = data.draw(st.integers(0, size - 1))
                    length = data.draw(st.integers(1, size - start))
                    expected = content[start : start + length]
                    assert await n.read(local, start, length) == expected
                    assert await n.read_stream(local, start, length) == expected

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


@settings(max_examples=10, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 3 * MIB - 1), unique=True, max_size=12),
    size=st.sampled_from([900 * KIB, 3 * MIB]),
)
def test_a_stream_may_be_cut_into_pieces_anywhere(cuts: list[int], size: int) -> None:
    async def run(root: Path) -> None:
        content = random_bytes(size)
        edges = [0, *sorted(cut for cut in cuts if cut < size), size]
        pieces = [memoryview(content)[start:end] for start, end in pairwise(edges)]
        async with node(root) as n:
            assert await n.stream(1, pieces, size) == size
            assert await n.read_stream(1, 0, size) == content

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


def test_a_stream_may_be_shorter_than_announced(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            content = random_bytes(2 * MIB + 5)
            assert await n.stream(1, [content], 64 * MIB) == len(content)
            assert await n.read_stream(1, 0, len(content)) == content
            assert n.allocated_bytes() < 3 * MIB
            assert n.container().reserved_bytes == 0

    asyncio.run(run())


def test_a_block_written_again_is_one_block(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            for size in (4096, 300 * KIB, 2 * MIB):
                content = random_bytes(size)
                await n.write(size, content)
                await n.write(size, content)
                await n.flush()
                await n.write(size, content)
                await n.flush()
                assert await n.read(size, 0, size) == content
            assert n.container().block_count == 3
            assert n.container().used_bytes == 4096 + 300 * KIB + 2 * MIB
            assert n.container().streams_open == 0
            assert len(n.work.streams.sealed) == 0

    asyncio.run(run())


@pytest.mark.parametrize("flushed", [True, False])
@pytest.mark.parametrize("restarted", [True, False])
def test_a_small_block_is_never_overwritten(tmp_path: Path, flushed: bool, restarted: bool) -> None:
    """An SCM that was put back to an earlier state may hand out a block again."""

    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as n:
            await n.write(1, b"first")
            await n.write(5, b"fifth")
            if flushed:
                await n.flush()
            if not restarted:
                await refuse(n)
        if restarted:
            async with node(tmp_path, ring=ring) as n:
                await refuse(n)

    async def refuse(n: Node) -> None:
        with pytest.raises(BlockExists) as refused:
            await n.write(1, b"other")
        assert refused.value.facts == {"container": "1", "local": "1"}
        assert n.work.volume.room.under_way_bytes == 0
        # A call that is repeated is no other one; a block between them is a new one.
        await n.write(1, b"first")
        await n.write(3, b"third")
        await n.flush()
        assert (await n.read(1, 0, 5), await n.read(3, 0, 5)) == (b"first", b"third")
        assert n.container().used_bytes == 15

    asyncio.run(run())


def test_the_highest_block_is_reported_also_when_it_is_gone(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as n:
            for local in (7, 1_000_000_007, 9):
                await n.write(local, b"small")
            await n.write(2**61, random_bytes(2 * MIB))
            assert n.container().report("node-1").highest_local == 2**61
            await n.delete((2**61, 1))
            await n.flush()
            assert highest(n) == 1_000_000_007
        async with node(tmp_path, ring=ring) as n:
            assert n.container().report("node-1").highest_local == 2**61

    def highest(n: Node) -> int:
        with n.work.volume.store.read() as txn:
            assert highest_local(txn, 2) == 0
            return highest_local(txn, 1)

    asyncio.run(run())


def test_a_stream_of_other_bytes_for_a_block_that_exists_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            content = random_bytes(2 * MIB)
            await n.write(1, content)
            with pytest.raises(BlockExists):
                await n.write(1, random_bytes(2 * MIB, 2))
            assert await n.read_stream(1, 0, len(content)) == content
            assert n.files() == ["1.block"]

    asyncio.run(run())


def test_what_was_never_written_is_no_such_block_or_container(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(1, b"x")
            with pytest.raises(NoSuchBlock):
                await n.read(2, 0, 1)
            with pytest.raises(NoSuchContainer):
                await n.read(1, 0, 1, container=9)
            with pytest.raises(NoSuchBlock):
                await n.read_stream(2, 0, 1)

    asyncio.run(run())


def test_sizes_and_ranges_that_cannot_be_are_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            with pytest.raises(InvalidRequest):
                await n.write(1, b"")
            with pytest.raises(InvalidRequest):
                await n.stream(1, [b"12345"], 4)
            with pytest.raises(InvalidRequest):
                await n.stream(1, [], 4)
            with pytest.raises(InvalidRequest):
                await n.stream(1, [b"x"], 257 * MIB)
            await n.write(1, b"12345")
            with pytest.raises(InvalidRequest):
                await n.read(1, 3, 3)
            with pytest.raises(InvalidRequest):
                await n.read(1, 0, 0)

    asyncio.run(run())


def test_many_writers_at_once_share_segments_and_lose_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        sizes = {local: 1 + local * 37 % 5000 for local in range(1, 301)}
        streams = {local: 65 * KIB + local for local in range(301, 313)}
        async with node(tmp_path) as n:
            await asyncio.gather(
                *(n.write(local, random_bytes(size, local)) for local, size in sizes.items()),
                *(n.write(local, random_bytes(size, local)) for local, size in streams.items()),
            )
            await n.flush()
            for local, size in (sizes | streams).items():
                assert await n.read(local, 0, size) == random_bytes(size, local)
            assert n.files() == ["packed-0.data"]

    asyncio.run(run())


def test_pending_blocks_are_bounded_and_writers_wait_for_the_flusher(tmp_path: Path) -> None:
    async def run() -> None:
        limits = config(pending_bytes_max=256 * KIB, flush_bytes=64 * KIB)
        async with node(tmp_path, settings=limits) as n:
            most = 0
            for local in range(1, 41):
                await n.write(local, random_bytes(60 * KIB, local))
                most = max(most, n.work.blocks.pending_bytes)
            assert most <= 320 * KIB
            for local in range(1, 41):
                assert await n.read(local, 0, 60 * KIB) == random_bytes(60 * KIB, local)

    asyncio.run(run())


def test_a_new_segment_begins_when_one_is_full(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path, settings=config(segment_bytes_max=128 * KIB)) as n:
            for local in range(1, 11):
                await n.write(local, random_bytes(60 * KIB, local))
                await n.flush()
            assert len(n.files()) == 4
            for local in range(1, 11):
                assert await n.read(local, 0, 60 * KIB) == random_bytes(60 * KIB, local)

    asyncio.run(run())


def test_the_node_describes_what_it_has(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(1, b"12345")
            await n.flush()
            reply = await n.runtime.network.channel(n.datanode.address).call(
                "DataNode/DescribeDataNode",
                datanode_pb2.DescribeDataNodeRequest(),
                datanode_pb2.DescribeDataNodeReply,
                timeout_ms=1_000,
            )
            [container] = reply.containers
            assert (container.container_id, container.used_bytes, container.block_count) == (
                1,
                5,
                1,
            )
            [volume] = reply.volumes
            assert volume.capacity_bytes > 0
            samples = {
                sample.name: sample.value
                for metric in n.runtime.registry.collect()
                for sample in metric.samples
            }
            assert samples["trioxygen_datanode_written_bytes_total"] == 5
            assert samples["trioxygen_datanode_blocks"] == 1

    asyncio.run(run())


def test_description_of_any_number_of_containers_comes_in_pages(tmp_path: Path) -> None:
    async def test() -> None:
        async with node(tmp_path) as started:
            volume = started.work.volume
            for container_id in range(1, 301):
                volume.make_container(container_id, pipeline_id=RING, replica_index=0)
            for local in range(1, 6_001):
                volume.record_corrupt(block_key(7, local), "r" * 1_000)
            containers: list[int] = []
            corrupt: list[int] = []
            after, pages = b"", 0
            while True:
                page = started.datanode.describe(after)
                assert page.ByteSize() < SessionLimits().message_bytes_max
                containers += [container.container_id for container in page.containers]
                corrupt += [corrupt_block.block.local for corrupt_block in page.corrupt_blocks]
                pages, after = pages + 1, page.next
                if not after:
                    break
            assert pages > 1
            assert containers == list(range(1, 301))
            assert corrupt == list(range(1, 6_001))

    asyncio.run(test())
