"""Deleted blocks give their disk space back, whole files and parts of segments alike."""

import asyncio
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hdds.support import PIPELINE, ListRing, config, node, received
from trioxygen.common.disk import File
from trioxygen.common.errors import NoSuchBlock
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.units import KIB, MIB
from trioxygen.proto.v1.types_pb2 import BlockId


def content(local: int, size: int) -> bytes:
    return random.Random(local).randbytes(size)


def test_a_deleted_block_is_gone_before_and_after_the_flush_and_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring, settings=config(flush_interval_ms=10_000)) as n:
            sizes = {1: 4096, 2: 100 * KIB, 3: 2 * MIB}
            for local, size in sizes.items():
                await n.write(local, content(local, size))
            await n.flush()
            await n.write(4, b"pending")
            await n.write(5, content(5, 2 * MIB))
            await n.delete((1, 5))
            for local in range(1, 6):
                with pytest.raises(NoSuchBlock):
                    await n.read(local, 0, 1)
            await n.flush()
            for local in range(1, 6):
                with pytest.raises(NoSuchBlock):
                    await n.read(local, 0, 1)
            assert n.files() == ["packed-0.data"]
            assert n.container().block_count == n.container().used_bytes == 0
        async with node(tmp_path, ring=ring) as n:
            assert n.files() == ["packed-0.data"]
            with pytest.raises(NoSuchBlock):
                await n.read(3, 0, 1)

    asyncio.run(run())


