"""Transactions of the store on LMDB: each row is sealed when it is written, and checked when it is
read (`seal`).

A row whose key was damaged stands where its right key would: who looks for that one finds nothing,
or begins behind it. So what a search that does not hit finds on both sides is checked as well.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, Protocol, cast

import lmdb

from trioxygen.common.checksum import raw_crc32c
from trioxygen.common.errors import DamagedRow, NoSpace, StoreDamaged
from trioxygen.metadata.store.ports import DamagedSpan, StoreFailed, Table
from trioxygen.metadata.store.seal import SEAL_BYTES, WHOLE, damaged, is_whole, seal

# What LMDB raises for pages that are not what they should be.
PAGE_ERRORS: Final = (
    lmdb.PageNotFoundError,
    lmdb.CorruptedError,
    lmdb.PanicError,
    lmdb.ProblemError,
    lmdb.BadChecksumError,
)

_OF_DISK: Final = (errno.EIO, errno.EROFS, errno.ENODEV, errno.ENXIO, errno.ESTALE)

DamageWatcher = Callable[[Table, bytes], None]


class BytesCursor(Protocol):
    """An lmdb.Cursor of a transaction with `buffers=False`, which the binding's types cannot
    tell."""

    def set_range(self, key: bytes, /) -> bool: ...

    def first(self) -> bool: ...

    def last(self) -> bool: ...

    def next(self) -> bool: ...

    def prev(self) -> bool: ...

    def key(self) -> bytes: ...

    def item(self) -> tuple[bytes, bytes]: ...

    def delete(self) -> bool: ...


class Rows(NamedTuple):
    """Where a table's rows are, and what their seals start from.

    Attributes:
    path: of the store, for errors.
    watcher: is told of each damaged row that is met.
    """

    database: lmdb._Database
    seed: int
    table: Table
    path: str
    watcher: DamageWatcher

    def damaged(self, key: bytes) -> DamagedRow:
        self.watcher(self.table, key)
        return damaged(self.table, key, self.path)

    def check(self, item: tuple[bytes, bytes]) -> None:
        if raw_crc32c(item[0] + item[1], self.seed) != WHOLE:
            raise self.damaged(item[0])


def _seek(cursor: BytesCursor, key: bytes, rows: Rows) -> tuple[bytes, bytes] | None:
    """The first stored row at or after a key, checked; the cursor stands there."""
    if not cursor.set_range(key):
        if cursor.last():
            rows.check(cursor.item())
        return None
    item = cursor.item()
    rows.check(item)
    if item[0] != key:
        if cursor.prev():
            rows.check(cursor.item())
            cursor.next()
        else:
            cursor.first()
    return item


def _place(cursor: BytesCursor, rows: Rows, key: bytes, *, is_damaged: bool) -> bool:
    """Places a cursor at the damaged row, or the whole one, that has a key. A damaged key may stand
    anywhere, and may be the same as a whole one's."""

    def is_here() -> bool:
        item = cursor.item()
        return item[0] == key and is_whole(rows.seed, *item) != is_damaged

    is_there = cursor.set_range(key)
    if is_there and is_here():
        return True
    is_there = cursor.first()
    while is_there and not is_here():
        is_there = cursor.next()
    return is_there


def _page_error(error: lmdb.Error, path: str) -> StoreDamaged:
    return StoreDamaged("the file of a store is damaged", store=path, cause=str(error))


class LmdbCursor:
    __slots__ = ("_cursor", "_rows", "_seed")

    def __init__(self, cursor: BytesCursor, rows: Rows) -> None:
        self._cursor, self._rows, self._seed = cursor, rows, rows.seed

    def seek(self, key: bytes) -> tuple[bytes, bytes] | None:
        try:
            item = _seek(self._cursor, key, self._rows)
        except PAGE_ERRORS as error:
            raise _page_error(error, self._rows.path) from error
        return None if item is None else (item[0], item[1][:-SEAL_BYTES])

    def next(self) -> tuple[bytes, bytes] | None:
        # The hot path of listings: everything inline.
        try:
            if not self._cursor.next():
                return None
            key, stored = self._cursor.item()
        except PAGE_ERRORS as error:
            raise _page_error(error, self._rows.path) from error
        if raw_crc32c(key + stored, self._seed) != WHOLE:
            raise self._rows.damaged(key)
        return key, stored[:-SEAL_BYTES]


