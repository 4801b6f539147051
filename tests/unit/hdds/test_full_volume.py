"""A DataNode whose disk is full: deletions do not wait for room, stops and starts do not either."""

import asyncio
import errno
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_disk import SmallDisk, small_disk
from tests.unit.hdds.support import PIPELINE, FragileDisk, ListRing, config, node
from trioxygen.common.disk import DiskSpace
from trioxygen.common.errors import NoSpace, NoSuchBlock
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.client.block_stream import BlockStream
from trioxygen.proto.v1.types_pb2 import BlockId


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 64 * MIB) as made:
        yield made


def content(local: int, size: int) -> bytes:
    return random.Random(local).randbytes(size)


def test_deletions_go_ahead_of_blocks_that_find_no_room(disk: SmallDisk) -> None:
    async def run() -> None:
        settings = config(flush_interval_ms=10_000)
        async with node(disk.path / "dn", settings=settings) as n:
            for local in (1, 2, 3):
                await n.write(local, content(local, 4 * MIB))
            await n.flush()
            for local in range(10, 74):
                await n.write(local, content(local, 60 * KIB))
            disk.fill()
            with pytest.raises(NoSpace):
                await n.flush()
            with pytest.raises(NoSpace):
                await n.write(99, b"refused")
            assert await n.read(20, 0, 60 * KIB) == content(20, 60 * KIB)
            await n.delete((1, 2))
            # They go although what was written before them still waits for room...
            assert not await n.work.flusher.flush_if_possible()
            assert disk.free_bytes >= 7 * MIB
            # ... which it finds now.
            assert await n.work.flusher.flush_if_possible()
            for local in (1, 2):
                with pytest.raises(NoSuchBlock):
                    await n.read(local, 0, 1)
            assert await n.read(20, 0, 60 * KIB) == content(20, 60 * KIB)
            assert await n.read_stream(3, 0, 4 * MIB) == content(3, 4 * MIB)
            assert n.container().used_bytes == 4 * MIB + 64 * 60 * KIB

    asyncio.run(run())


def test_container_is_ready_to_be_copied_whatever_waits_for_room_beside_it(
    disk: SmallDisk,
) -> None:
    async def run() -> None:
        settings = config(flush_interval_ms=10_000)
        async with node(disk.path / "dn", settings=settings) as n:
            await n.write(1, b"in the index")
            await n.flush()
            for local in range(10, 74):
                await n.write(local, content(local, 60 * KIB), container=2)
            disk.fill()
            with pytest.raises(NoSpace):
                await n.flush()
            await n.work.flusher.flush_container(1)
            with pytest.raises(NoSpace):
                await n.work.flusher.flush_container(2)
            # What is deleted of it is no more copied.
            await n.delete((1, 1))
            assert n.work.blocks.is_pending(1)

    asyncio.run(run())


class SilentDisk(FragileDisk):
    """Attributes: fault: what it says where it is asked how much is free."""

    fault: str = ""

    def space(self, path: Path) -> DiskSpace:
        if self.fault:
            raise OSError(errno.EIO, self.fault)
        return super().space(path)


def test_disk_that_does_not_say_what_is_free_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def logged() -> int:
        return sum("disk_not_written" in record.getMessage() for record in caplog.records)

    async def run() -> None:
        disk = SilentDisk()
        async with node(tmp_path, disk=disk) as n:
            room, looked = n.work.volume.room, list[bool]()
            n.work.volume.watch_trouble(lambda: looked.append(True))
            for count, fault in enumerate(("gone", "gone for good", "gone for good"), start=1):
                disk.fault = fault
                assert [room.look() for _ in range(5)] == [0] * 5
                assert logged() == count
                if count == 2:
                    disk.fault = ""
                    assert room.look()
            # Whoever looks after disks is told each time.
            assert len(looked) >= 15

    asyncio.run(run())


def test_tries_on_a_full_disk_leave_no_garbage_in_segments(disk: SmallDisk) -> None:
    async def run() -> None:
        settings = config(flush_interval_ms=10_000)
        async with node(disk.path / "dn", settings=settings) as n:
            await n.write(1, b"x")
            await n.flush()
            before = n.container().segments[0].size_bytes
            for local in range(10, 74):
                await n.write(local, content(local, 60 * KIB))
            disk.take(disk.free_bytes - 2 * MIB)
            for _ in range(5):
                assert not await n.work.flusher.flush_if_possible()
            assert n.container().segments[0].size_bytes == before
            assert disk.free_bytes >= 2 * MIB - 64 * KIB
            disk.free()
            assert await n.work.flusher.flush_if_possible()
            assert n.container().garbage_bytes == 0

    asyncio.run(run())


