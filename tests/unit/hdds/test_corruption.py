"""Bytes that differ from their checksum are reported, never served."""

import asyncio
import random
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.hdds.bad_sectors import BadSectors
from tests.unit.hdds.support import ListRing, node
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import ChecksumMismatch, Unavailable, UnknownFormat
from trioxygen.common.sealed_json import sealed
from trioxygen.common.units import DAY_MS, KIB, MIB
from trioxygen.hdds.checksums import RunningChecksums, checksums_of, first_bad_piece
from trioxygen.hdds.container.blocks import TABLES, Block, block_key, highest_local, put_block
from trioxygen.hdds.container.layout import FORMAT_VERSION
from trioxygen.hdds.container.scrub import Scrubber, place_in_round
from trioxygen.metadata.store.lmdb_kv import LmdbStore


def flip_a_bit(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 8]))


@pytest.mark.parametrize(
    ("size", "name"), [(4096, "packed-0.data"), (300 * KIB, "packed-0.data"), (3 * MIB, "1.block")]
)
def test_a_flipped_bit_is_refused_and_reported(tmp_path: Path, size: int, name: str) -> None:
    async def run() -> None:
        data = random.Random(1).randbytes(size)
        async with node(tmp_path) as n:
            await n.write(1, data)
            await n.write(2, b"sound")
            await n.flush()
            path = tmp_path / "containers" / "1" / name
            flip_a_bit(path, path.read_bytes().index(data) + size - 5)
            with pytest.raises(ChecksumMismatch):
                await n.read(1, size - 10, 10)
            with pytest.raises(ChecksumMismatch):
                await n.read_stream(1, 0, size)
            if size > 128 * KIB:
                # Pieces that are sound may be read.
                assert await n.read(1, 0, 100) == data[:100]
            [corrupt] = n.datanode.describe().corrupt_blocks
            assert (corrupt.block.container, corrupt.block.local) == (1, 1)
            assert await n.read(2, 0, 5) == b"sound"

    asyncio.run(run())


