"""The store in memory: the twin of `lmdb_kv` for tests and simulation."""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.metadata.store.dump import dump, load
from trioxygen.metadata.store.ports import COPY_PIECE_BYTES, DamagedSpan, ReadTxn, Table

# As LMDB's 1.0 engine.
KEY_BYTES_MAX: Final = 1978


class _Rows:
    """One table. Never changed once it is committed."""

    __slots__ = ("keys", "values")

    def __init__(self, keys: list[bytes], values: dict[bytes, bytes]) -> None:
        self.keys, self.values = keys, values

    def copy(self) -> "_Rows":
        return _Rows(self.keys.copy(), self.values.copy())


class MemoryCursor:
    __slots__ = ("_is_positioned", "_last_key", "_table", "_txn")

    def __init__(self, txn: "MemoryTxn", table: Table) -> None:
        self._txn, self._table = txn, table
        self._last_key: bytes | None = None
        self._is_positioned = True

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        rows = self._txn.rows(self._table)
        return self._move(rows, bisect_left(rows.keys, key))

    def next(self) -> tuple[bytes, bytes] | None:
        rows = self._txn.rows(self._table)
        if not self._is_positioned:
            return None
        if self._last_key is None:
            return self._move(rows, 0)
        return self._move(rows, bisect_right(rows.keys, self._last_key))

    def _move(self, rows: _Rows, position: int) -> tuple[bytes, bytes] | None:
        self._is_positioned = position < len(rows.keys)
        if not self._is_positioned:
            return None
        key = self._last_key = rows.keys[position]
        return key, rows.values[key]


class MemoryTxn:
    """A read transaction: a snapshot."""

    def __init__(self, tables: Mapping[Table, _Rows]) -> None:
        self._tables = dict(tables)
        self._is_open = True

    def rows(self, table: Table) -> _Rows:
        assert self._is_open, "a transaction was used after its end"
        return self._tables[table]

    def end(self) -> None:
        self._is_open = False

    def get(self, table: Table, key: bytes) -> bytes | None:
        return self.rows(table).values.get(key)

    def cursor(self, table: Table) -> MemoryCursor:
        return MemoryCursor(self, table)

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        cursor = self.cursor(table)
        row = cursor.seek(prefix if after is None or after < prefix else after)
        if row is not None and row[0] == after:
            row = cursor.next()
        while row is not None and row[0].startswith(prefix):
            yield row
            row = cursor.next()


class MemoryWriteTxn(MemoryTxn):
    """Copies each table that it changes."""

    def __init__(self, store: "MemoryStore", tables: Mapping[Table, _Rows]) -> None:
        super().__init__(tables)
        self._store = store
        self._changed: set[Table] = set()

    def _own(self, table: Table) -> _Rows:
        rows = self.rows(table)
        if table not in self._changed:
            self._changed.add(table)
            rows = self._tables[table] = rows.copy()
        return rows

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        assert 0 < len(key) <= KEY_BYTES_MAX, f"a key of {len(key)} bytes"
        rows = self._own(table)
        if key not in rows.values:
            rows.keys.insert(bisect_left(rows.keys, key), key)
        rows.values[key] = bytes(value)

    def delete(self, table: Table, key: bytes) -> bool:
        if key not in self.rows(table).values:
            return False
        rows = self._own(table)
        del rows.values[key], rows.keys[bisect_left(rows.keys, key)]
        return True

    def delete_range(self, table: Table, start: bytes, end: bytes) -> int:
        rows = self._own(table)
        first, stop = bisect_left(rows.keys, start), bisect_left(rows.keys, end)
        for key in rows.keys[first:stop]:
            del rows.values[key]
        del rows.keys[first:stop]
        return max(0, stop - first)

    def commit(self) -> None:
        assert self._is_open, "a transaction ends once"
        self.end()
        self._store.replace({table: self._tables[table] for table in self._changed})

    def abort(self) -> None:
        if self._is_open:
            self.end()
            self._store.replace({})


