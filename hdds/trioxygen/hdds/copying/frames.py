"""What a replica looks like on its way to another node: frames, one after the other, in pieces of
any size. A block's frame is followed by its bytes; the end is said, since a stream may break.

    size of the frame (4 bytes, big endian) | ImportFrame | bytes of the block
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from typing import Final

from google.protobuf.message import DecodeError

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, InvalidRequest
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.units import MIB, SECOND_MS
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import PIECE_BYTES
from trioxygen.hdds.container.blocks import Block
from trioxygen.hdds.ring.pending import DeletedRange
from trioxygen.proto.v1.datanode_pb2 import ImportedBlock, ImportEnd, ImportFrame
from trioxygen.proto.v1.types_pb2 import BlockRange

_SIZE: Final = struct.Struct(">I")
# Of the frame of a block of 16 GiB, or of all deletions that a copy may have met.
_FRAME_BYTES_MAX: Final = 8 * MIB


def block_frame(local: int, block: Block) -> bytes:
    """Its bytes follow."""
    imported = ImportedBlock(
        local=local,
        size_bytes=block.size_bytes,
        commit_sequence=block.commit_sequence,
        checksums=block.checksums,
    )
    if block.group is not None:
        imported.group.CopyFrom(block.group.message)
    return _framed(ImportFrame(block=imported))


def checksums_frame(checksums: bytes) -> bytes:
    """Of the block that was just sent, whose own frame could not say them yet."""
    return _framed(ImportFrame(checksums=checksums))


def end_frame(deleted: Sequence[DeletedRange]) -> bytes:
    """Args: deleted: since the copy began."""
    ranges = [
        BlockRange(container=each.container, first_local=each.first_local, count=each.count)
        for each in deleted
    ]
    return _framed(ImportFrame(end=ImportEnd(deleted=ranges)))


def _framed(frame: ImportFrame) -> bytes:
    data = frame.SerializeToString()
    assert len(data) <= _FRAME_BYTES_MAX, len(data)
    return _SIZE.pack(len(data)) + data


def block_of(imported: ImportedBlock) -> Block:
    """Where it will lie is not known yet; without checksums, those follow it.

    Raises: InvalidRequest: it cannot be one."""
    pieces = -(-imported.size_bytes // PIECE_BYTES)
    if not pieces or len(imported.checksums) not in (0, 4 * pieces):
        raise InvalidRequest("a block without its checksums", local=imported.local)
    group = BlockGroup.of_message(imported.group) if imported.HasField("group") else None
    return Block(imported.size_bytes, imported.commit_sequence, imported.checksums, 0, 0, group)


class FrameReader:
    """Keeps no more of the stream than the piece at hand, and what a frame or a small block needs.

    Args: stall_ms: nothing comes for so long.
    Raises: InvalidRequest: the stream is none of frames, or ends early; DeadlineExceeded: it stands
        still."""

    def __init__(self, pieces: AsyncIterator[Buffer], *, stall_ms: float) -> None:
        self._pieces, self._stall_ms = pieces, stall_ms
        self._rest = memoryview(b"")

    async def next(self) -> ImportFrame:
        [size_bytes] = _SIZE.unpack(await self.read(_SIZE.size))
        if size_bytes > _FRAME_BYTES_MAX:
            raise InvalidRequest("too large for a frame", size_bytes=size_bytes)
        try:
            frame = ImportFrame.FromString(await self.read(size_bytes))
        except DecodeError as error:
            raise InvalidRequest("not a frame") from error
        RULES.check(frame, "DataNode/ImportContainer")
        return frame

    async def read(self, size_bytes: int) -> bytes:
        """All of them at once."""
        return b"".join([piece async for piece in self.pieces(size_bytes)])

    async def pieces(self, size_bytes: int) -> AsyncIterator[memoryview]:
        """The next bytes, as they come."""
        left = size_bytes
        while left:
            if not len(self._rest):
                self._rest = memoryview(await self._piece())
            piece, self._rest = self._rest[:left], self._rest[left:]
            left -= len(piece)
            yield piece

    async def _piece(self) -> Buffer:
        try:
            async with asyncio.timeout(self._stall_ms / SECOND_MS):
                async for piece in self._pieces:
                    return piece
        except TimeoutError as error:
            raise DeadlineExceeded("the source of a copy sends nothing") from error
        raise InvalidRequest("the stream of a replica ended early")
