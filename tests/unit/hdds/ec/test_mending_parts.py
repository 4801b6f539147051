"""Parts of erasure-coded blocks that have gone bad on one disk, or never came there: computed from
the parts of others, and put in their place."""

import random
from pathlib import Path

import pytest

from tests.unit.hdds.ec.coded import CONTAINER, RING, Coded, with_coded
from tests.unit.hdds.ring.three import Member, until
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import ChecksumMismatch, NoSuchBlock
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.container.blocks import BLOCKS, OWN_FILE, block_key
from trioxygen.proto.v1.datanode_pb2 import PutBlockRequest, RingEntry
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

# One cell, written at once; packed parts; parts in files of their own, the last stripe short.
SIZES = {1: 20 * KIB, 2: 150 * KIB, 3: 7 * MIB + 5}


def data_of(local: int) -> bytes:
    return random.Random(local).randbytes(SIZES[local])


async def written(coded: Coded) -> None:
    for local in SIZES:
        await coded.write(local, data_of(local))
    for member in coded.members:
        await member.work.flusher.flush_all()


def size_of(member: Member, local: int) -> int:
    block = member.block(CONTAINER, local)
    assert block is not None
    return block.size_bytes


def spoil(member: Member, local: int) -> None:
    """Flips a byte of it on the disk."""
    block = member.block(CONTAINER, local)
    assert block is not None
    layout = member.work.volume.layout
    is_own = block.segment == OWN_FILE
    path = layout.block(CONTAINER, local) if is_own else layout.segment(CONTAINER, block.segment)
    with path.open("r+b") as file:
        file.seek(block.offset_bytes + block.size_bytes // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 0xFF]))


def test_bad_part_is_computed_from_the_others(tmp_path: Path) -> None:
    async def scenario(coded: Coded) -> None:
        await written(coded)
        for local, index in ((1, 4), (2, 1), (3, 5)):
            member = coded.members[index - 1]
            size_bytes, before = size_of(member, local), member.counted(CONTAINER)
            part = await member.read(CONTAINER, local, size_bytes)
            spoil(member, local)
            with pytest.raises(ChecksumMismatch):
                await member.read(CONTAINER, local, size_bytes)
            mending = member.work.mending
            await until(lambda mending=mending: mending.mended_blocks == 1)  # type: ignore[misc]
            assert await member.read(CONTAINER, local, size_bytes) == part
            assert member.work.volume.corrupt_blocks() == []
            assert member.counted(CONTAINER) == before
            # As it is found after a restart, too.
            await member.end()
            await member.start()
            assert await member.read(CONTAINER, local, size_bytes) == part

    with_coded(tmp_path, scenario)


def test_part_is_computed_where_other_parts_are_bad_as_well(tmp_path: Path) -> None:
    async def scenario(coded: Coded) -> None:
        await written(coded)
        first, second = coded.members[:2]
        for member in (first, second):
            spoil(member, 3)
        with pytest.raises(ChecksumMismatch):
            await first.read(CONTAINER, 3, size_of(first, 3))
        # The second part is met as it is to be a source; then it is a bad one itself.
        await until(lambda: first.work.mending.mended_blocks == 1)
        await until(lambda: second.work.mending.mended_blocks == 1)

    with_coded(tmp_path, scenario)


def test_part_that_too_few_others_are_left_for_stays_as_it_is(tmp_path: Path) -> None:
    async def scenario(coded: Coded) -> None:
        await written(coded)
        member = coded.members[0]
        coded.missing = {2, 3}
        spoil(member, 3)
        with pytest.raises(ChecksumMismatch):
            await member.read(CONTAINER, 3, size_of(member, 3))
        assert await member.work.mending.work()
        assert len(member.work.volume.corrupt_blocks()) == 1
        # Of the other pieces of the part each can still be had.
        pieces = member.work.reads.stream(CONTAINER, 3, 0, 64 * KIB)
        assert b"".join([bytes(piece) async for piece in pieces]) == data_of(3)[: 64 * KIB]
        coded.missing = {2}
        await until(lambda: member.work.mending.mended_blocks == 1)

    with_coded(tmp_path, scenario)


def test_part_whose_bytes_are_gone_when_the_log_puts_it_is_computed(tmp_path: Path) -> None:
    async def scenario(coded: Coded) -> None:
        await written(coded)
        member = coded.members[1]
        size_bytes = size_of(member, 3)
        part, row = await member.read(CONTAINER, 3, size_bytes), member.block(CONTAINER, 3)
        assert row is not None and row.group is not None
        request = PutBlockRequest(
            block=BlockId(container=CONTAINER, local=3),
            size_bytes=size_bytes,
            checksums=row.checksums,
            pipeline_id=RING,
            replica_index=2,
            group=row.group.message,
        )
        # As after a loss of power that took the file with it.
        await member.ring(RING).delete_blocks(
            DeleteBlocksCommand(blocks=[BlockRange(container=CONTAINER, first_local=3, count=1)])
        )
        await member.work.flusher.flush_all()
        with pytest.raises(NoSuchBlock):
            await member.ring(RING)._propose(RingEntry(put_block=request))
        await until(lambda: member.block(CONTAINER, 3) is not None)
        assert await member.read(CONTAINER, 3, size_bytes) == part
        assert member.work.fetches.fetched_blocks == 1
        assert member.work.volume.corrupt_blocks() == []

    with_coded(tmp_path, scenario)


def test_replica_with_a_damaged_row_is_made_anew_from_other_indexes(tmp_path: Path) -> None:
    async def scenario(coded: Coded) -> None:
        await written(coded)
        member = coded.members[2]
        key = block_key(CONTAINER, 3)
        txn = member.work.volume.store.begin()
        txn.delete(BLOCKS.table, key)
        txn.commit()
        member.work.volume.index.forget(key)
        coded.missing = {1, 2}
        member.work.volume.record_corrupt(key, "its index row is damaged")
        assert await member.work.mending.work()
        assert member.container_state(CONTAINER) is ContainerState.OPEN
        coded.missing = {1}
        await until(lambda: member.container_state(CONTAINER) is ContainerState.UNHEALTHY)

    with_coded(tmp_path, scenario)