class MemoryCopy:
    """A dump of the rows."""

    def __init__(self, tables: Mapping[Table, _Rows]) -> None:
        self._txn = MemoryTxn(tables)
        self._pieces = dump(self._txn, tables)
        self._left = b""

    def txn(self) -> ReadTxn:
        return self._txn

    def read(self) -> bytes:
        left = self._left or next(self._pieces, b"")
        piece, self._left = left[:COPY_PIECE_BYTES], left[COPY_PIECE_BYTES:]
        return piece

    def close(self) -> None:
        self._pieces.close()
        self._txn.end()


class MemoryIncoming:
    def __init__(self, store: "MemoryStore") -> None:
        self._store = store
        self._pieces: list[bytes] = []
        self._received: MemoryStore | None = None
        self._is_over = False

    def write(self, piece: Buffer) -> None:
        self._pieces.append(bytes(piece))

    def complete(self) -> None:
        tables = list(self._store.tables)
        received = MemoryStore(tables)
        load(received, tables, self._pieces)
        self._received = received

    @contextmanager
    def read(self) -> Iterator[ReadTxn]:
        assert self._received is not None, "looked at before it was complete"
        with self._received.read() as txn:
            yield txn

    def install(self) -> None:
        assert self._received is not None and not self._is_over
        self._is_over = True
        self._store.replace_all(self._received.tables)

    def abort(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._store.end_receiving()


class MemoryStore:
    """Implements `ports.Store`. A write transaction copies what it changes: for small tables."""

    key_bytes_max = KEY_BYTES_MAX
    copy_format = "rows-1"

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = {table: _Rows([], {}) for table in tables}
        self._writer = threading.Lock()
        self._writer_thread = 0
        self._is_receiving = False

    @property
    def tables(self) -> Mapping[Table, _Rows]:
        """Only for `MemoryIncoming`, as are `replace_all` and `end_receiving`."""
        return self._tables

    @contextmanager
    def read(self) -> Iterator[ReadTxn]:
        txn = MemoryTxn(self._tables)
        try:
            yield txn
        finally:
            txn.end()

    def begin(self) -> MemoryWriteTxn:
        here = threading.get_ident()
        assert not (self._writer.locked() and self._writer_thread == here), (
            "a second write transaction on one thread waits for itself"
        )
        self._writer.acquire()
        self._writer_thread = here
        return MemoryWriteTxn(self, self._tables)

    def replace(self, changed: Mapping[Table, _Rows]) -> None:
        """Ends the write transaction. Only for `MemoryWriteTxn`."""
        # One assignment: a reader on another thread sees all of a commit or nothing.
        self._tables = {**self._tables, **changed}
        self._writer.release()

    def count(self, table: Table) -> int:
        return len(self._tables[table].keys)

    @property
    def is_short(self) -> bool:
        return False

    def keep_room(self) -> None:
        """It needs none."""

    def sync(self) -> None:
        return

    def copy(self) -> MemoryCopy:
        return MemoryCopy(self._tables)

    def receive(self) -> MemoryIncoming:
        assert not self._is_receiving, "one copy is received at a time"
        self._is_receiving = True
        return MemoryIncoming(self)

    def replace_all(self, tables: Mapping[Table, _Rows]) -> None:
        assert not self._writer.locked(), "a store was replaced under an open write transaction"
        self._tables = dict(tables)
        self.end_receiving()

    def end_receiving(self) -> None:
        self._is_receiving = False

    def watch_damage(self, watcher: Callable[[Table, bytes], None]) -> None:
        """Rows in memory are what they were when they were put."""

    def damaged_rows(self, *, remove: bool = False) -> list[tuple[Table, bytes]]:
        return []

    def damaged_span(self, table: Table, key: bytes) -> DamagedSpan | None:
        return None

    def heal(self, span: DamagedSpan, rows: Iterable[tuple[bytes, bytes]]) -> None:
        raise AssertionError("no row here is damaged")

    def close(self) -> None:
        return