def test_deleting_what_was_never_written_and_deleting_twice_is_harmless(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(5, b"stays")
            await n.delete((6, 2**32 - 1), (1, 4))
            await n.delete((6, 2**32 - 1), (1, 4))
            await n.flush()
            assert await n.read(5, 0, 5) == b"stays"
            assert n.container().block_count == 1

    asyncio.run(run())


def test_a_block_that_was_received_but_not_put_can_be_deleted(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            stream = await n.writer.open(BlockId(container=1, local=1), PIPELINE, 2 * MIB)
            await stream.send(content(1, 2 * MIB))
            await received(stream, 5_000)
            await n.delete((1, 1))
            await n.flush()
            assert n.files() == []
            assert n.container().streams_open == n.container().reserved_bytes == 0

    asyncio.run(run())


def test_neighbours_that_die_leave_a_hole(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            for local in range(1, 201):
                await n.write(local, content(local, 5_000))
            await n.flush()
            full = n.allocated_bytes()
            assert full >= 1_000_000
            # Every other one, then those between: no single one holds more than a page.
            for start in (1, 2):
                await n.delete(*((local, 1) for local in range(start, 151, 2)))
                await n.flush()
            assert n.allocated_bytes() <= full - 150 * 5_000 + 2 * 4 * KIB
            assert n.container().garbage_bytes <= 2 * 4 * KIB
            for local in range(151, 201):
                assert await n.read(local, 0, 5_000) == content(local, 5_000)

    asyncio.run(run())


def test_a_mostly_dead_segment_is_compacted(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as n:
            for local in range(1, 401):
                await n.write(local, content(local, 3_000))
            await n.write(401, content(401, 200 * KIB))
            await n.flush()
            full = n.allocated_bytes()
            # Scattered: not a single page dies as a whole.
            await n.delete(*((local, 1) for local in range(1, 401) if local % 4), (401, 1))
            await n.flush()
            compactor = n.work.compactor
            while await compactor.work():
                pass
            assert n.work.compactor.segments_compacted == 1
            assert n.files() == ["packed-1.data"]
            assert n.allocated_bytes() <= full / 3
            assert n.container().garbage_bytes == 0
            for local in range(4, 401, 4):
                assert await n.read(local, 0, 3_000) == content(local, 3_000)
        async with node(tmp_path, ring=ring) as n:
            for local in range(4, 401, 4):
                assert await n.read(local, 0, 3_000) == content(local, 3_000)
            assert n.container().block_count == 100
            assert n.container().used_bytes == 100 * 3_000

    asyncio.run(run())


def test_a_segment_without_live_blocks_is_removed(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            for local in range(1, 21):
                await n.write(local, content(local, 1_000))
            await n.flush()
            await n.delete((1, 20))
            await n.flush()
            while await n.work.compactor.work():
                pass
            assert n.files() == []
            await n.write(21, b"goes on")
            await n.flush()
            assert n.files() == ["packed-1.data"]
            assert await n.read(21, 0, 7) == b"goes on"

    asyncio.run(run())


def test_reads_and_deletions_while_blocks_move_are_right(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path, settings=config(segment_bytes_max=128 * KIB)) as n:
            alive = set(range(1, 1_441))
            for local in alive:
                await n.write(local, content(local, 500))
                if local % 120 == 0:
                    await n.flush()
            stop = asyncio.Event()

            async def read_all() -> None:
                rng = random.Random(4)
                while not stop.is_set():
                    local = rng.choice(sorted(alive))
                    assert await n.read(local, 0, 500) == content(local, 500)
                    await asyncio.sleep(0)

            async def delete_most() -> None:
                rng = random.Random(5)
                for _ in range(120):
                    dead = rng.sample(sorted(alive), 10)
                    alive.difference_update(dead)
                    await asyncio.sleep(0)
                    await n.delete(*((local, 1) for local in dead))
                    await n.work.compactor.work()
                await n.flush()
                while await n.work.compactor.work():
                    pass
                stop.set()

            readers = [asyncio.create_task(read_all()) for _ in range(3)]
            await delete_most()
            await asyncio.gather(*readers)
            assert n.work.compactor.segments_compacted > 2
            assert n.work.volume.corrupt == {}
            assert n.container().block_count == len(alive) == 240
            assert n.container().used_bytes == 240 * 500

    asyncio.run(run())


class SlowDisk(SystemDisk):
    """Removes files only once it may."""

    def __init__(self) -> None:
        self.removing, self.may_remove = threading.Event(), threading.Event()

    def remove(self, path: Path) -> None:
        if path.suffix == ".block":
            self.removing.set()
            assert self.may_remove.wait(20)
        super().remove(path)


def test_stop_waits_for_space_that_is_being_given_back(tmp_path: Path) -> None:
    async def run() -> None:
        disk = SlowDisk()
        async with node(
            tmp_path, disk=disk, settings=config(flush_interval_ms=10_000), crash=True
        ) as n:
            await n.write(1, content(1, 2 * MIB))
            await n.flush()
            await n.delete((1, 1))
            flushing = asyncio.create_task(n.flush())
            await asyncio.to_thread(disk.removing.wait, 20)
            # Its caller leaves; the index names the block no more.
            flushing.cancel()
            stopping = asyncio.create_task(n.datanode.stop())
            await asyncio.wait((stopping,), timeout=0.2)
            assert not stopping.done() and len(n.files()) == 1
            disk.may_remove.set()
            await stopping
            assert n.files() == []

    asyncio.run(run())


class SlowHoles:
    """A file whose holes are punched only once they may be."""

    def __init__(self, file: File, disk: "SlowHolesDisk") -> None:
        self._file, self._disk = file, disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def punch_hole(self, offset_bytes: int, size_bytes: int) -> None:
        self._disk.punching.set()
        assert self._disk.may_punch.wait(20)
        self._file.punch_hole(offset_bytes, size_bytes)


class SlowHolesDisk(SystemDisk):
    def __init__(self) -> None:
        self.punching, self.may_punch = threading.Event(), threading.Event()

    def open(self, path: Path, *, create: bool = False) -> Any:
        return SlowHoles(super().open(path, create=create), self)


def test_segment_that_is_compacted_while_a_hole_is_made_in_it_stays_away(tmp_path: Path) -> None:
    async def run() -> None:
        disk = SlowHolesDisk()
        async with node(tmp_path, disk=disk, settings=config(flush_interval_ms=10_000)) as n:
            for local in range(1, 21):
                await n.write(local, content(local, 1_000))
            await n.flush()
            await n.delete((1, 20))
            flushing = asyncio.create_task(n.flush())
            await asyncio.to_thread(disk.punching.wait, 20)
            while await n.work.compactor.work():
                pass
            assert n.files() == [] and 0 not in n.container().segments
            disk.may_punch.set()
            await flushing
            assert 0 not in n.container().segments and 0 not in n.container().dirty_segments

    asyncio.run(run())
