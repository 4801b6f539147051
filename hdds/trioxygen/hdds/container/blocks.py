"""The block index: tables of a volume's store, their keys, and blocks as values."""

import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, NoReturn

from trioxygen.common.errors import DamagedRow, Unavailable
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import tag_of
from trioxygen.metadata.store.ports import Cursor, ReadTxn, Store, Table, WriteTxn
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1.datanode_pb2 import (
    BlockRow,
    DataNodeContainerRow,
    PackedPlace,
    SegmentRow,
)

BLOCKS: Final = RowTable(1, "block", BlockRow)
CONTAINERS: Final = RowTable(2, "container", DataNodeContainerRow)
SEGMENTS: Final = RowTable(3, "segment", SegmentRow)
META: Final = Table(4, "meta")
TABLES: Final = (BLOCKS.table, CONTAINERS.table, SEGMENTS.table, META)

OWN_FILE: Final = -1
# Of a block in memory: its bytes have yet to come here.
MISSING: Final = -2

_BLOCK_KEY: Final = struct.Struct(">QQ")
_CONTAINER_KEY: Final = struct.Struct(">Q")
_SEGMENT_KEY: Final = struct.Struct(">QI")

BLOCK_KEY_BYTES: Final = _BLOCK_KEY.size
# (container, local) -> 16 bytes
block_key = _BLOCK_KEY.pack
# 16 bytes -> (container, local)
block_of_key = _BLOCK_KEY.unpack
container_key = _CONTAINER_KEY.pack
segment_key = _SEGMENT_KEY.pack


def container_of_key(key: bytes) -> int:
    """Of a row of any of the tables; of a damaged key whatever it says."""
    return int.from_bytes(key[: _CONTAINER_KEY.size], "big")


segment_of_key = _SEGMENT_KEY.unpack


class Block(NamedTuple):
    """A stored block. `segment` is OWN_FILE for one in a file of its own (its offset is 0 then),
    MISSING for one that is not stored yet (no row says that)."""

    size_bytes: int
    commit_sequence: int
    checksums: bytes
    segment: int
    offset_bytes: int
    group: BlockGroup | None = None

    def is_same_content(self, size_bytes: int, checksums: bytes) -> bool:
        return self.size_bytes == size_bytes and self.checksums == checksums


def tag_of_block(container: int, local: int, block: Block) -> int:
    """What references to it carry: of an erasure-coded one that of all indexes together."""
    if block.group is not None:
        return block.group.tag
    return tag_of(container, local, block.checksums)


def block_of_row(value: bytes) -> Block:
    row = BlockRow.FromString(value)
    # Most have none: to ask first is cheaper than to read its fields.
    group = BlockGroup.of_message(row.group) if row.HasField("group") else None
    if row.own_file:
        return Block(row.size_bytes, row.commit_sequence, row.checksums, OWN_FILE, 0, group)
    place = row.packed.segment, row.packed.offset_bytes
    return Block(row.size_bytes, row.commit_sequence, row.checksums, *place, group)


def row_of_block(block: Block) -> bytes:
    size_bytes, commit_sequence, checksums, segment, offset_bytes, group = block
    if segment == OWN_FILE:
        row = BlockRow(
            size_bytes=size_bytes,
            commit_sequence=commit_sequence,
            checksums=checksums,
            own_file=True,
        )
    else:
        row = BlockRow(
            size_bytes=size_bytes,
            commit_sequence=commit_sequence,
            checksums=checksums,
            packed=PackedPlace(segment=segment, offset_bytes=offset_bytes),
        )
    if group is not None:
        row.group.CopyFrom(group.message)
    return row.SerializeToString()


def get_block(txn: ReadTxn, key: bytes) -> Block | None:
    value = txn.get(BLOCKS.table, key)
    return None if value is None else block_of_row(value)


def highest_local(txn: ReadTxn, container: int) -> int:
    """Of the blocks of a container that the index has; 0: none. By bisection: a cursor goes forward
    only, and a container may have millions of blocks. Of damaged rows the keys count."""
    cursor = txn.cursor(BLOCKS.table)
    low, high = 0, 2**64
    while high - low > 1:
        middle = (low + high) // 2
        key = _next_key(cursor, block_key(container, middle))
        block = None if key is None else block_of_key(key)
        if block is not None and block[0] == container:
            low = block[1]
        else:
            high = middle
    return low


