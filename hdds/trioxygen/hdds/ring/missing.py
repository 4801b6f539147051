"""Blocks that the log has put and whose bytes have yet to come here: this member's stream failed,
or it was down. They are fetched from members that have them (`datanode/fetches`).

Each is a mark in the index (`container/marks`), in the same transaction as how far the index is
with the log: the log need not wait for what is fetched, and a crash in between fetches again. A
block that is only marked has no row, so nobody reads, copies, scrubs or counts it; its container
does not report to be as far as it (`Container.whole_through`)."""

import asyncio
from collections.abc import Iterator
from typing import Final

from trioxygen.hdds.container.blocks import Block, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring.pending import DeletedRange

# More than a log brings that is kept for those who were away; each takes its checksums in memory.
MISSING_BLOCKS_MAX: Final = 20_000


class MissingBlocks:
    """Of one volume. Only for the event loop.

    Attributes:
    is_any: set while there are any.
    """

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        # By key: the block, and up to where its container is whole without it.
        self._blocks: dict[bytes, Block] = {}
        self.is_any = asyncio.Event()

    def __len__(self) -> int:
        return len(self._blocks)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._blocks)

    def get(self, key: bytes) -> Block | None:
        return self._blocks.get(key)

    @property
    def is_full(self) -> bool:
        return len(self._blocks) >= MISSING_BLOCKS_MAX

    def add(self, key: bytes, container: Container, block: Block, sequence: int) -> None:
        """Args: sequence: of the entry that put it (`sequence_of`)."""
        self._blocks[key] = block
        container.lacks(key, sequence)
        self.is_any.set()

    def remove(self, key: bytes) -> None:
        """It has come, or is deleted. Idempotent."""
        if self._blocks.pop(key, None) is None:
            return
        container = self._volume.containers.get(block_of_key(key)[0])
        if container is not None:
            container.lacks_no_more(key)
            self._volume.container_changed(container.container_id)
        self._volume.corrupt_block_is_gone(key)
        if not self._blocks:
            self.is_any.clear()

    def remove_container(self, container_id: int) -> None:
        """It is taken off."""
        for key in [key for key in self._blocks if block_of_key(key)[0] == container_id]:
            self.remove(key)

    def remove_range(self, blocks: DeletedRange) -> None:
        if self._blocks:
            for key in [key for key in self._blocks if blocks.holds(*block_of_key(key))]:
                self.remove(key)
