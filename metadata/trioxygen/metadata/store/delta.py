"""Deltas: what a batch of commands put and deleted, captured as it runs and applied again
elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from trioxygen.metadata.store.ports import Cursor, Table, WriteTxn
from trioxygen.proto.v1.raft_pb2 import Delta

_PUT: Final = 0
_DELETE: Final = 1
_DELETE_RANGE: Final = 2


class CapturingTxn:
    """A write transaction that remembers its changes, in order."""

    __slots__ = ("_txn", "keys", "operations", "size_bytes", "values")

    def __init__(self, txn: WriteTxn) -> None:
        self._txn = txn
        self.operations: list[int] = []
        self.keys: list[bytes] = []
        self.values: list[bytes] = []
        self.size_bytes = 0

    def get(self, table: Table, key: bytes) -> bytes | None:
        return self._txn.get(table, key)

    def cursor(self, table: Table) -> Cursor:
        return self._txn.cursor(table)

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        return self._txn.scan(table, prefix=prefix, after=after)

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        self._txn.put(table, key, value)
        self.operations.append(table.number * 4 + _PUT)
        self.keys.append(key)
        self.values.append(value)
        self.size_bytes += len(key) + len(value)

    def delete(self, table: Table, key: bytes) -> bool:
        found = self._txn.delete(table, key)
        if found:
            self.operations.append(table.number * 4 + _DELETE)
            self.keys.append(key)
            self.size_bytes += len(key)
        return found

    def delete_range(self, table: Table, start: bytes, end: bytes) -> int:
        count = self._txn.delete_range(table, start, end)
        if count:
            self.operations.append(table.number * 4 + _DELETE_RANGE)
            self.keys.append(start)
            self.values.append(end)
        return count

    def commit(self) -> None:
        self._txn.commit()

    def abort(self) -> None:
        self._txn.abort()

    def delta(self) -> bytes:
        """All changes so far, serialized."""
        return Delta(
            operations=self.operations, keys=self.keys, values=self.values
        ).SerializeToString()


def apply_delta(txn: WriteTxn, payload: bytes, tables: Mapping[int, Table]) -> None:
    """Does to `txn` what the delta says. A table that this version does not know is a programming
    error.
    """
    delta = Delta.FromString(payload)
    values = iter(delta.values)
    for operation, key in zip(delta.operations, delta.keys, strict=True):
        table = tables[operation >> 2]
        kind = operation & 3
        if kind == _PUT:
            txn.put(table, key, next(values))
        elif kind == _DELETE:
            txn.delete(table, key)
        else:
            assert kind == _DELETE_RANGE, operation
            txn.delete_range(table, key, next(values))
