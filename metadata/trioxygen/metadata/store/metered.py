"""How much is read in a transaction: rows of objects of 10,000 parts have megabytes each."""

from collections.abc import Iterator
from typing import Final

from trioxygen.common.units import MIB
from trioxygen.metadata.store.ports import Cursor, ReadTxn, Table

# Whoever goes through many rows ends there, and goes on later.
READ_AT_ONCE_BYTES: Final = 8 * MIB


class MeteredTxn:
    """A read transaction, or another one as far as it is read.

    Attributes: read_bytes: of values, but for what cursors are used for."""

    __slots__ = ("_txn", "read_bytes")

    def __init__(self, txn: ReadTxn) -> None:
        self._txn = txn
        self.read_bytes = 0

    @property
    def is_spent(self) -> bool:
        return self.read_bytes >= READ_AT_ONCE_BYTES

    def get(self, table: Table, key: bytes) -> bytes | None:
        value = self._txn.get(table, key)
        if value is not None:
            self.read_bytes += len(value)
        return value

    def cursor(self, table: Table) -> Cursor:
        return self._txn.cursor(table)

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        for row in self._txn.scan(table, prefix=prefix, after=after):
            self.read_bytes += len(row[1])
            yield row
