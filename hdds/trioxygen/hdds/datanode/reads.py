"""Reading blocks: every byte that leaves has been checked against the checksum of its 64 KiB, and
the block against the tag that the reader's reference carries (`checksums.tag_of`).

A block may move (compaction) or go while it is being read: what does not match is looked up again,
and only what is still said to lie there is corrupt.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from trioxygen.common import logs
from trioxygen.common.disk import Buffer, File
from trioxygen.common.errors import (
    ChecksumMismatch,
    InvalidRequest,
    NoSuchBlock,
    NoSuchContainer,
    NotLeader,
    WrongBlock,
)
from trioxygen.hdds.checksums import PIECE_BYTES, first_bad_piece
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_key, block_of_key, tag_of_block
from trioxygen.hdds.container.open_files import FileId
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.pending import PendingBlock
from trioxygen.hdds.ring.volume_blocks import VolumeBlocks

log = logs.get(__name__)

_TRIES: Final = 4


class Reads:
    """Of one volume. Only for the event loop."""

    def __init__(self, blocks: VolumeBlocks, config: DataNodeConfig) -> None:
        self._blocks, self._volume, self._config = blocks, blocks.volume, config
        self.read_bytes = 0

    async def read(
        self,
        container: int,
        local: int,
        offset_bytes: int,
        length_bytes: int,
        *,
        tag: int | None = None,
    ) -> Buffer:
        """A range of a block, at once.

        Args:
            tag: of the block that is meant; None: not known.
        Raises: NoSuchContainer, NoSuchBlock, InvalidRequest, ChecksumMismatch, WrongBlock,
            DamagedRow; Unavailable: the disk fails.
        """
        key = block_key(container, local)
        place = self._find(key, container, local, offset_bytes, length_bytes, tag)
        self.read_bytes += length_bytes
        if isinstance(place, PendingBlock):
            data = place.data
            if data is not None:
                if first_bad_piece(data, place.block.checksums) is not None:
                    raise self._mismatch(key, container, local, "in memory")
                if length_bytes == len(data):
                    return data
                return memoryview(data)[offset_bytes : offset_bytes + length_bytes]
            block = place.block
        else:
            block = place
        # Inline, when the page cache has it: the way of nearly every small read.
        segment = block.segment
        file = self._volume.files.peek(
            FileId(container, segment, 0 if segment != OWN_FILE else local)
        )
        if file is not None and length_bytes <= self._config.read_inline_bytes_max:
            first, start, size_bytes = _whole_pieces(block, offset_bytes, length_bytes)
            data = _read_nowait(file.file, size_bytes, block.offset_bytes + start)
            if data is not None and first_bad_piece(data, block.checksums, first) is None:
                if length_bytes == size_bytes:
                    return data
                at = offset_bytes - start
                return memoryview(data)[at : at + length_bytes]
        return await self._read_waiting(key, block, offset_bytes, length_bytes)

    async def stream(
        self,
        container: int,
        local: int,
        offset_bytes: int,
        length_bytes: int,
        *,
        tag: int | None = None,
        piece_bytes_max: int = 0,
    ) -> AsyncGenerator[Buffer, None]:
        """Pieces of a range; the next one is read while one is being sent.

        Args: piece_bytes_max: of what the reader takes at once; 0: it does not say.
        Raises: as `read`, possibly after some pieces.
        """
        key = block_key(container, local)
        place = self._find(key, container, local, offset_bytes, length_bytes, tag)
        block = place.block if isinstance(place, PendingBlock) else place
        if isinstance(place, PendingBlock) and place.data is not None:
            yield await self.read(container, local, offset_bytes, length_bytes)
            return
        end_bytes = offset_bytes + length_bytes
        piece_bytes = self._config.read_piece_bytes
        if piece_bytes_max:
            piece_bytes = min(piece_bytes, max(PIECE_BYTES, piece_bytes_max))
        ahead: asyncio.Task[Buffer] | None = None
        loop = asyncio.get_running_loop()
        at = offset_bytes
        try:
            while at < end_bytes:
                reading = ahead
                # Pieces end where the checksums' pieces end, so that none is read twice.
                upto = min(end_bytes, at - at % PIECE_BYTES + piece_bytes)
                if reading is None:
                    reading = loop.create_task(self._read_waiting(key, block, at, upto - at))
                at = upto
                if at < end_bytes:
                    upto = min(end_bytes, at + piece_bytes)
                    ahead = loop.create_task(self._read_waiting(key, block, at, upto - at))
                else:
                    ahead = None
                data = await reading
                self.read_bytes += len(data)
                yield data
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    def _find(
        self,
        key: bytes,
        container: int,
        local: int,
        offset_bytes: int,
        length_bytes: int,
        tag: int | None,
    ) -> PendingBlock | Block:
        stored = self._blocks.find(key)
        if stored is None:
            if self._blocks.is_catching_up():
                raise NotLeader("a ring has not caught up here yet", container=container)
            if container not in self._volume.containers:
                raise NoSuchContainer(container=container)
            raise NoSuchBlock(container=container, local=local)
        block = stored.block if isinstance(stored, PendingBlock) else stored
        # First: with another block's id a range says nothing.
        if tag is not None and tag != tag_of_block(container, local, block):
            log.error("wrong_block_asked_for", container=container, local=local)
            raise WrongBlock(container=container, local=local)
        if length_bytes <= 0 or offset_bytes + length_bytes > block.size_bytes:
            raise InvalidRequest(
                "a range outside of the block",
                container=container,
                local=local,
                offset_bytes=offset_bytes,
                length_bytes=length_bytes,
                size_bytes=block.size_bytes,
            )
        return stored

    async def _read_waiting(
        self, key: bytes, block: Block, offset_bytes: int, length_bytes: int
    ) -> Buffer:
        """On the blocking pool; follows the block when it moves."""
        container, local = block_of_key(key)
        for _ in range(_TRIES):
            reason = await self._try(container, local, block, offset_bytes, length_bytes)
            if not isinstance(reason, str):
                return reason
            stored = self._blocks.find(key)
            if stored is None:
                raise NoSuchBlock(container=container, local=local)
            if isinstance(stored, PendingBlock):
                if stored.data is not None:
                    if first_bad_piece(stored.data, stored.block.checksums) is not None:
                        raise self._mismatch(key, container, local, "in memory")
                    return memoryview(stored.data)[offset_bytes : offset_bytes + length_bytes]
                stored = stored.block
            if stored == block:
                raise self._mismatch(key, container, local, reason)
            block = stored
        raise self._mismatch(key, container, local, "moved too often")

    async def _try(
        self, container: int, local: int, block: Block, offset_bytes: int, length_bytes: int
    ) -> Buffer | str:
        """The bytes, or what is wrong with them. Raises: Unavailable: with the whole disk."""
        segment = block.segment
        file_id = FileId(container, segment, 0 if segment != OWN_FILE else local)
        volume = self._volume
        first, start, size_bytes = _whole_pieces(block, offset_bytes, length_bytes)
        try:
            file = await volume.files.acquire(file_id)
            job = volume.blocking.run(_read_checked, file.file, block, first, start, size_bytes)
            data = await volume.use(file, job)
        except OSError as error:
            return await volume.unreadable(error)
        if isinstance(data, str) or length_bytes == size_bytes:
            return data
        at = offset_bytes - start
        return memoryview(data)[at : at + length_bytes]

    def _mismatch(self, key: bytes, container: int, local: int, reason: str) -> ChecksumMismatch:
        self._volume.record_corrupt(key, reason)
        return ChecksumMismatch(reason, container=container, local=local)


def _whole_pieces(block: Block, offset_bytes: int, length_bytes: int) -> tuple[int, int, int]:
    """(number of the first 64 KiB piece, where it starts in the block, bytes to read)."""
    first = offset_bytes // PIECE_BYTES
    start = first * PIECE_BYTES
    end = offset_bytes + length_bytes
    end = min(block.size_bytes, end + -end % PIECE_BYTES)
    return first, start, end - start


def _read_nowait(file: File, size_bytes: int, offset_bytes: int) -> bytes | None:
    """None: who waits for the disk learns what it says."""
    try:
        return file.pread_nowait(size_bytes, offset_bytes)
    except OSError:
        return None


def _read_checked(file: File, block: Block, first: int, start: int, size_bytes: int) -> bytes | str:
    data = file.pread(size_bytes, block.offset_bytes + start)
    if len(data) != size_bytes:
        return "the file ends early"
    bad = first_bad_piece(data, block.checksums, first)
    return data if bad is None else f"the checksum differs at byte {bad * PIECE_BYTES}"
