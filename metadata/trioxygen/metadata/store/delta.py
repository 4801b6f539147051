"""Deltas: what a batch of commands put and deleted, captured as it runs and applied again
elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from google.protobuf.message import DecodeError

from trioxygen.common.errors import InvalidRequest, UnknownFormat
from trioxygen.metadata.store.ports import Cursor, Table, WriteTxn
from trioxygen.proto.v1.replication_pb2 import Delta

# Of the engine behind every store.
KEY_BYTES_MAX: Final = 1_978

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
        was_there = self._txn.delete(table, key)
        if was_there:
            self.operations.append(table.number * 4 + _DELETE)
            self.keys.append(key)
            self.size_bytes += len(key)
        return was_there

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


def apply_delta(
    txn: WriteTxn,
    payload: bytes,
    tables: Mapping[int, Table],
    *,
    key_bytes_max: int = KEY_BYTES_MAX,
) -> None:
    """Does to `txn` what the delta says, once all of it is known to be possible.

    Raises: InvalidRequest: it is no delta, by its bytes alone: so says every replica.
        UnknownFormat: of a table or an operation that a later version may know.
    """
    changes = _changes(payload, tables, key_bytes_max)
    for kind, table, key, value in changes:
        if kind == _PUT:
            txn.put(table, key, value)
        elif kind == _DELETE:
            txn.delete(table, key)
        else:
            txn.delete_range(table, key, value)


def _changes(
    payload: bytes, tables: Mapping[int, Table], key_bytes_max: int
) -> list[tuple[int, Table, bytes, bytes]]:
    try:
        delta = Delta.FromString(payload)
    except DecodeError as error:
        raise InvalidRequest("not a delta", size_bytes=len(payload)) from error
    operations = delta.operations
    with_value = sum([operation & 3 != _DELETE for operation in operations])
    if len(operations) != len(delta.keys) or with_value != len(delta.values):
        raise InvalidRequest(
            "a delta whose parts do not belong together",
            operations=len(operations),
            keys=len(delta.keys),
            values=len(delta.values),
        )
    values = iter(delta.values)
    changes: list[tuple[int, Table, bytes, bytes]] = []
    for operation, key in zip(operations, delta.keys, strict=True):
        kind, table = operation & 3, tables.get(operation >> 2)
        if table is None or kind > _DELETE_RANGE:
            raise UnknownFormat("a change that is not known here", operation=operation)
        if len(key) > key_bytes_max or not (key or kind == _DELETE_RANGE):
            raise InvalidRequest("a delta with a key of a wrong size", size_bytes=len(key))
        changes.append((kind, table, key, b"" if kind == _DELETE else next(values)))
    return changes
