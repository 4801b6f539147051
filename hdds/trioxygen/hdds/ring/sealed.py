"""Blocks that were received and are on stable storage: readable once a PutBlock has gone through
the ring's log. What no PutBlock follows is dropped."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from trioxygen.common.clock import Clock
from trioxygen.common.errors import BlockExists, Overloaded
from trioxygen.common.finishing import to_the_end
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.segment import Place
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring.pending import DeletedRange


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

    def is_same_content(self, size_bytes: int, checksums: bytes) -> bool:
        return self.size_bytes == size_bytes and self.checksums == checksums

    def block(self, commit_sequence: int) -> Block:
        return Block(
            self.size_bytes, commit_sequence, self.checksums, self.segment, self.offset_bytes
        )


class SealedBlocks:
    """Of one volume, by their keys. Only for the event loop.

    Args:
        find: a block that is readable already, by its key.
        ended: is told when a container has one stream less.
    """

    def __init__(
        self,
        volume: Volume,
        clock: Clock,
        *,
        expiry_ms: float,
        find: Callable[[bytes], Block | None],
        ended: Callable[[Container], None],
    ) -> None:
        self._volume, self._clock, self._expiry_ms = volume, clock, expiry_ms
        self._find, self._ended = find, ended
        self._blocks: dict[bytes, SealedBlock] = {}
        # Whose bytes are on their way in or out; who waits for the end of that.
        self._busy: dict[bytes, asyncio.Event] = {}

    def __len__(self) -> int:
        return len(self._blocks)

    def get(self, key: bytes) -> SealedBlock | None:
        return self._blocks.get(key)

    def begin(self, key: bytes) -> None:
        """The block's file is renamed or removed now, or its record written, until `end`. Nobody
        else may seal the block meanwhile, and none of its entries is applied: whether it is here is
        not settled. Nothing up to the end may wait for what is applied."""
        assert key not in self._busy, "two at one block"
        self._busy[key] = asyncio.Event()

    def end(self, key: bytes) -> None:
        self._busy.pop(key).set()

    async def settled(self, key: bytes) -> bool:
        """The block's bytes are not on their way in or out any more. Whether they were."""
        was_busy = key in self._busy
        while (busy := self._busy.get(key)) is not None:
            await busy.wait()
        return was_busy

    def is_known(self, key: bytes, size_bytes: int, checksums: bytes) -> bool:
        """Whether the block is here, with this content. Raises: BlockExists, Overloaded."""
        if key in self._busy:
            raise Overloaded("the block is being written by another stream")
        known = self._blocks.get(key) or self._find(key)
        if known is None:
            return False
        if not known.is_same_content(size_bytes, checksums):
            container, local = block_of_key(key)
            raise BlockExists(
                "the block exists with other content", container=container, local=local
            )
        return True

    def add(self, key: bytes, sealed: SealedBlock) -> None:
        assert key not in self._blocks, "sealed twice"
        sealed.expires_ms = self._clock.monotonic_ms() + self._expiry_ms
        sealed.container.stream_began()
        sealed.container.stream_grew(sealed.size_bytes)
        sealed.container.has_had(key)
        self._blocks[key] = sealed

    def take(self, key: bytes, size_bytes: int, checksums: bytes) -> SealedBlock | None:
        """A PutBlock of it, with this content, is being applied: from now on the pending blocks
        know it. None: no such bytes are here."""
        sealed = self._blocks.get(key)
        if sealed is None or not sealed.is_same_content(size_bytes, checksums):
            return None
        self._take(key)
        return sealed

    def _take(self, key: bytes) -> SealedBlock:
        sealed = self._blocks.pop(key)
        self._end(sealed)
        return sealed

    def _end(self, sealed: SealedBlock) -> None:
        sealed.container.stream_ended(sealed.size_bytes)
        self._ended(sealed.container)

    def _forget(self, sealed: SealedBlock) -> None:
        self._end(sealed)
        if sealed.record is not None:
            sealed.container.release_record(sealed.record)

    def take_deleted(self, blocks: DeletedRange) -> list[tuple[bytes, SealedBlock]]:
        """Sealed blocks of a range that was deleted: the pending blocks free them."""
        taken: list[tuple[bytes, SealedBlock]] = []
        for key in [key for key in self._blocks if blocks.holds(*block_of_key(key))]:
            taken.append((key, self._take(key)))
        return taken

    async def drop(self, key: bytes) -> None:
        """Bytes that no PutBlock will name, if they are here."""
        sealed = self._blocks.pop(key, None)
        if sealed is None:
            return
        self._forget(sealed)
        if sealed.segment == OWN_FILE:
            await self.remove_file(key)

    async def drop_expired(self) -> None:
        now_ms = self._clock.monotonic_ms()
        for key in [key for key, sealed in self._blocks.items() if sealed.expires_ms <= now_ms]:
            sealed = self._blocks.get(key)
            if sealed is None or sealed.expires_ms > now_ms:
                continue  # taken, or sealed again, while others were removed
            await self.drop(key)

    async def remove_file(self, key: bytes) -> None:
        """Of a block that nobody names."""
        path = self._volume.layout.block(*block_of_key(key))
        self.begin(key)
        try:
            # The thread goes on when this is cancelled.
            await to_the_end(self._volume.blocking.run(self._volume.disk.remove, path))
        finally:
            self.end(key)
