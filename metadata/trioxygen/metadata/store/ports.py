"""The key-value store that metadata and block indexes live in: ordered tables, one writer, snapshot
reads."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from trioxygen.common.disk import Buffer
from trioxygen.common.units import KIB

# Of a copy's pieces. Small ones: whoever sends them sleeps in between.
COPY_PIECE_BYTES: Final = 256 * KIB


@dataclass(frozen=True, slots=True)
class Table:
    """A named, ordered map of bytes to bytes. `number` stands in replicated deltas: never reuse
    one.

    Attributes: is_dumped: dumps for operators hold its rows; snapshots for members always do.
    """

    number: int
    name: str
    is_dumped: bool = True


class Cursor(Protocol):
    """A position in one table. Valid while its transaction is. After a DamagedRow `next` goes on
    behind the damaged row."""

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The first row at or after `key`."""
        ...

    def next(self) -> tuple[bytes, bytes] | None:
        """The row after the last one returned."""
        ...


class ReadTxn(Protocol):
    """Rows are checked when they are read (`seal`). All methods raise DamagedRow, which names the
    row: the one that was asked for, or one beside it that may be it; StoreDamaged: the file is."""

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


@dataclass(frozen=True, slots=True)
class DamagedSpan:
    """Damaged rows that follow each other, between two that are whole.

    Attributes:
    after, before: keys of the whole rows on both sides; None: there is none.
    """

    table: Table
    after: bytes | None
    before: bytes | None


class Copy(Protocol):
    """The store as it was when the copy was begun, as bytes for another store's `receive`. Writers
    go on meanwhile. All methods block, and are called by one thread at a time."""

    def txn(self) -> ReadTxn:
        """The very state that is copied. Only before the first `read`."""
        ...

    def read(self) -> bytes:
        """The next bytes, at most `COPY_PIECE_BYTES`; none at the end."""
        ...

    def close(self) -> None:
        """Ends it, at any time. Idempotent."""
        ...


class Incoming(Protocol):
    """Another store's state on its way in, kept beside this one's until `install`. All methods
    block, and are called by one thread at a time."""

    def write(self, piece: Buffer) -> None: ...

    def complete(self) -> None:
        """All was written: makes it durable and opens it.

        Raises: UnknownFormat: not a store, or with a table that is not known here.
            ChecksumMismatch: damaged or cut short.
        """
        ...

    def read(self) -> AbstractContextManager[ReadTxn]:
        """A look at what was received. After `complete`."""
        ...

    def install(self) -> None:
        """Makes it the store's state, atomically and durably. Not while a write transaction is
        open. Readers under way keep what they began with."""
        ...

    def abort(self) -> None:
        """Throws away what was not installed. Idempotent."""
        ...


class StoreFailed(OSError):
    """The disk does not take what the store writes."""


class Store(Protocol):
    """Raises NoSpace, or StoreFailed, where something is written.

    Attributes:
    copy_format: what `copy` gives and `receive` takes, with its version.
    """

    key_bytes_max: int
    copy_format: str

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

    @property
    def is_short(self) -> bool:
        """Of room on the disk: only what frees space should be committed."""
        ...

    def keep_room(self) -> None:
        """Looks for more room where it `is_short`; a commit does too. Blocks."""
        ...

    def copy(self) -> Copy: ...

    def receive(self) -> Incoming:
        """Begins to take another store's copy; one at a time."""
        ...

    def watch_damage(self, watcher: Callable[[Table, bytes], None]) -> None:
        """`watcher` is told table and key of each damaged row that is met: on any thread, before
        the reader gets its DamagedRow."""
        ...

    def damaged_rows(self, *, remove: bool = False) -> list[tuple[Table, bytes]]:
        """All of them, after a look at every row. Blocks.

        Args:
            remove: deletes them; not while a write transaction is open.
        """
        ...

    def damaged_span(self, table: Table, key: bytes) -> DamagedSpan | None:
        """Around a damaged row, by its key as it stands there; None: there is no such row (any
        more). Blocks: it may have to look at all rows."""
        ...

    def heal(self, span: DamagedSpan, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Puts rows in the place of the damaged ones. A write transaction of its own."""
        ...

    def close(self) -> None: ...


class StoreFactory(Protocol):
    def __call__(self, name: str, tables: Iterable[Table]) -> Store: ...
