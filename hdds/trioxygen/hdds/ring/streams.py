"""Receiving streamed blocks: into a file of their own, or buffered and then packed.

A received block is sealed (`sealed`): on stable storage, and not readable yet.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch, ContainerNotOpen, InvalidRequest, Overloaded
from trioxygen.common.finishing import Finishing
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.container.block_file import BlockFile
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.open_files import FileId
from trioxygen.hdds.container.packed_segment import RECORD_HEADER_BYTES, record_header
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring.arriving import Arriving, FileWriting
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.sealed import SealedBlock, SealedBlocks

_BUFFERS_MAX: Final = 512


class Streams:
    """The streams of one volume, and what they have sealed.

    Args:
        find: a block that is readable already, by its key.
        ended: is told when a container has one stream less.
        sealed: called with the key of what has been sealed.
    """

    def __init__(
        self,
        volume: Volume,
        config: DataNodeConfig,
        clock: Clock,
        *,
        find: Callable[[bytes], Block | None],
        ended: Callable[[Container], None],
        sealed: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._volume, self._config = volume, config
        self._find, self._ended, self._has_sealed = find, ended, sealed
        self.sealed = SealedBlocks(
            volume, clock, expiry_ms=config.sealed_expiry_ms, find=find, ended=ended
        )
        self._finishing = Finishing()
        self._number = 0
        self._open = 0
        # By key, how many streams of a block are open.
        self._arriving: Counter[bytes] = Counter()
        # Received, and not written.
        self._gathered_bytes = 0
        self.written_bytes = 0
        self.syncs = 0

    async def receive(
        self, container: Container, local: int, size_bytes_max: int, pieces: AsyncIterator[Buffer]
    ) -> tuple[int, bytes]:
        """(size in bytes, checksums), once all is on stable storage.

        A block that is sent again is only compared. A failed one leaves nothing behind.
        Raises: InvalidRequest, BlockExists, ContainerNotOpen, NoSpace, Overloaded; Unavailable: the
            disk fails.
        """
        if not 0 < size_bytes_max <= self._config.block_bytes_max:
            raise InvalidRequest("the announced size of a block", size_bytes=size_bytes_max)
        if container.state is not ContainerState.OPEN:
            raise ContainerNotOpen(container=container.container_id)
        if self._open >= self._config.streams_max:
            raise Overloaded("too many streams")
        # What cannot fit is refused before it comes; but only what has come is reserved.
        self._volume.room.check(size_bytes_max)
        self._open += 1
        container.stream_began()
        arriving = Arriving(container, size_bytes_max, pieces)
        key = block_key(container.container_id, local)
        self._arriving[key] += 1
        try:
            if size_bytes_max > self._config.packed_block_bytes_max:
                return await self._receive_file(container, local, arriving, [])
            return await self._receive_packed(container, local, arriving)
        finally:
            self._open -= 1
            self._arriving[key] -= 1
            if not self._arriving[key]:
                del self._arriving[key]
            arriving.end()
            self._ended(container)

    def is_arriving(self, key: bytes) -> bool:
        """Whether a stream of the block is open."""
        return key in self._arriving

    async def fetch(
        self, container: Container, local: int, wanted: Block, pieces: AsyncIterator[Buffer]
    ) -> None:
        """A block that the log has put, from another member: into a file of its own, whatever its
        size, since there are few of them. It is sealed then.

        Raises: ChecksumMismatch: other bytes came; Overloaded, NoSpace, and what `pieces` raise."""
        key = block_key(container.container_id, local)
        await self.sealed.settled(key)
        # A stream of it that ended early: less than what was put.
        await self.sealed.drop(key)
        self._volume.room.check(wanted.size_bytes)
        container.stream_began()
        arriving = Arriving(container, wanted.size_bytes, pieces)
        try:
            await self._receive_file(container, local, arriving, [], wanted=wanted)
        finally:
            arriving.end()
            self._ended(container)

    async def _receive_file(
        self,
        container: Container,
        local: int,
        arriving: Arriving,
        buffers: list[Buffer],
        *,
        wanted: Block | None = None,
    ) -> tuple[int, bytes]:
        """Args: wanted: other bytes are refused."""
        self._number += 1
        key = block_key(container.container_id, local)
        layout = self._volume.layout
        file = BlockFile(
            self._volume.disk,
            beside=layout.receiving(container.container_id, local, self._number),
            target=layout.block(container.container_id, local),
        )
        writing = FileWriting(self._volume, file)
        try:
            await writing.run(file.create)
            await self._write(writing, arriving, buffers)
            checksums = file.checksums()
            if wanted is not None and not wanted.is_same_content(file.size_bytes, checksums):
                raise ChecksumMismatch(
                    "another member sent other bytes",
                    container=container.container_id,
                    local=local,
                )
            is_known = self.sealed.is_known(key, file.size_bytes, checksums)
        except BaseException:
            # Not in this task: it may be cancelled again while a thread still writes.
            await self._finishing.run(writing.abandon())
            raise
        if is_known:
            await self._finishing.run(writing.abandon())
            return file.size_bytes, checksums
        sealed = SealedBlock(container, file.size_bytes, checksums, OWN_FILE, 0, None, 0)
        self.sealed.begin(key)
        await self._finishing.run(self._seal(key, sealed, writing))
        return file.size_bytes, checksums

    async def _seal(self, key: bytes, sealed: SealedBlock, writing: FileWriting) -> None:
        """Until it is known, or gone again, its file is nobody else's."""
        try:
            try:
                await writing.run(writing.file.seal)
            except BaseException:
                await writing.abandon()
                raise
            self.syncs += 1
            self._sealed(key, sealed)
        finally:
            self.sealed.end(key)

    async def _write(self, writing: FileWriting, arriving: Arriving, buffers: list[Buffer]) -> None:
        """Args: buffers: what has arrived already; they are taken out of the list, which its owner
        keeps until the stream ends."""
        buffers, pieces = list(buffers), buffers
        pieces.clear()
        gathered_bytes = arriving.size_bytes
        self._gathered_bytes += gathered_bytes
        try:
            async for piece in arriving.pieces:
                arriving.count(piece)
                buffers.append(piece)
                gathered_bytes += len(piece)
                self._gathered_bytes += len(piece)
                del piece  # not kept while the next one comes, which may take long
                if (
                    gathered_bytes >= self._config.write_piece_bytes
                    or len(buffers) >= _BUFFERS_MAX
                    or self._gathered_bytes > self._config.stream_buffer_bytes_max
                ):
                    # At most one write is under way while the next piece is gathered.
                    await writing.ended()
                    self._begin_write(writing, buffers, gathered_bytes)
                    buffers, gathered_bytes = [], 0
                    if self._gathered_bytes > self._config.stream_buffer_bytes_max:
                        # None at all where memory is short: the sender waits for the disk.
                        await writing.ended()
            arriving.check_whole()
            await writing.ended()
            if buffers:
                self._begin_write(writing, buffers, gathered_bytes)
                gathered_bytes = 0
                await writing.ended()
        finally:
            self._gathered_bytes -= gathered_bytes

    def _begin_write(self, writing: FileWriting, buffers: list[Buffer], size_bytes: int) -> None:
        job = writing.begin_write(buffers, size_bytes)
        # Queued for a thread they are in memory as well.
        job.add_done_callback(lambda _: self._written(size_bytes))

    def _written(self, size_bytes: int) -> None:
        self._gathered_bytes -= size_bytes

    async def _receive_packed(
        self, container: Container, local: int, arriving: Arriving
    ) -> tuple[int, bytes]:
        buffers: list[Buffer] = []
        is_crowded = False
        try:
            async for piece in arriving.pieces:
                self._gathered_bytes += len(piece)
                arriving.count(piece)
                buffers.append(piece)
                del piece  # not kept while the next one comes, which may take long
                if len(buffers) >= _BUFFERS_MAX:
                    buffers = [b"".join(buffers)]
                is_crowded = self._gathered_bytes > self._config.stream_buffer_bytes_max
                if is_crowded and not arriving.is_whole:
                    break
        finally:
            self._gathered_bytes -= arriving.size_bytes
        if is_crowded and not arriving.is_whole:
            # Nobody knows how long the rest takes: it does not wait where memory is short.
            return await self._receive_file(container, local, arriving, buffers)
        arriving.check_whole()
        size_bytes = arriving.size_bytes
        key = block_key(container.container_id, local)
        # The same block by another stream: what that seals is compared.
        await self.sealed.settled(key)
        if self.sealed.get(key) is not None or self._find(key) is not None:
            checksums = checksums_of(b"".join(buffers))
            if self.sealed.is_known(key, size_bytes, checksums):
                return size_bytes, checksums
        self.sealed.begin(key)
        checksums = await self._finishing.run(
            self._pack(key, container, local, buffers, size_bytes)
        )
        return size_bytes, checksums

    async def _pack(
        self, key: bytes, container: Container, local: int, buffers: list[Buffer], size_bytes: int
    ) -> bytes:
        try:
            sealed = await self._append(container, local, buffers, size_bytes)
            self._sealed(key, sealed)
        finally:
            self.sealed.end(key)
        return sealed.checksums

    async def _append(
        self, container: Container, local: int, buffers: list[Buffer], size_bytes: int
    ) -> SealedBlock:
        record_bytes = RECORD_HEADER_BYTES + size_bytes
        self._volume.room.take(record_bytes)
        record = container.reserve_record(
            record_bytes, segment_bytes_max=self._volume.limits.segment_bytes_max
        )
        try:
            file_id = FileId(container.container_id, record.segment, 0)
            file = await self._volume.files.acquire(file_id, create=True)
            try:
                checksums = await self._volume.appender.append(
                    file.file,
                    record_header(container.container_id, local, size_bytes),
                    buffers,
                    record.offset_bytes,
                )
            finally:
                self._volume.files.release(file)
        except BaseException as error:
            container.release_record(record)
            container.give_back(record, record_bytes)
            if isinstance(error, OSError):
                raise self._volume.unwritable(error) from error
            raise
        finally:
            self._volume.room.give_back(record_bytes)
        return SealedBlock(
            container=container,
            size_bytes=size_bytes,
            checksums=checksums,
            segment=record.segment,
            offset_bytes=record.offset_bytes + RECORD_HEADER_BYTES,
            record=record,
            expires_ms=0,
        )

    def _sealed(self, key: bytes, sealed: SealedBlock) -> None:
        self.written_bytes += sealed.size_bytes
        self.sealed.add(key, sealed)
        self._has_sealed(key)

    async def finished(self) -> None:
        """What cancelled streams left to do is done."""
        await self._finishing.ended()