def test_volume_stops_and_starts_with_no_byte_left(disk: SmallDisk) -> None:
    async def run() -> None:
        ring = ListRing()
        settings = config(flush_interval_ms=10_000)
        path = disk.path / "dn"
        async with node(path, ring=ring, settings=settings) as n:
            await n.write(1, content(1, 4 * MIB))
            await n.write(2, b"small")
            await n.flush()
            for local in range(10, 30):
                await n.write(local, content(local, 60 * KIB))
            await n.write(3, content(3, 3 * MIB))
            disk.fill()
        async with node(path, ring=ring, settings=settings, crash=True) as n:
            assert await n.read(2, 0, 5) == b"small"
            assert await n.read(20, 0, 60 * KIB) == content(20, 60 * KIB)
            # Not in the index, but no orphan.
            assert await n.read_stream(3, 0, 3 * MIB) == content(3, 3 * MIB)
            disk.fill()
        async with node(path, ring=ring, settings=settings) as n:
            disk.fill()
            await n.delete((1, 1), (3, 1))
            assert not await n.work.flusher.flush_if_possible()
            assert disk.free_bytes >= 6 * MIB
            assert await n.work.flusher.flush_if_possible()
            await n.write(4, b"again")
            assert await n.read(20, 0, 60 * KIB) == content(20, 60 * KIB)

    asyncio.run(run())


def test_log_without_room_refuses_data_and_takes_deletions(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as n:
            await n.write(1, b"x")
            ring.is_short = True
            with pytest.raises(NoSpace):
                await n.write(2, b"x")
            with pytest.raises(NoSpace):
                await n.write(2, content(2, 2 * MIB))
            await n.delete((1, 1))
            with pytest.raises(NoSuchBlock):
                await n.read(1, 0, 1)
            ring.is_short = False
            await n.write(2, b"x")

    asyncio.run(run())


def test_streams_that_send_nothing_take_no_room(disk: SmallDisk) -> None:
    async def run() -> None:
        settings = config(space_reserve_bytes=16 * MIB)
        async with node(disk.path / "dn", settings=settings) as n:
            free_bytes = disk.free_bytes
            streams: list[BlockStream] = []
            for local in range(100, 150):
                stream = await n.writer.open(BlockId(container=1, local=local), PIPELINE, 16 * MIB)
                await stream.send(b"a few bytes")
                streams.append(stream)
            await n.write(1, content(1, 4 * MIB))
            assert disk.free_bytes >= free_bytes - 5 * MIB
            assert n.container().taken_bytes <= 4 * MIB + 50 * KIB
            for stream in streams:
                await stream.cancel()

    asyncio.run(run())


def test_stream_that_would_reach_the_reserve_is_refused_in_the_middle(disk: SmallDisk) -> None:
    async def run() -> None:
        settings = config(space_reserve_bytes=40 * MIB)
        async with node(disk.path / "dn", settings=settings) as n:
            first, two = [
                await n.writer.open(BlockId(container=1, local=local), PIPELINE, 16 * MIB)
                for local in (1, 2)
            ]
            for _ in range(15):
                await first.send(bytes(MIB))
            assert await first.finish() == 15 * MIB
            with pytest.raises(NoSpace):
                for _ in range(15):
                    await two.send(bytes(MIB))
                await two.finish()
            await two.cancel()
            assert disk.free_bytes >= 40 * MIB
            assert n.work.volume.room.under_way_bytes == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    "failure", [NoSpace("the disk is full"), OSError(5, "Input/output error")], ids=["full", "bad"]
)
def test_compaction_that_cannot_write_leaves_the_segment_as_it_was(
    tmp_path: Path, failure: Exception
) -> None:
    async def run() -> None:
        disk = FragileDisk()
        disk.failure = lambda: failure
        async with node(tmp_path, disk=disk) as n:
            for local in range(1, 65):
                await n.write(local, content(local, 20 * KIB))
            await n.flush()
            n.container().roll()
            await n.write(100, b"x")
            await n.flush()
            size_bytes = n.container().segments[1].size_bytes
            disk.changes_left = 0
            with pytest.raises(type(failure)):
                await n.work.compactor.compact(n.container(), 0)
            disk.changes_left = None
            assert n.container().segments[1].size_bytes == size_bytes
            await n.work.compactor.compact(n.container(), 0)
            for local in range(1, 65):
                assert await n.read(local, 0, 20 * KIB) == content(local, 20 * KIB)

    asyncio.run(run())