class LmdbTxn:
    """A read or write transaction.

    Args:
        rows: of each table, by its number.
        end_copies, keep_room, note_failure: of a write transaction: ends all copies under way; runs
            after the commit; is told of one that the disk did not take.
    """

    __slots__ = (
        "_end_copies",
        "_is_changed",
        "_keep_room",
        "_note_failure",
        "_rows",
        "_txn",
        "is_open",
    )

    def __init__(
        self,
        txn: lmdb.Transaction,
        rows: Mapping[int, Rows],
        end_copies: Callable[[], None] | None = None,
        keep_room: Callable[[], None] | None = None,
        note_failure: Callable[[StoreFailed], None] | None = None,
    ) -> None:
        self._txn, self._rows = txn, rows
        self._end_copies, self._keep_room = end_copies, keep_room
        self._note_failure = note_failure
        self._is_changed = False
        self.is_open = True

    def get(self, table: Table, key: bytes) -> bytes | None:
        rows = self._rows[table.number]
        try:
            stored = cast("bytes | None", self._txn.get(key, None, rows.database))
            if stored is None:
                _seek(self._cursor(rows), key, rows)
                return None
        except PAGE_ERRORS as error:
            raise _page_error(error, rows.path) from error
        if raw_crc32c(key + stored, rows.seed) != WHOLE:
            raise rows.damaged(key)
        return stored[:-SEAL_BYTES]

    def cursor(self, table: Table) -> LmdbCursor:
        rows = self._rows[table.number]
        return LmdbCursor(self._cursor(rows), rows)

    def _cursor(self, rows: Rows) -> BytesCursor:
        return cast(BytesCursor, self._txn.cursor(rows.database))

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        cursor = self.cursor(table)
        item = cursor.seek(prefix if after is None or after < prefix else after)
        if item is not None and item[0] == after:
            item = cursor.next()
        while item is not None and item[0].startswith(prefix):
            yield item
            item = cursor.next()

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        self._is_changed = True
        rows = self._rows[table.number]
        try:
            self._txn.put(key, seal(rows.seed, key, value), db=rows.database)
        except PAGE_ERRORS as error:
            raise _page_error(error, rows.path) from error
        except lmdb.Error as error:
            raise disk_error(error) or error from error

    def delete(self, table: Table, key: bytes) -> bool:
        rows = self._rows[table.number]
        try:
            self._is_changed = True
            return bool(self._txn.delete(key, db=rows.database))
        except PAGE_ERRORS as error:
            raise _page_error(error, rows.path) from error
        except lmdb.Error as error:
            raise disk_error(error) or error from error

    def delete_range(self, table: Table, start: bytes, end: bytes) -> int:
        rows = self._rows[table.number]
        cursor = self._cursor(rows)
        count = 0
        try:
            is_there = cursor.set_range(start)
            while is_there and cursor.key() < end:
                # The cursor moves to the next row by itself; delete() is false when there was none.
                cursor.delete()
                self._is_changed = True
                count += 1
                is_there = bool(cursor.key())
        except PAGE_ERRORS as error:
            raise _page_error(error, rows.path) from error
        except lmdb.Error as error:
            raise disk_error(error) or error from error
        return count

    def damaged_rows(self, table: Table, *, remove: bool = False) -> list[bytes]:
        """The keys of all rows whose seals do not hold, as they stand there.

        Args:
            remove: of a write transaction: they are deleted.
        Raises: StoreDamaged: rows cannot even be walked over.
        """
        rows = self._rows[table.number]
        cursor = self._cursor(rows)
        keys: list[bytes] = []
        try:
            is_there = cursor.first()
            while is_there:
                key, stored = cursor.item()
                if is_whole(rows.seed, key, stored):
                    is_there = cursor.next()
                    continue
                keys.append(key)
                if remove:
                    self._is_changed = True
                    cursor.delete()
                    is_there = bool(cursor.key())
                else:
                    is_there = cursor.next()
        except PAGE_ERRORS as error:
            raise _page_error(error, rows.path) from error
        return keys

    def damaged_span(self, table: Table, key: bytes) -> DamagedSpan | None:
        """See `ports.Store`."""
        rows = self._rows[table.number]
        cursor = self._cursor(rows)
        if not _place(cursor, rows, key, is_damaged=True):
            return None
        is_there = True
        while is_there and not is_whole(rows.seed, *cursor.item()):
            is_there = cursor.prev()
        after = cursor.key() if is_there else None
        is_there = cursor.next() if is_there else cursor.first()
        while is_there and not is_whole(rows.seed, *cursor.item()):
            is_there = cursor.next()
        return DamagedSpan(table, after, cursor.key() if is_there else None)

    def remove_span(self, span: DamagedSpan) -> None:
        """The damaged rows of it."""
        rows = self._rows[span.table.number]
        cursor = self._cursor(rows)
        if span.after is None:
            is_there = cursor.first()
        else:
            was_there = _place(cursor, rows, span.after, is_damaged=False)
            assert was_there, "a whole row is where it was"
            is_there = cursor.next()
        while is_there and not is_whole(rows.seed, *cursor.item()):
            self._is_changed = True
            cursor.delete()
            is_there = bool(cursor.key())

    def commit(self) -> None:
        self.is_open = False
        try:
            self._txn.commit()
        except lmdb.Error as error:
            failure = disk_error(error)
            # It syncs, also what the commit before it left to it.
            if isinstance(failure, StoreFailed) and self._note_failure is not None:
                self._note_failure(failure)
            raise failure or error from error
        if self._keep_room is not None:
            self._keep_room()

    def abort(self) -> None:
        self.is_open = False
        if self._end_copies is None:
            self._txn.abort()
        elif self._is_changed:
            # The binding waits with it until no copy is under way, which may take minutes. Changes
            # are undone only by a leader that was replaced, whose copy nobody takes any more.
            self._end_copies()
            self._txn.abort()
        else:
            # The same, and waits for nothing.
            self._txn.commit()


def disk_error(error: lmdb.Error) -> NoSpace | StoreFailed | None:
    """What it says of the disk, if it does."""
    # Some codes are LMDB's own; the rest carry the system's text.
    text = str(error)
    for code in _OF_DISK:
        if os.strerror(code) in text:
            return StoreFailed(code, text)
    if isinstance(error, lmdb.PanicError):
        # It could not write a page that says what is committed: nothing is, from then on.
        return StoreFailed(errno.EIO, text)
    signs = (
        "MDB_MAP_FULL",
        "MDB_SHORT_WRITE",
        os.strerror(errno.ENOSPC),
        os.strerror(errno.EDQUOT),
    )
    return NoSpace("the disk is full", store=text) if any(sign in text for sign in signs) else None
