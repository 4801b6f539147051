"""Tables whose rows are protobuf messages."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from google.protobuf.message import Message

from trioxygen.metadata.store.ports import ReadTxn, Table, WriteTxn

Row = TypeVar("Row", bound=Message)


class RowTable(Generic[Row]):
    """Keys are made by the schema; this class only turns rows into bytes and back."""

    __slots__ = ("_type", "table")

    def __init__(
        self, number: int, name: str, row_type: type[Row], *, is_dumped: bool = True
    ) -> None:
        self.table = Table(number, name, is_dumped)
        self._type = row_type

    def get(self, txn: ReadTxn, key: bytes) -> Row | None:
        value = txn.get(self.table, key)
        return None if value is None else self._type.FromString(value)

    def put(self, txn: WriteTxn, key: bytes, row: Row) -> None:
        txn.put(self.table, key, row.SerializeToString())

    def delete(self, txn: WriteTxn, key: bytes) -> bool:
        return txn.delete(self.table, key)

    def exists(self, txn: ReadTxn, key: bytes) -> bool:
        return txn.get(self.table, key) is not None

    def scan(
        self, txn: ReadTxn, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, Row]]:
        for key, value in txn.scan(self.table, prefix=prefix, after=after):
            yield key, self._type.FromString(value)
