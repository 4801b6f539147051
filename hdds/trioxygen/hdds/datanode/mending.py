"""Blocks whose bytes here are bad: they are had from where others have them (`origins`), and put in
their place. Until the new ones are on stable storage nothing of the old ones is given up: most of
their pieces may be good, and there may be no other replica."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch, DamagedRow, NoSpace, TrioxygenError
from trioxygen.common.finishing import Finishing
from trioxygen.common.retry import Backoff
from trioxygen.hdds.container.block_file import BlockFile
from trioxygen.hdds.container.blocks import (
    OWN_FILE,
    Block,
    block_of_key,
    get_block,
    put_block,
)
from trioxygen.hdds.container.container import Container, CounterChanges
from trioxygen.hdds.container.garbage import Freed
from trioxygen.hdds.container.open_files import FileId
from trioxygen.hdds.container.view import ContainerView
from trioxygen.hdds.datanode.origins import Origin, Origins
from trioxygen.hdds.ring.arriving import FileWriting
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.pending import PendingBlock
from trioxygen.hdds.ring.rings import Rings
from trioxygen.metadata.store.ports import Store

log = logs.get(__name__)

_WAIT_MS_FIRST: Final = 500.0
_LOOKED_EVERY_MS: Final = 500.0
# Of the names of files that are being received: streams count from one.
_NUMBER: Final = 0


@dataclass(slots=True)
class _Attempt:
    """Attributes: next_ms: no try before."""

    backoff: Backoff
    next_ms: float = 0.0


class Mending:
    """A Worker of one volume: one block at a time.

    Attributes: mended_blocks: since the start."""

    interval_ms = _LOOKED_EVERY_MS

    def __init__(
        self, rings: Rings, clock: Clock, config: DataNodeConfig, origins: Origins
    ) -> None:
        self.name = f"mending-{rings.volume.volume_id}"
        self._rings, self._blocks, self._volume = rings, rings.blocks, rings.volume
        self._clock, self._config, self._origins = clock, config, origins
        self._attempts: dict[bytes, _Attempt] = {}
        # What a thread has begun is followed up, also when the worker is stopped.
        self._finishing = Finishing()
        self.mended_blocks = 0

    async def work(self) -> bool:
        """Whether a block was tried."""
        corrupt = self._volume.corrupt
        self._attempts = {key: at for key, at in self._attempts.items() if key in corrupt}
        now_ms = self._clock.monotonic_ms()
        for key in corrupt:
            attempt = self._attempts.get(key)
            if attempt is None:
                backoff = Backoff(_WAIT_MS_FIRST, self._config.mend_wait_ms_max)
                attempt = self._attempts[key] = _Attempt(backoff)
            if attempt.next_ms <= now_ms:
                attempt.next_ms = now_ms + attempt.backoff.take_ms()
                await self._mend(key)
                return True
        return False

    async def _mend(self, key: bytes) -> None:
        container_id, local = block_of_key(key)
        container = self._volume.containers.get(container_id)
        if container is None or not container.is_readable:
            return
        try:
            block = self._blocks.find(key)
        except DamagedRow:
            block = None
        if isinstance(block, PendingBlock):
            return
        if block is None:
            # What it was is not known here: where others know, the SCM has the replica made anew.
            if await self._origins.are_left(container):
                self._blocks.fail_container(container_id, "a row of its index is damaged")
            return
        failure = "no other replica is known"
        async with aclosing(self._origins.of(container, local, block)) as origins:
            async for origin in origins:
                try:
                    await self._mend_from(origin, key, container, block)
                except (TrioxygenError, OSError) as error:
                    failure = f"{origin.name}: {error}"
                    if isinstance(error, OSError):
                        self._volume.trouble()
                    continue
                return
        log.warning("block_not_mended", container=container_id, local=local, reason=failure)

    async def _mend_from(
        self, origin: Origin, key: bytes, container: Container, block: Block
    ) -> None:
        volume = self._volume
        container_id, local = block_of_key(key)
        file = BlockFile(
            volume.disk,
            beside=volume.layout.receiving(container_id, local, _NUMBER),
            target=volume.layout.block(container_id, local),
        )
        writing = FileWriting(volume, file)
        # Not taken off meanwhile.
        container.stream_began()
        try:
            await self._receive(writing, block, origin.open())
        except BaseException:
            await self._finishing.run(self._abandon(writing, container))
            raise
        if await self._finishing.run(self._put_in_place(writing, key, container, block)):
            log.info("block_mended", container=container_id, local=local, source=origin.name)

    async def _receive(
        self, writing: FileWriting, block: Block, pieces: AsyncGenerator[Buffer, None]
    ) -> None:
        """Raises: ChecksumMismatch: other bytes came; NoSpace, and what `pieces` raise."""
        async with aclosing(pieces):
            self._volume.room.check(block.size_bytes)
            await writing.run(writing.file.create)
            await writing.write_all(pieces)
        if not block.is_same_content(writing.file.size_bytes, writing.file.checksums()):
            raise ChecksumMismatch("other bytes came than were put")

    async def _abandon(self, writing: FileWriting, container: Container) -> None:
        try:
            await writing.abandon()
        finally:
            self._ended(container)

    def _ended(self, container: Container) -> None:
        container.stream_ended(0)
        self._rings.stream_ended(container)

    async def _put_in_place(
        self, writing: FileWriting, key: bytes, container: Container, block: Block
    ) -> bool:
        """Whether the block was still the one that was read."""
        is_mended = False
        try:
            is_mended = await self._replace(writing, key, container, block)
        finally:
            if not is_mended:
                await writing.abandon()
            self._ended(container)
        if is_mended:
            self._volume.corrupt_block_is_gone(key)
            self.mended_blocks += 1
        return is_mended

    async def _replace(
        self, writing: FileWriting, key: bytes, container: Container, block: Block
    ) -> bool:
        volume, file = self._volume, writing.file
        async with volume.commit_lock:
            volume.index.forget(key)
            if volume.index.get(key) != block or key not in volume.corrupt:
                return False
            is_own = block.segment == OWN_FILE
            await writing.run(file.replace if is_own else file.seal)
            volume.files.drop(FileId(container.container_id, OWN_FILE, block_of_key(key)[1]))
            if is_own:
                return True
            await self._move(key, container, block)
        container_id, local = block_of_key(key)
        try:
            await volume.reclaim([Freed(container_id, local, block)])
        except (NoSpace, OSError) as error:
            # Compaction finds it.
            log.warning("space_not_given_back", segment=block.segment, reason=error)
        return True

    async def _move(self, key: bytes, container: Container, block: Block) -> None:
        """Out of a packed segment, to its own file."""
        volume = self._volume
        seen = ContainerView.of(container, container.committed_state)
        try:
            changes = await volume.store_lane.run(_commit_own_file, volume.store, seen, key, block)
        except BaseException:
            seen.give_back()
            raise
        seen.adopt(changes)
        volume.index.forget(key)
        volume.container_changed(container.container_id)

    async def finished(self) -> None:
        """What the worker had begun when it was stopped is done."""
        await self._finishing.ended()


def _commit_own_file(store: Store, seen: ContainerView, key: bytes, block: Block) -> CounterChanges:
    changes = CounterChanges()
    moved = block._replace(segment=OWN_FILE, offset_bytes=0)
    txn = store.begin()
    try:
        assert get_block(txn, key) == block, block_of_key(key)
        put_block(txn, key, moved)
        changes.moved(block, -1)
        seen.put(txn, changes)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    return changes
