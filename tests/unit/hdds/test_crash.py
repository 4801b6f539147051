"""A process that ends at any moment loses nothing that it acknowledged, and leaks no space."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.unit.hdds.support import PIPELINE, FragileDisk, ListRing, Node, config, node, received
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import NoSpace, NoSuchBlock, TrioxygenError
from trioxygen.common.units import KIB, MIB
from trioxygen.proto.v1.types_pb2 import BlockId


def content(local: int, size: int) -> bytes:
    return random.Random(local).randbytes(size)


async def work_until_the_crash(n: Node, acknowledged: dict[int, int]) -> None:
    """Writes and deletes of all kinds; `acknowledged` holds (local, size) of what must be there."""
    for turn in range(2):
        for local, size in enumerate((5_000, 64 * KIB, 70 * KIB, 2 * MIB, 9_000), start=1):
            local += turn * 10
            try:
                await n.write(local, content(local, size))
            except (OSError, TrioxygenError):
                return
            acknowledged[local] = size
        await n.flush()
        # Deleted is what the log says: it stays so whatever happens.
        for local in (2, 4):
            del acknowledged[turn * 10 + local]
            await n.delete((turn * 10 + local, 1))
        await n.flush()


@pytest.mark.parametrize("changes", range(0, 30))
def test_a_crash_at_any_change_of_the_disk_loses_nothing_acknowledged(
    tmp_path: Path, changes: int
) -> None:
    async def run() -> None:
        ring, disk = ListRing(), FragileDisk()
        acknowledged: dict[int, int] = {}
        async with node(
            tmp_path, ring=ring, disk=disk, settings=config(flush_interval_ms=10_000), crash=True
        ) as n:
            disk.changes_left = changes
            try:
                await work_until_the_crash(n, acknowledged)
            except OSError:
                pass
        async with node(tmp_path, ring=ring) as n:
            for local, size in acknowledged.items():
                assert await n.read_stream(local, 0, size) == content(local, size), local
            own_files = {f"{local}.block" for local, size in acknowledged.items() if size > MIB}
            assert {name for name in n.files() if "block" in name} == own_files
            assert n.container().used_bytes == sum(acknowledged.values())
            assert n.container().block_count == len(acknowledged)
            assert n.work.volume.corrupt == {}

    asyncio.run(run())


class NotingDisk(FragileDisk):
    def __init__(self) -> None:
        super().__init__()
        self.synced: set[Path] = set()

    def sync_directory(self, path: Path) -> None:
        super().sync_directory(path)
        self.synced.add(path)


def test_start_makes_names_durable_that_a_killed_process_left_unsynced(tmp_path: Path) -> None:
    async def run() -> None:
        ring, disk = ListRing(), NotingDisk()
        async with node(tmp_path, ring=ring) as n:
            await n.write(1, content(1, 4096))
        [container] = (tmp_path / "containers").iterdir()
        async with node(tmp_path, ring=ring, disk=disk) as n:
            assert {container, container.parent} <= disk.synced

    asyncio.run(run())


def test_what_the_store_lost_of_its_last_commits_comes_back_from_the_log(tmp_path: Path) -> None:
    """Every prefix of commits: the index of an earlier moment, files and log of a later one."""

    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as n:
            await n.write(1, content(1, 4096))
        index = {path: path.read_bytes() for path in (tmp_path / "index").iterdir()}
        async with node(tmp_path, ring=ring) as n:
            await n.write(2, content(2, 100 * KIB))
            await n.write(3, content(3, 2 * MIB))
            await n.write(4, content(4, 300))
            await n.flush()
            await n.write(5, content(5, 200 * KIB))
            await n.flush()
            ring.durable_index = 1
            ring_entries = list(ring.entries)
        for path, data in index.items():
            path.write_bytes(data)
        ring = ListRing(entries=ring_entries)
        async with node(tmp_path, ring=ring) as n:
            sizes = {1: 4096, 2: 100 * KIB, 3: 2 * MIB, 4: 300, 5: 200 * KIB}
            for local, size in sizes.items():
                assert await n.read_stream(local, 0, size) == content(local, size)
            assert n.container().block_count == 5
            assert n.container().used_bytes == sum(sizes.values())

    asyncio.run(run())


def test_received_blocks_that_nobody_put_are_gone_after_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring, crash=True) as n:
            stream = await n.writer.open(BlockId(container=1, local=1), PIPELINE, 2 * MIB)
            await stream.send(content(1, 2 * MIB))
            await received(stream, 5_000)
            assert n.files() == ["1.block"]
            (tmp_path / "containers" / "1" / "7.block.3").write_bytes(b"half of it")
        async with node(tmp_path, ring=ring) as n:
            assert n.files() == []
            with pytest.raises(TrioxygenError):
                await n.read(1, 0, 1)

    asyncio.run(run())


def test_received_blocks_that_nobody_puts_expire(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path, settings=config(sealed_expiry_ms=0)) as n:
            for local, size in ((1, 2 * MIB), (2, 100 * KIB)):
                stream = await n.writer.open(BlockId(container=1, local=local), PIPELINE, size)
                await stream.send(content(local, size))
                await received(stream, 5_000)
            await n.work.streams.sealed.drop_expired()
            assert n.files() == ["packed-0.data"]
            assert n.container().streams_open == n.container().reserved_bytes == 0
            assert n.container().segments[0].unindexed == 0

    asyncio.run(run())


@pytest.mark.parametrize("size_max", [3 * MIB, 900 * KIB])
def test_a_cancelled_stream_leaves_nothing_behind(tmp_path: Path, size_max: int) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(9, b"x")
            await n.flush()
            before = n.allocated_bytes()
            stream = await n.writer.open(BlockId(container=1, local=1), PIPELINE, size_max)
            for _ in range(8):
                await stream.send(content(1, size_max // 8))
            await stream.cancel()
            await stream.cancel()
            await n.work.streams.finished()
            assert n.files() == ["packed-0.data"]
            assert n.allocated_bytes() == before
            assert n.container().reserved_bytes == n.container().streams_open == 0
            with pytest.raises(NoSuchBlock):
                await n.read(1, 0, 1)

    asyncio.run(run())


@pytest.mark.parametrize("changes", range(0, 5))
def test_a_full_disk_refuses_a_stream_and_leaves_nothing_behind(
    tmp_path: Path, changes: int
) -> None:
    async def run() -> None:
        disk = FragileDisk()
        disk.failure = lambda: NoSpace("the disk is full")
        async with node(tmp_path, disk=disk) as n:
            await n.write(9, b"x")
            await n.flush()
            disk.changes_left = changes
            with pytest.raises(NoSpace):
                await n.write(1, content(1, 3 * MIB + 1))
            disk.changes_left = None
            assert n.files() == ["packed-0.data"]
            assert n.container().reserved_bytes == n.container().streams_open == 0
            await n.write(1, content(1, 3 * MIB + 1))
            assert await n.read_stream(1, 0, 3 * MIB + 1) == content(1, 3 * MIB + 1)

    asyncio.run(run())


def test_a_full_disk_refuses_small_writes_until_there_is_room_again(tmp_path: Path) -> None:
    async def run() -> None:
        disk = FragileDisk()
        disk.failure = lambda: NoSpace("the disk is full")
        async with node(tmp_path, disk=disk, settings=config(flush_interval_ms=10_000)) as n:
            await n.write(1, b"before")
            await n.flush()
            disk.changes_left = 0
            await n.write(2, b"in the log")
            with pytest.raises(NoSpace):
                await n.flush()
            with pytest.raises(NoSpace):
                await n.write(3, b"refused")
            with pytest.raises(NoSpace):
                await n.write(3, content(3, 100 * KIB))
            assert await n.read(2, 0, 10) == b"in the log"
            disk.changes_left = None
            await n.flush()
            await n.write(3, b"taken")
            assert await n.read(2, 0, 10) == b"in the log"

    asyncio.run(run())


def test_a_volume_below_its_reserve_takes_no_writes(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path, settings=config(space_reserve_bytes=1 << 60)) as n:
            with pytest.raises(NoSpace):
                await n.write(1, b"x")
            with pytest.raises(NoSpace):
                await n.write(1, content(1, 2 * MIB))

    asyncio.run(run())


def test_blocks_that_lie_at_the_same_place_of_two_containers_are_both_found(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        never = config(flush_interval_ms=3_600_000)
        async with node(tmp_path, ring=ring, settings=never, crash=True) as n:
            for container in (1, 2):
                await n.write(1, content(container, 100 * KIB), container=container)
        async with node(tmp_path, ring=ring, settings=never) as n:
            await n.flush()
            for container in (1, 2):
                data = await n.read_stream(1, 0, 100 * KIB, container=container)
                assert data == content(container, 100 * KIB)
                assert n.container(container).state is ContainerState.OPEN
            assert not n.work.volume.corrupt

    asyncio.run(run())
