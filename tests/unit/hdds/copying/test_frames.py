"""Frames of a replica on its way, in pieces of any size."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from trioxygen.common.errors import DeadlineExceeded, InvalidRequest
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.container.blocks import Block
from trioxygen.hdds.copying.frames import FrameReader, block_frame, block_of, end_frame
from trioxygen.hdds.ring.pending import DeletedRange
from trioxygen.proto.v1.datanode_pb2 import ImportedBlock

DATA = bytes(range(256)) * 300
BLOCK = Block(len(DATA), 17, checksums_of(DATA), 3, 4_096, BlockGroup(5, 900_000))
STREAM = block_frame(9, BLOCK) + DATA + end_frame([DeletedRange(5, 2, 3)])


async def pieces(stream: bytes, size_bytes: int) -> AsyncIterator[bytes]:
    for at in range(0, len(stream), size_bytes):
        yield stream[at : at + size_bytes]


@pytest.mark.parametrize("size_bytes", [1, 7, 4_096, 1 << 20])
def test_frames_are_read_out_of_pieces_of_any_size(size_bytes: int) -> None:
    async def run() -> None:
        reader = FrameReader(pieces(STREAM, size_bytes), stall_ms=60_000)
        frame = await reader.next()
        assert frame.block.local == 9
        # Where it lay says nothing of where it will lie.
        assert block_of(frame.block) == BLOCK._replace(segment=0, offset_bytes=0)
        assert await reader.read(BLOCK.size_bytes) == DATA
        [deleted] = (await reader.next()).end.deleted
        assert (deleted.container, deleted.first_local, deleted.count) == (5, 2, 3)

    asyncio.run(run())


@pytest.mark.parametrize("stream", [b"", STREAM[:3], STREAM[:20], b"\xff" * 40, b"\0\0\0\4" * 9])
def test_stream_that_is_none_of_frames_is_refused(stream: bytes) -> None:
    async def run() -> None:
        with pytest.raises(InvalidRequest):
            await FrameReader(pieces(stream, 5), stall_ms=60_000).next()

    asyncio.run(run())


def test_block_without_a_checksum_for_each_of_its_pieces_is_refused() -> None:
    for size_bytes, checksums in ((0, b""), (1, b"123"), (70_000, b"1234"), (5, b"12345678")):
        with pytest.raises(InvalidRequest):
            block_of(ImportedBlock(local=1, size_bytes=size_bytes, checksums=checksums))


def test_stream_that_stands_still_is_given_up() -> None:
    async def still() -> AsyncIterator[bytes]:
        yield STREAM[:10]
        await asyncio.Event().wait()

    async def run() -> None:
        with pytest.raises(DeadlineExceeded):
            await FrameReader(still(), stall_ms=20).next()

    asyncio.run(run())