def test_a_file_that_is_gone_or_short_is_reported(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as n:
            await n.write(1, bytes(2 * MIB))
            await n.write(2, bytes(2 * MIB))
        (tmp_path / "containers" / "1" / "1.block").unlink()
        with (tmp_path / "containers" / "1" / "2.block").open("r+b") as file:
            file.truncate(MIB)
        async with node(tmp_path, ring=ring) as n:
            for local in (1, 2):
                with pytest.raises(ChecksumMismatch):
                    await n.read_stream(local, 0, 2 * MIB)
            assert len(n.datanode.describe().corrupt_blocks) == 2

    asyncio.run(run())


def test_the_scrubber_finds_what_nobody_reads(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            for local, size in ((1, 4096), (2, 200 * KIB), (3, 2 * MIB)):
                await n.write(local, random.Random(local).randbytes(size))
            await n.flush()
            flip_a_bit(tmp_path / "containers" / "1" / "3.block", 2 * MIB - 1)
            while await n.work.scrubber.scrub_some():
                pass
            assert n.work.scrubber.scrubbed_blocks == 3
            [corrupt] = n.datanode.describe().corrupt_blocks
            assert corrupt.block.local == 3

    asyncio.run(run())


class CountingClock(ManualClock):
    """Whoever sleeps does not wait; how long it would have been is counted."""

    async def sleep_ms(self, duration_ms: float) -> None:
        self.advance(duration_ms)


def test_scrubber_reads_no_more_in_a_second_than_it_may(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(1, bytes(200 * KIB))
            await n.write(2, bytes(3 * MIB))
            await n.flush()
            clock = CountingClock()
            scrubber = Scrubber(n.work.volume, clock, bytes_per_s=1 * MIB, interval_ms=60_000)
            # Its first rest; then all of it.
            assert not await scrubber.work() and clock.monotonic_ms() == 0
            while await scrubber.work():
                pass
            assert scrubber.scrubbed_blocks == 2
            assert clock.monotonic_ms() == pytest.approx(3_000 + 200 / 1_024 * 1_000)

    asyncio.run(run())


def test_bad_bytes_that_the_scrubber_reads_count_as_well(tmp_path: Path) -> None:
    async def run() -> None:
        disk = BadSectors()
        async with node(tmp_path, disk=disk) as n:
            for local in (1, 2):
                await n.write(local, bytes(3 * MIB))
            await n.flush()
            flip_a_bit(tmp_path / "containers" / "1" / "1.block", 1)
            disk.unreadable = ("2.block",)
            clock = CountingClock()
            scrubber = Scrubber(n.work.volume, clock, bytes_per_s=1 * MIB, interval_ms=60_000)
            while await scrubber.scrub_some():
                pass
            assert len(n.datanode.describe().corrupt_blocks) == 2
            assert clock.monotonic_ms() == pytest.approx(2_000)

    asyncio.run(run())


def test_each_block_is_scrubbed_once_in_each_interval_wherever_passes_begin(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            for container in (3, 5, 9, 11):
                await n.write(1, bytes(2 * MIB), container=container)
            await n.flush()
            clock = CountingClock()
            clock.wall = 30_000
            scrubber = Scrubber(n.work.volume, clock, bytes_per_s=1 * MIB, interval_ms=60_000)
            assert not await scrubber.work()
            assert scrubber.interval_ms == 60_000
            for _ in range(2):
                begun_ms = clock.monotonic_ms()
                flip_a_bit(tmp_path / "containers" / "9" / "1.block", 1)
                await scrubber.work()
                assert bool(n.work.volume.corrupt) is (begun_ms == 0)
                n.work.volume.corrupt.clear()
                while await scrubber.work():
                    pass
                clock.advance(scrubber.interval_ms)
                assert clock.monotonic_ms() - begun_ms == pytest.approx(60_000)
            assert scrubber.scrubbed_blocks == 8
            # So much that it cannot be read in an interval.
            scrubber = Scrubber(n.work.volume, clock, bytes_per_s=KIB, interval_ms=60_000)
            assert not await scrubber.work()
            while await scrubber.work():
                pass
            assert scrubber.interval_ms == 1_000

    asyncio.run(run())


def test_scrubber_begins_soon_after_a_start_where_the_clock_says(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            scrubber = Scrubber(n.work.volume, ManualClock(), bytes_per_s=1, interval_ms=7 * DAY_MS)
            assert scrubber.interval_ms == 600_000
            assert not await scrubber.work()
            assert not await scrubber.work() and scrubber.interval_ms == 7 * DAY_MS

    asyncio.run(run())
    places = [place_in_round([3, 5, 9, 11], at * 250 + 2_000, 1_000) for at in range(4)]
    assert [int.from_bytes(place, "big") for place in places] == [3, 5, 9, 11]
    assert place_in_round([], 5, 1_000) == b""


def test_scrubber_goes_on_behind_a_file_that_the_disk_does_not_read(tmp_path: Path) -> None:
    async def run() -> None:
        disk = BadSectors()
        async with node(tmp_path, disk=disk) as n:
            for local in (1, 2, 3):
                await n.write(local, random.Random(local).randbytes(2 * MIB))
            await n.flush()
            disk.unreadable = ("2.block",)
            while await n.work.scrubber.scrub_some():
                pass
            assert n.work.scrubber.scrubbed_blocks == 3
            [corrupt] = n.datanode.describe().corrupt_blocks
            assert corrupt.block.local == 2

    asyncio.run(run())


@pytest.mark.parametrize("size_bytes", [200 * KIB, 2 * MIB])
def test_stream_that_the_disk_does_not_write_is_sent_elsewhere(
    tmp_path: Path, size_bytes: int
) -> None:
    async def run() -> None:
        disk = BadSectors()
        async with node(tmp_path, disk=disk) as n:
            disk.unwritable = (".block", ".data")
            with pytest.raises(Unavailable):
                await n.write(1, bytes(size_bytes))
            disk.unwritable = ()
            await n.write(1, bytes(size_bytes))
            assert await n.read(1, 0, 10) == bytes(10)

    asyncio.run(run())


def test_a_corrupt_block_is_never_moved_by_compaction(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            for local in range(1, 101):
                await n.write(local, random.Random(local).randbytes(3_000))
            await n.flush()
            path = tmp_path / "containers" / "1" / "packed-0.data"
            flip_a_bit(path, 3_000 * 8 + 1)
            await n.delete(*((local, 1) for local in range(1, 101) if local % 3))
            await n.flush()
            while await n.work.compactor.work():
                pass
            [corrupt] = n.datanode.describe().corrupt_blocks
            assert corrupt.block.local == 9
            for local in range(3, 101, 3):
                if local != 9:
                    data = random.Random(local).randbytes(3_000)
                    assert await n.read(local, 0, 3_000) == data

    asyncio.run(run())


@pytest.mark.parametrize("table", ["container", "segment"])
@pytest.mark.parametrize("removed", [False, True])
def test_a_damaged_row_of_a_container_is_counted_again(
    tmp_path: Path, table: str, removed: bool
) -> None:
    async def fill() -> tuple[int, int, int]:
        async with node(tmp_path) as n:
            for local in range(1, 31):
                await n.write(local, random.Random(local).randbytes(3_000))
            await n.write(40, random.Random(40).randbytes(300_000))
            await n.flush()
            container = n.container()
            return container.used_bytes, container.block_count, container.segment(0).live_bytes

    async def check(before: tuple[int, int, int]) -> None:
        async with node(tmp_path) as n:
            container = n.container()
            after = container.used_bytes, container.block_count, container.segment(0).live_bytes
            assert after == before
            # Or the ids of its blocks would be taken for new ones.
            assert container.report("node-1").highest_local == 40
            for local in range(1, 31):
                data = random.Random(local).randbytes(3_000)
                assert await n.read(local, 0, 3_000) == data
            await n.write(50, b"goes on")
            assert await n.read(50, 0, 7) == b"goes on"
            await n.flush()

    before = asyncio.run(fill())
    with closing(LmdbStore(tmp_path / "index", TABLES)) as store:
        damage_first_row(store, table)
        if removed:
            assert len(store.damaged_rows(remove=True)) == 1
    asyncio.run(check(before))


def damage_first_row(store: LmdbStore, table: str) -> None:
    """Other bytes under its seal: what the file would hold with a bit flipped."""
    txn = store.begin()
    rows = next(row for row in txn._rows.values() if row.table.name == table)
    cursor = txn._cursor(rows)
    assert cursor.first()
    key, stored = cursor.item()
    txn._txn.put(key, bytes([stored[0] ^ 1]) + stored[1:], db=rows.database)
    txn.commit()


def test_highest_block_is_found_beside_a_damaged_row(tmp_path: Path) -> None:
    """The search meets the row that comes after a container's last one."""
    with closing(LmdbStore(tmp_path / "index", TABLES)) as store:
        txn = store.begin()
        for container, local in ((2, 1), (2, 9)):
            put_block(txn, block_key(container, local), Block(1, 1, bytes(4), 0, 0))
        txn.commit()
        damage_first_row(store, "block")
        with store.read() as read:
            assert highest_local(read, 1) == 0
            assert highest_local(read, 2) == 9


def test_a_volume_of_an_unknown_format_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        with pytest.raises(UnknownFormat):
            async with node(tmp_path):
                pass

    flipped = sealed({"format": FORMAT_VERSION, "volume_id": "x", "cluster_id": "c"}).decode()
    for version in (
        '{"format": 1, "volume_id": "x", "cluster_id": ""}',
        "nonsense",
        flipped.replace('"c"', '"b"'),
    ):
        (tmp_path / "VERSION").write_text(version)
        asyncio.run(run())
        assert sorted(path.name for path in tmp_path.iterdir()) == ["VERSION"]


@pytest.mark.parametrize("size", [0, 1, 64 * KIB, 64 * KIB + 1, 200_000])
@pytest.mark.parametrize("cut", [1_000, 64 * KIB, 100_001])
def test_running_checksums_are_those_of_the_whole(size: int, cut: int) -> None:
    data = random.Random(1).randbytes(size)
    running = RunningChecksums()
    running.update(data[start : start + cut] for start in range(0, size, cut))
    stored = running.finish()
    assert size == 0 or stored == checksums_of(data)
    if size > 64 * KIB:
        assert first_bad_piece(data, stored) is None
        assert first_bad_piece(data[64 * KIB :], stored, 1) is None
        assert first_bad_piece(data[64 * KIB :] + b"x", stored, 1) == (size - 1) // (64 * KIB)
