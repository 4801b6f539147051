"""Blocks whose bytes have gone bad on one disk: replaced from another replica, never served."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.hdds.bad_sectors import BadSectors
from tests.unit.hdds.ring.three import Member, Three, pipeline, until, with_three
from trioxygen.common.errors import ChecksumMismatch
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.container.blocks import OWN_FILE
from trioxygen.proto.v1.types_pb2 import BlockId

RING = 40
SIZES = {9: 20 * KIB, 10: 300 * KIB, 11: 3 * MIB}


def content(local: int) -> bytes:
    return bytes([local, 7, 1, 5]) * (SIZES[local] // 4)


async def written(three: Three) -> Member:
    """A block of each kind: from the log, packed, and in a file of its own. A member with them."""
    small = BlockId(container=RING, local=9)
    await three.writer.write_small(small, pipeline(RING), content(9))
    for local in (10, 11):
        block = BlockId(container=RING, local=local)
        stream = await three.writer.open(block, pipeline(RING), SIZES[local])
        await stream.send(content(local))
        await stream.finish()
    await three.agreed(RING)
    for member in three.members:
        await until(lambda member=member: all(member.block(RING, at) for at in SIZES))  # type: ignore[misc]
        await member.work.flusher.flush_all()
    return three.members[1]


def spoil(member: Member, local: int) -> None:
    """Flips a byte of it on the disk."""
    block = member.block(RING, local)
    assert block is not None
    layout = member.work.volume.layout
    own = block.segment == OWN_FILE
    path = layout.block(RING, local) if own else layout.segment(RING, block.segment)
    with path.open("r+b") as file:
        file.seek(block.offset_bytes + SIZES[local] // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 0xFF]))


@pytest.mark.parametrize("local", SIZES, ids=["from the log", "packed", "of its own file"])
def test_bad_bytes_are_replaced_by_those_of_another_replica(tmp_path: Path, local: int) -> None:
    async def scenario(three: Three) -> None:
        member = await written(three)
        before = member.counted(RING)
        spoil(member, local)
        with pytest.raises(ChecksumMismatch):
            await member.read(RING, local, SIZES[local])
        await until(lambda: member.work.mending.mended_blocks == 1)
        assert await member.read(RING, local, SIZES[local]) == content(local)
        assert member.work.volume.corrupt_blocks() == []
        assert member.counted(RING) == before
        volume = {"volume": member.work.volume.volume_id}
        metric = "trioxygen_datanode_mended_blocks_total"
        assert member.runtime.registry.get_sample_value(metric, volume) == 1
        # As it is found after a restart, too.
        await member.end()
        await member.start()
        await until(lambda: member.block(RING, local) is not None)
        assert await member.read(RING, local, SIZES[local]) == content(local)

    with_three(tmp_path, scenario)


def test_bad_bytes_that_nobody_else_has_stay_where_they_are(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        member = await written(three)
        others = [each for each in three.members if each is not member]
        for other in others:
            await other.end()
        spoil(member, 11)
        with pytest.raises(ChecksumMismatch):
            await member.read(RING, 11, SIZES[11])
        assert await member.work.mending.work()
        # Of the other pieces of the block each can still be had.
        pieces = member.work.reads.stream(RING, 11, 0, 64 * KIB)
        first = b"".join([bytes(piece) async for piece in pieces])
        assert first == content(11)[: 64 * KIB]
        assert len(member.work.volume.corrupt_blocks()) == 1
        for other in others:
            await other.start()
        await until(lambda: member.work.mending.mended_blocks == 1)
        assert await member.read(RING, 11, SIZES[11]) == content(11)

    with_three(tmp_path, scenario)


def test_stop_does_not_wait_for_bytes_that_do_not_come(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        member = await written(three)
        for other in three.members:
            if other is not member:
                three.frozen.freeze(other.name)
        spoil(member, 11)
        with pytest.raises(ChecksumMismatch):
            await member.read(RING, 11, SIZES[11])
        received = member.work.volume.layout.receiving(RING, 11, 0)
        await until(received.exists)
        async with asyncio.timeout(30):
            await member.end()
        assert not received.exists()
        three.frozen.thaw_all()

    with_three(tmp_path, scenario)


def test_bad_bytes_stay_until_those_in_their_place_are_on_stable_storage(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        member = await written(three)
        disk = member.disk
        assert isinstance(disk, BadSectors)
        received = member.work.volume.layout.receiving(RING, 11, 0)
        disk.unsynced = (received.name,)
        spoil(member, 11)
        with pytest.raises(ChecksumMismatch):
            await member.read(RING, 11, SIZES[11])
        await until(lambda: disk.met > 0)
        await until(lambda: not received.exists())
        pieces = member.work.reads.stream(RING, 11, 0, 64 * KIB)
        assert b"".join([bytes(piece) async for piece in pieces]) == content(11)[: 64 * KIB]
        disk.unsynced = ()
        await until(lambda: member.work.mending.mended_blocks == 1)
        assert await member.read(RING, 11, SIZES[11]) == content(11)

    with_three(tmp_path, scenario, new_disk=BadSectors)
