"""Marks in the index of blocks that a log has put and whose bytes have yet to come here."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.container.blocks import BLOCK_KEY_BYTES, META, MISSING, Block
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.datanode_pb2 import MissingBlockRow

log = logs.get(__name__)

_PREFIX: Final = b"missing/"


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
