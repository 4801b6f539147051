"""Receiving streamed blocks: into a file of their own, or buffered and then packed.

A received block is sealed: on stable storage, but readable only once a PutBlock has gone through
the ring's log. What no PutBlock follows is dropped.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from trioxygen.common.clock import Clock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import BlockExists, ContainerNotOpen, InvalidRequest, Overloaded
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.container.block_file import BlockFile
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_key, block_of_key
from trioxygen.hdds.container.container import Container, Place
from trioxygen.hdds.container.open_files import FileId
from trioxygen.hdds.container.packed_segment import RECORD_HEADER_BYTES, record_header
from trioxygen.hdds.container.state import ContainerState
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.datanode.config import DataNodeConfig
from trioxygen.hdds.datanode.pending import DeletedRange

T = TypeVar("T")

_BUFFERS_MAX: Final = 512


@dataclass(slots=True)
class SealedBlock:
    """Received and synced. `record` is where its record begins, when it is packed."""

    container: Container
    size_bytes: int
    checksums: bytes
    segment: int
    offset_bytes: int
    record: Place | None
    expires_ms: float

    def block(self, commit_sequence: int) -> Block:
        return Block(
            self.size_bytes, commit_sequence, self.checksums, self.segment, self.offset_bytes
        )


class Streams:
    """The streams of one volume, and what they have sealed.

    Args:
        find: a block that is readable already, by its key.
        ended: is told when a container has one stream less.
    """

    def __init__(
        self,
        volume: Volume,
        config: DataNodeConfig,
        clock: Clock,
        *,
        find: Callable[[bytes], Block | None],
        ended: Callable[[Container], None],
    ) -> None:
        self._volume, self._config, self._clock = volume, config, clock
        self._find, self._ended = find, ended
        self.sealed: dict[bytes, SealedBlock] = {}
        self._sealing: set[bytes] = set()
        self._finishing: set[asyncio.Task[Any]] = set()
        self._number = 0
        self._open = 0
        # Received, and not written.
        self._gathered_bytes = 0
        self.written_bytes = 0
        self.syncs = 0

    async def receive(
        self, container: Container, local: int, size_bytes_max: int, pieces: AsyncIterator[Buffer]
    ) -> tuple[int, bytes]:
        """(size in bytes, checksums), once all is on stable storage.

        A block that is sent again is only compared. A failed one leaves nothing behind.
        Raises: InvalidRequest, ContainerNotOpen, NoSpace, Overloaded.
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
        container.streams_open += 1
        arriving = _Arriving(container, size_bytes_max, pieces)
        try:
            if size_bytes_max > self._config.packed_block_bytes_max:
                return await self._receive_file(container, local, arriving, [])
            return await self._receive_packed(container, local, arriving)
        finally:
            self._open -= 1
            container.streams_open -= 1
            arriving.end()
            self._ended(container)

    async def _receive_file(
        self, container: Container, local: int, arriving: "_Arriving", buffers: list[Buffer]
    ) -> tuple[int, bytes]:
        self._number += 1
        key = block_key(container.container_id, local)
        layout = self._volume.layout
        file = BlockFile(
            self._volume.disk,
            beside=layout.receiving(container.container_id, local, self._number),
            target=layout.block(container.container_id, local),
        )
        writing = _Writing(self._volume, file)
        try:
            await writing.run(file.create)
            await self._write(writing, arriving, buffers)
            checksums = file.checksums()
            if self._is_known(key, file.size_bytes, checksums):
                await self._uncancelled(writing.abandon())
                return file.size_bytes, checksums
            self._sealing.add(key)
            try:
                await writing.run(file.seal)
            finally:
                self._sealing.discard(key)
        except BaseException:
            # Not in this task: it may be cancelled again while a thread still writes.
            await self._uncancelled(writing.abandon())
            raise
        self.syncs += 1
        self._seal(key, SealedBlock(container, file.size_bytes, checksums, OWN_FILE, 0, None, 0))
        return file.size_bytes, checksums

    async def _write(
        self, writing: "_Writing", arriving: "_Arriving", buffers: list[Buffer]
    ) -> None:
        """Args: buffers: what has arrived already; they are taken out of the list, which its owner
        keeps until the stream ends."""
        buffers, given = list(buffers), buffers
        given.clear()
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

    def _begin_write(self, writing: "_Writing", buffers: list[Buffer], size_bytes: int) -> None:
        job = writing.begin_write(buffers, size_bytes)
        # Queued for a thread they are in memory as well.
        job.add_done_callback(lambda _: self._written(size_bytes))

    def _written(self, size_bytes: int) -> None:
        self._gathered_bytes -= size_bytes

    async def _receive_packed(
        self, container: Container, local: int, arriving: "_Arriving"
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
        if key in self.sealed or self._find(key) is not None:
            checksums = checksums_of(b"".join(buffers))
            if self._is_known(key, size_bytes, checksums):
                return size_bytes, checksums
        checksums = await self._uncancelled(self._append(container, local, buffers, size_bytes))
        return size_bytes, checksums

    async def _append(
        self, container: Container, local: int, buffers: list[Buffer], size_bytes: int
    ) -> bytes:
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
        except BaseException:
            container.release_record(record)
            container.give_back(record, record_bytes)
            raise
        finally:
            self._volume.room.give_back(record_bytes)
        sealed = SealedBlock(
            container=container,
            size_bytes=size_bytes,
            checksums=checksums,
            segment=record.segment,
            offset_bytes=record.offset_bytes + RECORD_HEADER_BYTES,
            record=record,
            expires_ms=0,
        )
        self._seal(block_key(container.container_id, local), sealed)
        return checksums

    def _is_known(self, key: bytes, size_bytes: int, checksums: bytes) -> bool:
        """Whether the block is here, with this content. Raises: InvalidRequest, Overloaded."""
        if key in self._sealing:
            raise Overloaded("the block is being written by another stream")
        found = self.sealed.get(key) or self._find(key)
        if found is None:
            return False
        if found.size_bytes != size_bytes or found.checksums != checksums:
            container, local = block_of_key(key)
            raise BlockExists(
                "the block exists with other content", container=container, local=local
            )
        return True

    def _seal(self, key: bytes, sealed: SealedBlock) -> None:
        former = self.sealed.pop(key, None)
        if former is not None:
            self._forget(former)
        sealed.expires_ms = self._clock.monotonic_ms() + self._config.sealed_expiry_ms
        sealed.container.streams_open += 1
        sealed.container.reserved_bytes += sealed.size_bytes
        self.written_bytes += sealed.size_bytes
        sealed.container.has_had(key)
        self.sealed[key] = sealed

    async def _uncancelled(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs to its end, also when this task is cancelled meanwhile."""
        task = asyncio.get_running_loop().create_task(work)
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        return await asyncio.shield(task)

    async def finished(self) -> None:
        """What cancelled streams left to do is done."""
        while self._finishing:
            await asyncio.wait(self._finishing)

    def take(self, key: bytes) -> SealedBlock | None:
        """A PutBlock of it has been applied: from now on the pending blocks know it."""
        sealed = self.sealed.pop(key, None)
        if sealed is not None:
            self._end(sealed)
        return sealed

    def _end(self, sealed: SealedBlock) -> None:
        sealed.container.streams_open -= 1
        sealed.container.reserved_bytes -= sealed.size_bytes
        self._ended(sealed.container)

    def _forget(self, sealed: SealedBlock) -> None:
        self._end(sealed)
        if sealed.record is not None:
            sealed.container.release_record(sealed.record)

    def take_deleted(self, blocks: DeletedRange) -> list[tuple[bytes, SealedBlock]]:
        """Sealed blocks of a range that was deleted: the pending blocks free them."""
        taken: list[tuple[bytes, SealedBlock]] = []
        for key in [key for key in self.sealed if blocks.holds(*block_of_key(key))]:
            sealed = self.take(key)
            assert sealed is not None
            taken.append((key, sealed))
        return taken

    async def drop_expired(self) -> None:
        now_ms = self._clock.monotonic_ms()
        for key in [key for key, found in self.sealed.items() if found.expires_ms <= now_ms]:
            sealed = self.sealed.pop(key, None)
            if sealed is None:
                continue
            self._forget(sealed)
            if sealed.segment != OWN_FILE:
                continue
            # Nobody may seal the block again while its file is on the way out.
            self._sealing.add(key)
            try:
                path = self._volume.layout.block(*block_of_key(key))
                await self._volume.blocking.run(self._volume.disk.remove, path)
            finally:
                self._sealing.discard(key)


class _Arriving:
    """The pieces of one stream. The container counts them as they come."""

    def __init__(
        self, container: Container, size_bytes_max: int, pieces: AsyncIterator[Buffer]
    ) -> None:
        self._container, self.pieces = container, pieces
        self._size_bytes_max = size_bytes_max
        self.size_bytes = 0

    def count(self, piece: Buffer) -> None:
        """Raises: InvalidRequest: more than was announced."""
        self.size_bytes += len(piece)
        self._container.reserved_bytes += len(piece)
        if self.size_bytes > self._size_bytes_max:
            raise InvalidRequest(
                "a block is larger than announced", size_bytes_max=self._size_bytes_max
            )

    @property
    def is_whole(self) -> bool:
        """All that was announced is here."""
        return self.size_bytes == self._size_bytes_max

    def check_whole(self) -> None:
        """At the end of the pieces. Raises: InvalidRequest: there was none."""
        if self.size_bytes == 0:
            raise InvalidRequest("a block of no bytes")

    def end(self) -> None:
        self._container.reserved_bytes -= self.size_bytes


class _Writing:
    """One file's calls on the blocking pool, one after the other."""

    def __init__(self, volume: Volume, file: BlockFile) -> None:
        self._volume, self.file = volume, file
        self._job: asyncio.Future[Any] | None = None

    def begin_write(self, buffers: list[Buffer], size_bytes: int) -> asyncio.Future[Any]:
        """Raises: NoSpace, before anything is written."""
        room = self._volume.room
        room.take(size_bytes)
        self.begin(self.file.write, buffers)
        assert self._job is not None
        # Also when nobody waits for it any more.
        self._job.add_done_callback(lambda _: room.give_back(size_bytes))
        return self._job

    def begin(self, function: Any, *arguments: Any) -> None:
        assert self._job is None
        self._job = self._volume.blocking.run(function, *arguments)

    async def ended(self) -> Any:
        """The result of the call under way; it goes on when the waiter is cancelled."""
        if self._job is None:
            return None
        result = await asyncio.shield(self._job)
        self._job = None
        return result

    async def run(self, function: Any, *arguments: Any) -> Any:
        self.begin(function, *arguments)
        return await self.ended()

    async def abandon(self) -> None:
        if self._job is not None:
            await asyncio.wait((self._job,))
            # What it failed with has been told, or nobody waits for it any more.
            self._job.exception()
        await self._volume.blocking.run(self.file.abandon)
