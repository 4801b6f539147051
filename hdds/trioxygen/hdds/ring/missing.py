"""Blocks that the log has put and whose bytes have yet to come here: this member's stream failed,
or it was down. They are fetched from members that have them (`datanode/fetches`).

Each is a mark in the index, in the same transaction as how far the index is with the log: the log
need not wait for what is fetched, and a crash in between fetches again. A block that is only marked
has no row, so nobody reads, copies, scrubs or counts it; its container does not report to be as far
as it (`Container.whole_through`)."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.container.blocks import (
    BLOCK_KEY_BYTES,
    META,
    MISSING,
    Block,
    block_of_key,
)
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring.pending import DeletedRange
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.datanode_pb2 import MissingBlockRow

log = logs.get(__name__)

# More than a log brings that is kept for those who were away; each takes its checksums in memory.
MISSING_BLOCKS_MAX: Final = 20_000

_PREFIX: Final = b"missing/"


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

    def remove_range(self, blocks: DeletedRange) -> None:
        if self._blocks:
            for key in [key for key in self._blocks if blocks.holds(*block_of_key(key))]:
                self.remove(key)

    def remove_container(self, container_id: int) -> None:
        for key in [key for key in self._blocks if block_of_key(key)[0] == container_id]:
            self.remove(key)


def _mark(key: bytes) -> bytes:
    return _PREFIX + key


def put_mark(txn: WriteTxn, key: bytes, block: Block, sequence: int) -> None:
    row = MissingBlockRow(
        size_bytes=block.size_bytes,
        commit_sequence=block.commit_sequence,
        checksums=block.checksums,
        container_sequence=sequence,
    )
    if block.group is not None:
        row.group.CopyFrom(block.group.message)
    txn.put(META, _mark(key), row.SerializeToString())


def delete_mark(txn: WriteTxn, key: bytes) -> None:
    txn.delete(META, _mark(key))


def delete_marks(txn: WriteTxn, first_key: bytes, end_key: bytes) -> None:
    """From the one up to the other, which is not among them."""
    txn.delete_range(META, _mark(first_key), _mark(end_key))


def marks(txn: ReadTxn) -> Iterator[tuple[bytes, Block, int]]:
    """Keys, blocks and their sequences. Past damaged ones, which are told in the log."""
    cursor = txn.cursor(META)
    move: Callable[[], tuple[bytes, bytes] | None] = partial(cursor.seek, _PREFIX)
    while True:
        try:
            at = move()
        except DamagedRow as error:
            log.error("damaged_row_passed", reason=error)
        else:
            if at is None:
                return
            key, value = at
            if key.startswith(_PREFIX) and len(key) == len(_PREFIX) + BLOCK_KEY_BYTES:
                row = MissingBlockRow.FromString(value)
                group = BlockGroup.of_message(row.group)
                block = Block(row.size_bytes, row.commit_sequence, row.checksums, MISSING, 0, group)
                yield key[len(_PREFIX) :], block, row.container_sequence
            elif key > _PREFIX:
                return
        move = cursor.next
