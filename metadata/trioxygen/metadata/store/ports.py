"""The key-value store that metadata and block indexes live in: ordered tables, one writer, snapshot
reads."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Table:
    """A named, ordered map of bytes to bytes. `number` stands in replicated deltas: never reuse
    one."""

    number: int
    name: str


class Cursor(Protocol):
    """A position in one table. Valid while its transaction is."""

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The first row at or after `key`."""
        ...

    def next(self) -> tuple[bytes, bytes] | None:
        """The row after the last one returned."""
        ...


class ReadTxn(Protocol):
    def get(self, table: Table, key: bytes) -> bytes | None: ...

    def cursor(self, table: Table) -> Cursor: ...

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Rows whose keys start with `prefix`, in order; only keys above `after`, if given."""
        ...


class WriteTxn(ReadTxn, Protocol):
    """Sees its own changes. Used from one thread only: the one that began it."""

    def put(self, table: Table, key: bytes, value: bytes) -> None: ...

    def delete(self, table: Table, key: bytes) -> bool:
        """Whether there was such a row."""
        ...

    def delete_range(self, table: Table, start: bytes, end: bytes) -> int:
        """Deletes rows with start <= key < end; how many."""
        ...

    def commit(self) -> None:
        """Durable but for, at most, the last commit before a power loss (the log replays it)."""
        ...

    def abort(self) -> None: ...


class Store(Protocol):
    key_bytes_max: int

    def read(self) -> AbstractContextManager[ReadTxn]:
        """A snapshot of the last commit."""
        ...

    def begin(self) -> WriteTxn:
        """The one write transaction; blocks while another is open."""
        ...

    def count(self, table: Table) -> int: ...

    def sync(self) -> None:
        """Makes all commits durable, the last one too."""
        ...

    def close(self) -> None: ...


class StoreFactory(Protocol):
    def __call__(self, name: str, tables: Iterable[Table]) -> Store: ...