def _next_key(cursor: Cursor, wanted: bytes) -> bytes | None:
    """The first one at or after `wanted`."""
    move: Callable[[], tuple[bytes, bytes] | None] = partial(cursor.seek, wanted)
    while True:
        try:
            row = move()
        except DamagedRow as error:
            key = bytes.fromhex(error.facts["key_hex"])
            # A search looks at the row before, too.
            if key >= wanted and len(key) == BLOCK_KEY_BYTES:
                return key
            move = cursor.next
        else:
            return None if row is None else row[0]


def put_block(txn: WriteTxn, key: bytes, block: Block) -> None:
    txn.put(BLOCKS.table, key, row_of_block(block))


class _Shut:
    """In the place of a store that is being closed."""

    def read(self) -> NoReturn:
        raise Unavailable("the disk was taken out")


class BlockIndex:
    """Committed blocks, with a bounded cache of those that were looked up last (by count).

    Only for the event loop. Whoever changes rows calls `forget` after the commit.
    """

    def __init__(self, store: Store, *, cached_blocks_max: int) -> None:
        self._store: Store | _Shut = store
        self._cache: OrderedDict[bytes, Block] = OrderedDict()
        self._cached_blocks_max = cached_blocks_max
        # Threads that read it. A store that is closed meanwhile would take the process along.
        self._readers = 0
        self._readers_changed = threading.Condition()

    def get(self, key: bytes) -> Block | None:
        block = self._cache.get(key)
        if block is not None:
            self._cache.move_to_end(key)
            return block
        with self._store.read() as txn:
            value = txn.get(BLOCKS.table, key)
        if value is None:
            return None
        block = self._cache[key] = block_of_row(value)
        if len(self._cache) > self._cached_blocks_max:
            self._cache.popitem(last=False)
        return block

    def shut(self) -> None:
        """Nothing is looked up any more: Unavailable."""
        self._cache.clear()
        self._store = _Shut()

    def close(self) -> None:
        """As `shut`. Blocks until those that read it have ended."""
        self.shut()
        with self._readers_changed:
            self._readers_changed.wait_for(lambda: not self._readers)

    @contextmanager
    def _reading(self) -> Iterator[ReadTxn]:
        with self._readers_changed:
            store = self._store
            self._readers += 1
        try:
            with store.read() as txn:
                yield txn
        finally:
            with self._readers_changed:
                self._readers -= 1
                self._readers_changed.notify_all()

    def forget(self, key: bytes) -> None:
        self._cache.pop(key, None)

    def forget_range(self, container: int, first_local: int, count: int) -> None:
        if count <= len(self._cache):
            for local in range(first_local, first_local + count):
                self._cache.pop(block_key(container, local), None)
            return
        first, end = block_key(container, first_local), block_key(container, first_local + count)
        for key in [key for key in self._cache if first <= key < end]:
            del self._cache[key]

    def forget_container(self, container: int) -> None:
        for key in [key for key in self._cache if container_of_key(key) == container]:
            del self._cache[key]

    def after(
        self, key: bytes, *, count_max: int, prefix: bytes = b""
    ) -> list[tuple[bytes, Block]]:
        """The next blocks in key order. Blocks: for the blocking pool (does not use the cache).

        Raises: DamagedRow.
        """
        with self._reading() as txn:
            rows = txn.scan(BLOCKS.table, prefix=prefix, after=key)
            return [(at, block_of_row(value)) for at, value in islice(rows, count_max)]

    def whole_after(self, key: bytes, *, count_max: int) -> list[tuple[bytes, Block]]:
        """As `after`, past damaged rows: whoever watches the store is told of them."""
        rows: list[tuple[bytes, Block]] = []
        with self._reading() as txn:
            cursor = txn.cursor(BLOCKS.table)
            move: Callable[[], tuple[bytes, bytes] | None] = partial(cursor.seek, key)
            while len(rows) < count_max:
                try:
                    row = move()
                except DamagedRow:
                    move = cursor.next
                    continue
                if row is None:
                    break
                if row[0] > key:
                    rows.append((row[0], block_of_row(row[1])))
                move = cursor.next
        return rows
