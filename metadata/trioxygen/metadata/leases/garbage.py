"""The queue of blocks that nobody holds any more, of the OM and of the SCM's namespaces: rows by
the time until which readers may be at them. How many bytes are in it is kept beside it, so that
nobody has to count rows."""

from typing import Final, Generic, TypeVar

from trioxygen.metadata.leases.runs import unreferenced
from trioxygen.metadata.replication.state import get_integer, put_integer
from trioxygen.metadata.store.ports import ReadTxn, Store, Table, WriteTxn
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1.namespaces_pb2 import NamespaceGarbageRow
from trioxygen.proto.v1.om_pb2 import GcRow
from trioxygen.proto.v1.types_pb2 import BlockRange, KeptBlocks

# In META.
_SIZE_BYTES: Final = b"garbage_bytes"

Row = TypeVar("Row", GcRow, NamespaceGarbageRow)


class GarbageQueue(Generic[Row]):
    def __init__(self, rows: RowTable[Row]) -> None:
        self._rows: RowTable[Row] = rows

    def put(self, txn: WriteTxn, key: bytes, row: Row) -> None:
        self._rows.put(txn, key, row)
        if row.blocks.size_bytes:
            put_integer(txn, _SIZE_BYTES, get_integer(txn, _SIZE_BYTES) + row.blocks.size_bytes)

    def take(self, txn: WriteTxn, key: bytes) -> Row | None:
        """None: it is gone already."""
        row = self._rows.get(txn, key)
        if row is None:
            return None
        self._rows.delete(txn, key)
        size_bytes = get_integer(txn, _SIZE_BYTES)
        left_bytes = max(0, size_bytes - row.blocks.size_bytes)
        if left_bytes and next(self._rows.scan(txn, prefix=b""), None) is None:
            left_bytes = 0  # rows also go because they were damaged
        if left_bytes != size_bytes:
            put_integer(txn, _SIZE_BYTES, left_bytes)
        return row

    def kept(self, store: Store, now_ms: int) -> KeptBlocks:
        """Args: now_ms: the group's time."""
        with store.read() as txn:
            kept = KeptBlocks(
                ranges=store.count(self._rows.table), size_bytes=get_integer(txn, _SIZE_BYTES)
            )
            first = next(self._rows.scan(txn, prefix=b""), None)
        if first is not None and first[1].since_ms:
            kept.oldest_ms = max(0, now_ms - first[1].since_ms)
        return kept


def unheld(
    txn: ReadTxn, references: Table, blocks: BlockRange, *, within: bytes = b""
) -> list[BlockRange]:
    """What of a row of the queue may be deleted: a block that is held never is, whatever put it
    there. Args: references, within: see `unreferenced`."""
    container, count = blocks.container, blocks.count
    runs = unreferenced(txn, references, container, blocks.first_local, count, within=within)
    if runs == [(blocks.first_local, count)]:
        return [blocks]
    return [
        BlockRange(
            container=container,
            first_local=first,
            count=some,
            size_bytes=blocks.size_bytes * some // count if blocks.HasField("size_bytes") else None,
        )
        for first, some in runs
    ]
