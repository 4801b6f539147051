"""A row of which there are two, for what cannot be got from anywhere else: the same value under two
keys of one small table. Either will do."""

from collections.abc import Iterator

from trioxygen.common.errors import DamagedRow
from trioxygen.metadata.store.ports import ReadTxn, Table, WriteTxn


def put_twice(txn: WriteTxn, table: Table, keys: tuple[bytes, bytes], value: bytes) -> None:
    for key in keys:
        txn.put(table, key, value)


def get_either(txn: ReadTxn, table: Table, keys: tuple[bytes, bytes]) -> bytes | None:
    """None: there is no such row. Raises: DamagedRow: neither is whole."""
    try:
        return txn.get(table, keys[0])
    except DamagedRow as error:
        # A damaged key leads a search astray, past whole rows too: all are looked at.
        for key, value in _whole_rows(txn, table):
            if key in keys:
                return value
        raise error from None


def _whole_rows(txn: ReadTxn, table: Table) -> Iterator[tuple[bytes, bytes]]:
    cursor = txn.cursor(table)
    is_begun = False
    while True:
        try:
            row = cursor.next() if is_begun else cursor.seek(b"")
        except DamagedRow:
            # The cursor stands on it.
            is_begun = True
            continue
        if row is None:
            return
        is_begun = True
        yield row
