"""The store on LMDB; the one file that imports it.

Environments use the 1.0 engine, whose key limit is 1,978 bytes (S3 keys go to 1,024).
`metasync=False`: a power loss keeps integrity and loses at most the last commit, which the
write-ahead log replays. Traps: one writer thread only; a second write transaction blocks; never
use an environment after fork.
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, cast

import lmdb

from trioxygen.common.errors import NoSpace, UnknownFormat
from trioxygen.common.units import TIB
from trioxygen.metadata.store.ports import ReadTxn, Table

# Sparse: only what is written takes disk space.
MAP_SIZE_BYTES: Final = 1 * TIB
KEY_BYTES_NEEDED: Final = 8 + 1024 + 1 + 16
_READERS_MAX: Final = 512


class _BytesCursor(Protocol):
    """An lmdb.Cursor of a transaction with `buffers=False`, which the binding's types cannot
    tell."""

    def set_range(self, key: bytes, /) -> bool: ...

    def next(self) -> bool: ...

    def key(self) -> bytes: ...

    def item(self) -> tuple[bytes, bytes]: ...

    def delete(self) -> bool: ...


class LmdbCursor:
    __slots__ = ("_cursor",)

    def __init__(self, cursor: _BytesCursor) -> None:
        self._cursor = cursor

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        return self._cursor.item() if self._cursor.set_range(key) else None

    def next(self) -> tuple[bytes, bytes] | None:
        return self._cursor.item() if self._cursor.next() else None


class LmdbTxn:
    """A read or write transaction."""

    __slots__ = ("_databases", "_txn")

    def __init__(self, txn: lmdb.Transaction, databases: dict[Table, lmdb._Database]) -> None:
        self._txn, self._databases = txn, databases

    def get(self, table: Table, key: bytes) -> bytes | None:
        return cast("bytes | None", self._txn.get(key, None, self._databases[table]))

    def cursor(self, table: Table) -> LmdbCursor:
        return LmdbCursor(self._cursor(table))

    def _cursor(self, table: Table) -> _BytesCursor:
        return cast(_BytesCursor, self._txn.cursor(self._databases[table]))

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        cursor = self._cursor(table)
        found = cursor.set_range(prefix if after is None or after < prefix else after)
        if found and after is not None and cursor.key() == after:
            found = cursor.next()
        while found:
            item = cursor.item()
            if not item[0].startswith(prefix):
                return
            yield item
            found = cursor.next()

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        try:
            self._txn.put(key, value, db=self._databases[table])
        except lmdb.MapFullError as error:
            raise NoSpace("the metadata store is full") from error

    def delete(self, table: Table, key: bytes) -> bool:
        return bool(self._txn.delete(key, db=self._databases[table]))

    def delete_range(self, table: Table, start: bytes, end: bytes) -> int:
        cursor = self._cursor(table)
        count = 0
        found = cursor.set_range(start)
        while found and cursor.key() < end:
            # The cursor moves to the next row by itself; delete() is false when there was none.
            cursor.delete()
            count += 1
            found = bool(cursor.key())
        return count

    def commit(self) -> None:
        try:
            self._txn.commit()
        except lmdb.Error as error:
            if _is_out_of_space(error):
                raise NoSpace("the disk is full", store=str(error)) from error
            raise

    def abort(self) -> None:
        self._txn.abort()


def _is_out_of_space(error: lmdb.Error) -> bool:
    # A short write has a code of LMDB's own; the rest carry the system's text.
    text = str(error)
    return "MDB_SHORT_WRITE" in text or os.strerror(errno.ENOSPC) in text


class LmdbStore:
    """Args:
    path: a folder of its own; made when missing.
    tables: all of them; a table that is missing is made empty.
    map_bytes: bound of the file's size; sparse.
    """

    def __init__(
        self, path: Path, tables: Iterable[Table], *, map_bytes: int = MAP_SIZE_BYTES
    ) -> None:
        tables = list(tables)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._env = lmdb.open(
                str(path),
                map_size=map_bytes,
                metasync=False,
                max_dbs=len(tables) + 1,
                max_readers=_READERS_MAX,
                max_spare_txns=16,
                lib_version=1,
            )
        except (lmdb.VersionMismatchError, lmdb.InvalidError) as error:
            raise UnknownFormat("not a metadata store of this version", path=str(path)) from error
        self.key_bytes_max = self._env.max_key_size()
        assert self.key_bytes_max >= KEY_BYTES_NEEDED, (
            f"LMDB engine with keys of {self.key_bytes_max} bytes"
        )
        self._databases = {table: self._env.open_db(table.name.encode()) for table in tables}

    @contextmanager
    def read(self) -> Iterator[ReadTxn]:
        with self._env.begin(buffers=False) as txn:
            yield LmdbTxn(txn, self._databases)

    def begin(self) -> LmdbTxn:
        return LmdbTxn(self._env.begin(write=True), self._databases)

    def count(self, table: Table) -> int:
        with self._env.begin() as txn:
            return int(txn.stat(self._databases[table])["entries"])

    def sync(self) -> None:
        self._env.sync(True)

    def close(self) -> None:
        self._env.close()
