"""A replica that comes from another node: checked, written, and its rows put as it comes. Nothing
of it can be read before all of it is on stable storage."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, Final, TypeVar

from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Buffer, File
from trioxygen.common.errors import ChecksumMismatch, InvalidRequest
from trioxygen.common.finishing import Finishing, joined
from trioxygen.common.units import MIB
from trioxygen.hdds.checksums import first_bad_piece
from trioxygen.hdds.container.block_file import BlockFile
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_key, block_of_key, put_block
from trioxygen.hdds.container.container import Container, CounterChanges
from trioxygen.hdds.container.open_files import FileId
from trioxygen.hdds.container.segment import Place
from trioxygen.hdds.container.view import ContainerView
from trioxygen.hdds.copying.frames import FrameReader, block_of
from trioxygen.hdds.copying.ports import Home
from trioxygen.hdds.ring.arriving import FileWriting
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1.datanode_pb2 import ImportContainerHeader, ImportContainerReply, ImportEnd
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksCommand

# Of small blocks that are written together, with one sync.
_BATCH_BYTES: Final = 4 * MIB
_BATCH_BLOCKS: Final = 4_096

Rows = Sequence[tuple[bytes, Block]]
T = TypeVar("T")


class Incoming:
    """One transfer, in one or several streams.

    Args:
    header: the first stream's.
    reserved_bytes: of the volume's room, which are given back as they are written.

    Attributes:
    completes: the replica was there before, and stays whatever comes of this.
    next_local: all blocks before it are on stable storage.
    is_running: a stream is under way, or what it has begun.
    expires_ms: when it is dropped, unless a stream comes.
    """

    def __init__(
        self,
        home: Home,
        container: Container,
        header: ImportContainerHeader,
        config: DataNodeConfig,
        finishing: Finishing,
        *,
        reserved_bytes: int,
    ) -> None:
        self._home, self.container, self._header = home, container, header
        self._config, self._finishing = config, finishing
        self._step: asyncio.Task[Any] | None = None
        self.transfer_id, self.completes = header.transfer_id, header.completes
        # It is that as long as blocks come.
        self._state = ContainerState.CLOSED if self.completes else ContainerState.RECOVERING
        self._is_complete = False
        self.next_local = 0
        self.is_running = False
        self.expires_ms = 0.0
        self._watch = home.blocks.deletions.watch(container.container_id)
        # Small blocks that are checked and not written.
        self._batch: list[tuple[bytes, Block, bytes]] = []
        self._batch_bytes = self._files = 0
        self._reserved_bytes = reserved_bytes

    @property
    def home(self) -> Home:
        return self._home

    async def receive(self, pieces: AsyncIterator[Buffer]) -> ImportContainerReply:
        """Returns when the replica is whole, on stable storage and what it is to be.

        Raises: InvalidRequest, ChecksumMismatch: of what was sent; NoSpace; Unavailable: the
        disk fails."""
        reader = FrameReader(pieces, stall_ms=self._config.import_expiry_ms)
        self._batch, self._batch_bytes = [], 0
        last_local = self.next_local - 1
        frame = await reader.next()
        while not frame.HasField("end"):
            local, block = frame.block.local, block_of(frame.block)
            if local <= last_local:
                raise InvalidRequest("blocks out of order", local=local)
            last_local = local
            self._check_is_lacking(local)
            is_large = block.size_bytes > self._config.packed_block_bytes_max
            if is_large or not block.checksums:
                await self._write_batch()
                await self._receive_large(local, block, reader)
            else:
                await self._receive_small(local, block, reader)
            frame = await reader.next()
        await self._write_batch()
        return await self._to_its_end(self._end(frame.end))

    def _check_is_lacking(self, local: int) -> None:
        """Nothing takes the place of what is there."""
        key = block_key(self.container.container_id, local)
        if self.completes and self._home.blocks.find_known(key) is not None:
            raise InvalidRequest("the replica has the block", local=local)

    async def _to_its_end(self, step: Coroutine[Any, Any, T]) -> T:
        """One at a time: see `settled`."""
        task = self._step = self._finishing.begin(step)
        return await joined(task)

    async def settled(self) -> None:
        """What a stream that was cancelled had begun is done: rows are put once, and whether the
        replica is whole is known."""
        if self._step is not None:
            await asyncio.wait((self._step,))

    async def _receive_small(self, local: int, block: Block, reader: FrameReader) -> None:
        data = await reader.read(block.size_bytes)
        if first_bad_piece(data, block.checksums) is not None:
            raise self._mismatch(local)
        key = block_key(self.container.container_id, local)
        self._batch.append((key, block, data))
        self._batch_bytes += block.size_bytes
        if self._batch_bytes >= _BATCH_BYTES or len(self._batch) >= _BATCH_BLOCKS:
            await self._write_batch()

    def _mismatch(self, local: int) -> ChecksumMismatch:
        container_id = self.container.container_id
        return ChecksumMismatch("a copied block", container=container_id, local=local)

    # ---- writing; none of it is broken off in the middle ----

    async def _write_batch(self) -> None:
        batch, size_bytes = self._batch, self._batch_bytes
        self._batch, self._batch_bytes = [], 0
        if batch:
            await self._to_its_end(self._write(batch, size_bytes))

    async def _write(self, batch: list[tuple[bytes, Block, bytes]], size_bytes: int) -> None:
        volume, container = self._home.volume, self.container
        self._check_goes_on()
        place = container.reserve(size_bytes, segment_bytes_max=volume.limits.segment_bytes_max)
        segment = container.segment(place.segment)
        segment.hold()
        try:
            file_id = FileId(container.container_id, place.segment, 0)
            file = await volume.files.acquire(file_id, create=True)
            data = [content for _, _, content in batch]
            await volume.use(file, volume.blocking.run(_append, file.file, data, place))
            await self._put(_placed(batch, place))
        except OSError as error:
            raise volume.unwritable(error) from error
        finally:
            segment.release()
        self._give_back(size_bytes)

    async def _receive_large(self, local: int, block: Block, reader: FrameReader) -> None:
        volume, container_id = self._home.volume, self.container.container_id
        self._check_goes_on()
        # What is written takes its own room from here on.
        self._give_back(block.size_bytes)
        self._files += 1
        layout = volume.layout
        file = BlockFile(
            volume.disk,
            beside=layout.receiving(container_id, local, self._files),
            target=layout.block(container_id, local),
        )
        writing = FileWriting(volume, file)
        try:
            await writing.run(file.create)
            await writing.write_all(reader.pieces(block.size_bytes))
            if not block.checksums:
                block = block._replace(checksums=await _checksums_behind(reader))
            if file.checksums() != block.checksums:
                raise self._mismatch(local)
        except BaseException:
            # Not in this task: it may be cancelled again while a thread still writes.
            await self._to_its_end(writing.abandon())
            raise
        await self._to_its_end(self._seal(local, block, writing))

    async def _seal(self, local: int, block: Block, writing: FileWriting) -> None:
        try:
            await writing.run(writing.file.seal)
        except BaseException:
            await writing.abandon()
            raise
        key = block_key(self.container.container_id, local)
        await self._put([(key, block._replace(segment=OWN_FILE, offset_bytes=0))])

    async def _put(self, rows: Rows) -> None:
        """Their bytes are on stable storage. What was deleted meanwhile is not brought back; what
        is deleted later finds their rows."""
        volume, container = self._home.volume, self.container
        async with volume.commit_lock:
            self._check_goes_on()
            left = [row for row in rows if not self._watch.holds(block_of_key(row[0])[1])]
            seen = ContainerView.of(container, container.committed_state)
            try:
                write = volume.store_lane.run(_commit, volume.store, seen, left)
                changes = await joined(write)
            except BaseException as error:
                seen.give_back()
                if isinstance(error, OSError):
                    raise volume.unwritable(error) from error
                raise
            seen.adopt(changes)
            for key, _ in left:
                # Somebody may have looked for it.
                volume.index.forget(key)
        self.next_local = block_of_key(rows[-1][0])[1] + 1

    @property
    def goes_on(self) -> bool:
        """The replica is neither whole yet, nor on its way out."""
        container = self.container
        is_here = self._home.volume.containers.get(container.container_id) is container
        return is_here and container.state is self._state and not self._is_complete

    def _check_goes_on(self) -> None:
        if not self.goes_on:
            container_id = self.container.container_id
            raise InvalidRequest("the copy was given up here", container=container_id)

    # ---- the end ----

    async def _end(self, end: ImportEnd) -> ImportContainerReply:
        """What the source has lost meanwhile goes here too. All that a crash could take back is on
        stable storage before the log says what the replica is."""
        home, container = self._home, self.container
        ring = await home.rings.local()
        if end.deleted:
            gone = [each for each in end.deleted if each.container == container.container_id]
            await ring.delete_blocks(DeleteBlocksCommand(blocks=gone))
        try:
            await home.flusher.flush_all()
            await joined(home.volume.store_lane.run(home.volume.store.sync))
        except OSError as error:
            raise home.volume.unwritable(error) from error
        self._check_goes_on()
        if self.completes:
            self._is_complete = True
            home.volume.container_changed(container.container_id)
            home.volume.tell_news()
        else:
            await ring.move_replica(container.container_id, ContainerState(self._header.state))
        self.give_up_room()
        return ImportContainerReply(
            block_count=container.block_count, used_bytes=container.used_bytes
        )

    def give_up_room(self) -> None:
        """It is done, or is dropped. Idempotent."""
        self._home.blocks.deletions.end(self._watch)
        self._give_back(self._reserved_bytes)

    def _give_back(self, size_bytes: int) -> None:
        """The source may have more by now than it had announced."""
        size_bytes = min(size_bytes, self._reserved_bytes)
        self._reserved_bytes -= size_bytes
        self._home.volume.room.give_back(size_bytes)


async def _checksums_behind(reader: FrameReader) -> bytes:
    frame = await reader.next()
    if not frame.checksums:
        raise InvalidRequest("a block without its checksums")
    return frame.checksums


def _placed(batch: list[tuple[bytes, Block, bytes]], place: Place) -> Rows:
    rows: list[tuple[bytes, Block]] = []
    offset_bytes = place.offset_bytes
    for key, block, data in batch:
        rows.append((key, block._replace(segment=place.segment, offset_bytes=offset_bytes)))
        offset_bytes += len(data)
    return rows


def _append(file: File, data: Sequence[bytes], place: Place) -> None:
    file.pwrite(data, place.offset_bytes)
    file.datasync()


def _commit(store: Store, seen: ContainerView, rows: Rows) -> CounterChanges:
    changes = CounterChanges()
    txn = store.begin()
    try:
        for key, block in rows:
            put_block(txn, key, block)
            changes.add(block)
        seen.put(txn, changes)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    return changes
