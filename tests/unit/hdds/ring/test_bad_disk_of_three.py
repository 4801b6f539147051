"""Of three members one has a disk that gives errors: clients are served by the others, and the disk
is looked at."""

import errno
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.unit.hdds.bad_sectors import BadSectors
from tests.unit.hdds.ring.three import RINGS, Member, Three, pipeline, until, with_three
from trioxygen.common.errors import ChecksumMismatch, Unavailable
from trioxygen.common.units import DAY_MS, KIB, MIB
from trioxygen.hdds.container.blocks import block_key
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

RING = RINGS[0]
SMALL, PACKED, LARGE = 1, 2, 3
CONTENTS = {
    SMALL: random.Random(1).randbytes(4 * KIB),
    PACKED: random.Random(2).randbytes(200 * KIB),
    LARGE: random.Random(3).randbytes(3 * MIB),
}
BLOCKS_FILES = (".data", ".block")


def with_bad_sectors(root: Path, scenario: Callable[[Three], Awaitable[None]]) -> None:
    with_three(root, scenario, new_disk=BadSectors, disk_probe_ms=DAY_MS)


def disk_of(member: Member) -> BadSectors:
    assert isinstance(member.disk, BadSectors)
    return member.disk


async def written(three: Three) -> None:
    for local, data in CONTENTS.items():
        block = BlockId(container=RING, local=local)
        if local == SMALL:
            await three.writer.write_small(block, pipeline(RING), data)
            continue
        stream = await three.writer.open(block, pipeline(RING), len(data))
        await stream.send(data)
        await stream.finish()
    await three.agreed(RING)
    for member in three.members:
        await until(lambda member=member: not member.work.blocks.missing.is_any.is_set())  # type: ignore[misc]
        await member.work.flusher.flush_all()


async def read_by_client(three: Three, local: int) -> bytes:
    size_bytes = len(CONTENTS[local])
    wanted = BlockSlice(container=RING, local=local, offset_bytes=0, length_bytes=size_bytes)
    if size_bytes <= MIB:
        return bytes(await three.reader.read_small(wanted))
    return b"".join([bytes(piece) async for piece in three.reader.stream(wanted)])


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
def test_client_reads_from_the_others_what_one_disk_does_not_read(
    tmp_path: Path, code: int
) -> None:
    async def scenario(three: Three) -> None:
        await written(three)
        # Whichever is asked first: each of them is the bad one once.
        for member in three.members:
            disk = disk_of(member)
            disk.code, disk.unreadable = code, BLOCKS_FILES
            for local, data in CONTENTS.items():
                assert await read_by_client(three, local) == data
            disk.unreadable = ()
        assert sum(disk_of(member).met for member in three.members) > 0

    with_bad_sectors(tmp_path, scenario)


def test_file_that_is_not_read_is_a_corrupt_block_and_its_disk_is_tried_at_once(
    tmp_path: Path,
) -> None:
    async def scenario(three: Three) -> None:
        await written(three)
        member = three.members[1]
        disk = disk_of(member)
        disk.unreadable = (".block",)
        probes = disk.probes
        with pytest.raises(ChecksumMismatch):
            await member.read(RING, LARGE, len(CONTENTS[LARGE]))
        assert list(member.work.volume.corrupt) == [block_key(RING, LARGE)]
        assert await member.read(RING, PACKED, len(CONTENTS[PACKED])) == CONTENTS[PACKED]
        await until(lambda: disk.probes > probes)

    with_bad_sectors(tmp_path, scenario)


def test_file_that_is_not_read_is_made_anew_from_another_replica(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        await written(three)
        member = three.members[1]
        disk_of(member).unreadable = (".data",)
        with pytest.raises(ChecksumMismatch):
            await member.read(RING, PACKED, len(CONTENTS[PACKED]))
        told = member.work.volume.unreported()
        await until(lambda: not member.work.volume.corrupt)
        # It lies elsewhere on the disk now, and the SCM hears of it.
        assert await member.read(RING, PACKED, len(CONTENTS[PACKED])) == CONTENTS[PACKED]
        mended = member.work.volume.mended_blocks(told.corrupt)
        assert mended == [BlockId(container=RING, local=PACKED)]

    with_bad_sectors(tmp_path, scenario)


def test_disk_that_reads_nothing_makes_no_block_corrupt(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        await written(three)
        member = three.members[1]
        disk = disk_of(member)
        disk.code, disk.unreadable = errno.ESTALE, BLOCKS_FILES
        probes = disk.probes
        for local, data in CONTENTS.items():
            with pytest.raises(Unavailable):
                await member.read(RING, local, len(data))
        assert not member.work.volume.corrupt
        await until(lambda: disk.probes > probes)

    with_bad_sectors(tmp_path, scenario)


def test_folder_that_has_gone_makes_no_block_corrupt(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        await written(three)
        member = three.members[1]
        folder = member.work.volume.layout.containers
        member.work.volume.files.drop_container(RING)
        folder.rename(tmp_path / "away")
        with pytest.raises(Unavailable):
            await member.read(RING, LARGE, len(CONTENTS[LARGE]))
        assert not member.work.volume.corrupt
        (tmp_path / "away").rename(folder)
        assert await member.read(RING, LARGE, len(CONTENTS[LARGE])) == CONTENTS[LARGE]

    with_bad_sectors(tmp_path, scenario)


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS])
def test_stream_goes_on_without_the_member_whose_disk_does_not_write(
    tmp_path: Path, code: int
) -> None:
    async def scenario(three: Three) -> None:
        member = three.members[1]
        disk = disk_of(member)
        disk.code, disk.unwritable = code, (".block",)
        probes, data = disk.probes, CONTENTS[LARGE]
        block = BlockId(container=RING, local=LARGE)
        stream = await three.writer.open(block, pipeline(RING), len(data))
        await stream.send(data)
        assert await stream.finish() == len(data)
        assert [each.node_id for each in stream.left] == [member.name]
        assert three.pool.unwritable.is_away(member.name)
        assert await read_by_client(three, LARGE) == data
        await until(lambda: disk.probes > probes)
        disk.unwritable = ()
        # Its ring brings it what it lacks.
        await until(lambda: member.block(RING, LARGE) is not None)
        assert await member.read(RING, LARGE, len(data)) == data

    with_bad_sectors(tmp_path, scenario)
