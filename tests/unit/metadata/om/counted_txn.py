"""A write transaction that counts the rows that are touched, table by table: what an operation
costs, whatever machine it runs on."""

from collections import Counter
from collections.abc import Iterator

from trioxygen.metadata.store.ports import Cursor, Table, WriteTxn


class CountedCursor:
    def __init__(self, cursor: Cursor, touched: Counter[str], name: str) -> None:
        self._cursor, self._touched, self._name = cursor, touched, name

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        self._touched[self._name] += 1
        return self._cursor.seek(key)

    def next(self) -> tuple[bytes, bytes] | None:
        self._touched[self._name] += 1
        return self._cursor.next()


class CountedTxn:
    """Attributes: touched: rows, and ends of ranges, by table."""

    def __init__(self, txn: WriteTxn) -> None:
        self._txn = txn
        self.touched: Counter[str] = Counter()

    def get(self, table: Table, key: bytes) -> bytes | None:
        self.touched[table.name] += 1
        return self._txn.get(table, key)

    def cursor(self, table: Table) -> Cursor:
        return CountedCursor(self._txn.cursor(table), self.touched, table.name)

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        for row in self._txn.scan(table, prefix=prefix, after=after):
            self.touched[table.name] += 1
            yield row
        # The one that ended it.
        self.touched[table.name] += 1

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        self.touched[table.name] += 1
        self._txn.put(table, key, value)

    def delete(self, table: Table, key: bytes) -> bool:
        self.touched[table.name] += 1
        return self._txn.delete(table, key)

    def delete_range(self, table: Table, start: bytes, end: bytes) -> int:
        count = self._txn.delete_range(table, start, end)
        self.touched[table.name] += count
        return count

    def commit(self) -> None:
        self._txn.commit()

    def abort(self) -> None:
        self._txn.abort()
