"""A replica that is sent to another node: read, checked, framed. A try that broke goes on behind
the blocks that the target has on stable storage already."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Buffer, File
from trioxygen.common.errors import (
    ContainerNotOpen,
    InvalidRequest,
    NoSpace,
    NoSuchBlock,
    NoSuchContainer,
    Unavailable,
)
from trioxygen.common.finishing import joined
from trioxygen.common.retry import Backoff
from trioxygen.common.rpc.network import Channel
from trioxygen.common.runtime import Runtime
from trioxygen.common.tokens import random_token
from trioxygen.common.units import MIB
from trioxygen.hdds.checksums import first_bad_piece
from trioxygen.hdds.container.blocks import (
    OWN_FILE,
    Block,
    block_key,
    block_of_key,
    container_key,
)
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.open_files import FileId, OpenFile
from trioxygen.hdds.copying.frames import block_frame, end_frame
from trioxygen.hdds.copying.outgoing import Outgoing
from trioxygen.hdds.copying.pace import Pace
from trioxygen.hdds.copying.ports import Home
from trioxygen.hdds.ring.deletions import DeletionWatch
from trioxygen.proto.v1.datanode_pb2 import ImportContainerHeader

log = logs.get(__name__)

_ROWS_AT_ONCE: Final = 1_024
# Of small blocks, in one piece of the stream.
_BATCH_BYTES: Final = 1 * MIB
# With the waits in between some minutes: then the SCM makes other plans.
_TRIES: Final = 20
_WAIT_MS_FIRST: Final = 500.0
_WAIT_MS_MAX: Final = 10_000.0
_COPIED: Final = frozenset({ContainerState.CLOSED, ContainerState.QUASI_CLOSED})

Rows = Sequence[tuple[bytes, Block]]


@dataclass(slots=True)
class Progress:
    """Of all copies of a node, since its start."""

    blocks: int = 0
    size_bytes: int = 0

    def sent(self, blocks: int, size_bytes: int) -> None:
        self.blocks += blocks
        self.size_bytes += size_bytes


def check_copied(container: Container) -> None:
    """Raises: ContainerNotOpen: it may still change; InvalidRequest: it lacks blocks."""
    if container.state not in _COPIED:
        raise ContainerNotOpen("only closed replicas are copied", state=container.state.name)
    if container.whole_through != container.commit_sequence:
        raise InvalidRequest("the replica lacks blocks", container=container.container_id)


class Copy:
    """Of one container to one node, in several tries.

    Args:
        node_id: this node's.
        channel: to the target.
        stall_ms: see `Outgoing`.
    """

    def __init__(
        self,
        runtime: Runtime,
        home: Home,
        container: Container,
        channel: Channel,
        *,
        node_id: str,
        stall_ms: float,
        pace: Pace,
        progress: Progress,
    ) -> None:
        self._stall_ms = stall_ms
        self._runtime, self._home, self._container = runtime, home, container
        self._channel, self._node_id, self._pace = channel, node_id, pace
        self._progress = progress
        self._transfer_id = random_token(runtime.rng, 16)

    async def run(self) -> None:
        """Returns when the target has it.

        Raises: ContainerNotOpen, InvalidRequest: it cannot be copied; ChecksumMismatch, DamagedRow:
            a block of it is corrupt, and reported; what the target refuses."""
        check_copied(self._container)
        deletions = self._home.blocks.deletions
        watch = deletions.watch(self._container.container_id)
        backoff = Backoff(_WAIT_MS_FIRST, _WAIT_MS_MAX)
        try:
            # What is pending has no row yet.
            await self._home.flusher.flush_container(self._container.container_id)
            for tries_left in reversed(range(_TRIES)):
                try:
                    await self._try(watch)
                    return
                except NoSpace:
                    # Another node may have room: the SCM is told.
                    raise
                except Unavailable as error:
                    if not tries_left:
                        raise
                    container_id = self._container.container_id
                    log.info("copy_broken_off", container=container_id, reason=error)
                    await self._runtime.clock.sleep_ms(backoff.take_ms())
        finally:
            deletions.end(watch)

    async def _try(self, watch: DeletionWatch) -> None:
        container = self._container
        check_copied(container)
        outgoing = await Outgoing.begin(self._channel, self._header(), stall_ms=self._stall_ms)
        if outgoing is None:
            return
        try:
            await self._send_all(outgoing)
            # Before the end: a replica that is on its way out may have lost some already.
            check_copied(container)
            await outgoing.send(end_frame(watch.ranges()))
            await outgoing.finish()
        finally:
            await outgoing.cancel()

    def _header(self) -> ImportContainerHeader:
        container = self._container
        return ImportContainerHeader(
            transfer_id=self._transfer_id,
            container_id=container.container_id,
            state=container.state.proto,
            pipeline_id=container.pipeline_id,
            replica_index=container.replica_index,
            commit_sequence=container.commit_sequence,
            origin_node_id=container.origin_node_id or self._node_id,
            highest_local=container.highest_local,
            used_bytes=container.used_bytes,
        )

    async def _send_all(self, outgoing: Outgoing) -> None:
        volume, container_id = self._home.volume, self._container.container_id
        next_local = outgoing.next_local
        prefix = container_key(container_id)
        after = block_key(container_id, next_local - 1) if next_local else prefix
        while True:
            rows = await volume.blocking.run(self._rows, after, prefix)
            if not rows:
                return
            after = rows[-1][0]
            start = 0
            while start < len(rows):
                end = _batch_end(rows, start)
                batch, start = rows[start:end], end
                size_bytes = sum(block.size_bytes for _, block in batch)
                if size_bytes > _BATCH_BYTES:
                    await self._send_large(outgoing, *batch[0])
                else:
                    await self._pace.take(size_bytes)
                    await outgoing.send(b"".join(await self._read_small(batch)))
                self._progress.sent(len(batch), size_bytes)

    def _rows(self, after: bytes, prefix: bytes) -> Rows:
        return self._home.volume.index.after(after, count_max=_ROWS_AT_ONCE, prefix=prefix)

    async def _send_large(self, outgoing: Outgoing, key: bytes, block: Block) -> None:
        container_id, local = block_of_key(key)
        is_begun = False
        try:
            reading = self._home.reads.stream(container_id, local, 0, block.size_bytes)
            async with aclosing(reading) as pieces:
                async for piece in pieces:
                    if not is_begun:
                        await outgoing.send(block_frame(local, block))
                        is_begun = True
                    await self._pace.take(len(piece))
                    await outgoing.send(piece)
        except (NoSuchBlock, NoSuchContainer) as error:
            if is_begun:
                # The next try begins behind it.
                raise Unavailable("a block was deleted while it was sent", local=local) from error

    async def _read_small(self, batch: Rows) -> list[Buffer]:
        """Frames and bytes of those that are there still."""
        volume = self._home.volume
        files = await self._files(batch)
        jobs: list[tuple[File, Block] | None] = []
        for key, block in batch:
            file = files.get(_file_of(key, block))
            jobs.append(None if file is None else (file.file, block))
        reading = volume.blocking.run(_read_sound, jobs)
        # The thread goes on when this is cancelled.
        reading.add_done_callback(lambda _: self._release(files))
        contents = await joined(reading)
        buffers: list[Buffer] = []
        for (key, block), content in zip(batch, contents, strict=True):
            container_id, local = block_of_key(key)
            sound: Buffer | None = content
            if sound is None:
                # It has moved, or gone, or is corrupt: that is found out, and reported.
                read = self._home.reads.read
                try:
                    sound = await read(container_id, local, 0, block.size_bytes)
                except NoSuchBlock:
                    continue
            buffers += [block_frame(local, block), sound]
        return buffers

    async def _files(self, batch: Rows) -> dict[FileId, OpenFile]:
        """Those that are there; they are used until they are released."""
        files: dict[FileId, OpenFile] = {}
        try:
            for file_id in {_file_of(key, block) for key, block in batch}:
                try:
                    files[file_id] = await self._home.volume.files.acquire(file_id)
                except OSError:
                    continue  # whose blocks have moved, are deleted, or cannot be read
        except BaseException:
            self._release(files)
            raise
        return files

    def _release(self, files: dict[FileId, OpenFile]) -> None:
        for file in files.values():
            self._home.volume.files.release(file)


def _batch_end(rows: Rows, start: int) -> int:
    """A large block stands alone."""
    end, size_bytes = start, 0
    while end < len(rows):
        size_bytes += rows[end][1].size_bytes
        if end > start and size_bytes > _BATCH_BYTES:
            break
        end += 1
    return end


def _file_of(key: bytes, block: Block) -> FileId:
    container_id, local = block_of_key(key)
    return FileId(container_id, block.segment, local if block.segment == OWN_FILE else 0)


def _read_sound(jobs: Sequence[tuple[File, Block] | None]) -> list[bytes | None]:
    """None: it is not there as its row says."""
    contents: list[bytes | None] = []
    for job in jobs:
        content = None
        if job is not None:
            file, block = job
            try:
                content = file.pread(block.size_bytes, block.offset_bytes)
            except OSError:
                contents.append(None)
                continue
            is_whole = len(content) == block.size_bytes
            if not is_whole or first_bad_piece(content, block.checksums) is not None:
                content = None
        contents.append(content)
    return contents
