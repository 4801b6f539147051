"""The store on LMDB; `lmdb_file`, `lmdb_txn` and this are the files that import it.

Environments use the 1.0 engine, whose key limit is 1,978 bytes (S3 keys go to 1,024).
`metasync=False`: a power loss keeps integrity and loses at most the last commit, which the
write-ahead log replays. Traps: one writer thread only; a second write transaction blocks; never
use an environment after fork.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import lmdb

from trioxygen.common.disk import Buffer, Disk, SystemDisk
from trioxygen.common.errors import (
    ChecksumMismatch,
    Internal,
    Stopping,
    StoreDamaged,
    UnknownFormat,
)
from trioxygen.common.units import GIB, MIB, TIB
from trioxygen.metadata.store.lmdb_file import DATA_FILE, check_file, close_file, open_file
from trioxygen.metadata.store.lmdb_pages import NoHead
from trioxygen.metadata.store.lmdb_room import HeldRoom
from trioxygen.metadata.store.lmdb_txn import PAGE_ERRORS, Found, LmdbTxn, Rows, no_space
from trioxygen.metadata.store.ports import COPY_PIECE_BYTES, DamagedSpan, ReadTxn, Table
from trioxygen.metadata.store.seal import damaged, seed_of
from trioxygen.metadata.store.store_folder import StoreFolder

# Sparse: only what is written takes disk space.
MAP_SIZE_BYTES: Final = 1 * TIB
KEY_BYTES_NEEDED: Final = 8 + 1024 + 1 + 16
CHECK_BYTES_MAX: Final = 1 * GIB
# A received copy goes to the disk bit by bit: one large sync would hold up the log's.
_INCOMING_SYNC_BYTES: Final = 2 * MIB


class _Environment:
    """An open environment, and who uses it.

    Attributes:
    holders: one item for each; a list, since its methods are atomic.
    """

    __slots__ = ("env", "holders", "rows")

    def __init__(
        self, env: lmdb.Environment, tables: Iterable[Table], path: Path, found: Found
    ) -> None:
        """Raises: StoreDamaged."""
        self.env = env
        try:
            self.rows = {
                table.number: Rows(
                    env.open_db(table.name.encode()), seed_of(table), table, str(path), found
                )
                for table in tables
            }
        except (*PAGE_ERRORS, lmdb.IncompatibleError) as error:
            raise StoreDamaged(
                "the file of a store is damaged", file=str(path / DATA_FILE), cause=str(error)
            ) from error
        self.holders: list[None] = []

    def close(self) -> None:
        close_file(self.env)


class LmdbCopy:
    """LMDB's compacting copy writes into a pipe, with the GIL released, and stops while nobody
    reads. Its reader pins pages: the file grows by what is rewritten meanwhile.
    """

    def __init__(self, environment: _Environment, ended: Callable[["LmdbCopy"], None]) -> None:
        self._env, self._ended = environment.env, ended
        # The store may be closed while another thread reads.
        self._lock = threading.Lock()
        self._txn = environment.env.begin(buffers=False)
        self._rows = LmdbTxn(self._txn, environment.rows)
        # Not of the shared pool: it lives as long as the copy, most of the time asleep.
        self._thread = threading.Thread(target=self._write, name="lmdb-copy", daemon=True)
        self._source, self._sink = os.pipe()
        self._is_begun = self._is_closed = False
        self._error: lmdb.Error | None = None

    def txn(self) -> ReadTxn:
        assert not self._is_begun, "the copy's own reader is used by one thread at a time"
        return self._rows

    def _write(self) -> None:
        try:
            self._env.copyfd(self._sink, True, self._txn)
        except lmdb.Error as error:
            self._error = error
        finally:
            os.close(self._sink)

    def read(self) -> bytes:
        with self._lock:
            if self._is_closed:
                raise Stopping("the copy of the store was ended")
            if not self._is_begun:
                self._is_begun = True
                self._thread.start()
            pieces: list[bytes] = []
            missing = COPY_PIECE_BYTES
            while missing and (data := os.read(self._source, missing)):
                pieces.append(data)
                missing -= len(data)
            if missing and self._error is not None:
                raise Internal("the store was not copied", cause=str(self._error)) from self._error
            return b"".join(pieces)

    def close(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            # A copy that still writes finds the pipe broken, and ends.
            os.close(self._source)
            if self._is_begun:
                self._thread.join()
            else:
                os.close(self._sink)
            self._txn.abort()
            self._ended(self)


class LmdbIncoming:
    def __init__(self, store: "LmdbStore", disk: Disk, folder: StoreFolder) -> None:
        self._store, self._folder, self._disk = store, folder, disk
        folder.make_incoming()
        self._file = disk.open(folder.incoming / DATA_FILE, create=True)
        self._size_bytes = self._synced_bytes = 0
        self._is_written = self._is_over = False
        self._environment: _Environment | None = None

    def write(self, piece: Buffer) -> None:
        assert not self._is_written, "written to after its end"
        self._size_bytes += self._file.pwrite((piece,), self._size_bytes)
        if self._size_bytes - self._synced_bytes >= _INCOMING_SYNC_BYTES:
            self._file.datasync()
            self._synced_bytes = self._size_bytes

    def complete(self) -> None:
        self._file.datasync()
        self._close_file()
        env = self._store.open_received(self._folder.incoming)
        try:
            self._environment = self._store.check_received(env, self._folder.incoming)
        except BaseException:
            close_file(env)
            raise

    def _close_file(self) -> None:
        if not self._is_written:
            self._is_written = True
            self._file.close()

    @contextmanager
    def read(self) -> Iterator[ReadTxn]:
        assert self._environment is not None, "looked at before it was complete"
        with self._environment.env.begin(buffers=False) as txn:
            yield LmdbTxn(txn, self._environment.rows)

    def install(self) -> None:
        assert self._environment is not None and not self._is_over
        self._is_over = True
        self._environment.env.sync(True)
        # The environment stays open under its folder's new name.
        self._store.replace_with(self._environment)

    def abort(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._close_file()
        if self._environment is not None:
            self._environment.close()
        self._folder.remove_incoming()
        self._store.end_receiving()


class LmdbStore:
    """Args:
    path: a folder of its own; made when missing. Names that start with it are the store's too.
    tables: all of them; a table that is missing is made empty.
    map_bytes: bound of the file's size; sparse.
    reserve_bytes: of disk space held ahead of use (see `lmdb_room`).
    check_bytes_max: of a larger file only the inner pages are checked before it is opened.
    disk: for the folders; LMDB opens its files itself.
    """

    copy_format = "lmdb-2"

    def __init__(
        self,
        path: Path,
        tables: Iterable[Table],
        *,
        map_bytes: int = MAP_SIZE_BYTES,
        reserve_bytes: int = 0,
        check_bytes_max: int = CHECK_BYTES_MAX,
        disk: Disk | None = None,
    ) -> None:
        self._tables: Sequence[Table] = list(tables)
        self._map_bytes, self._check_bytes_max = map_bytes, check_bytes_max
        self._disk = disk or SystemDisk()
        self._folder = StoreFolder(self._disk, path)
        self._folder.recover()
        if not self._disk.exists(path / DATA_FILE):
            self._make()
        check_file(self._disk, path, self._tables, whole_bytes_max=check_bytes_max)
        env = open_file(self._disk, path, tables_max=len(self._tables), map_bytes=map_bytes)
        self.key_bytes_max = env.max_key_size()
        assert self.key_bytes_max >= KEY_BYTES_NEEDED, (
            f"LMDB engine with keys of {self.key_bytes_max} bytes"
        )
        self._watcher: Found | None = None
        try:
            self._open = _Environment(env, self._tables, path, self._found)
        except lmdb.Error as error:
            close_file(env)
            raise no_space(error) or error from error
        except BaseException:
            close_file(env)
            raise
        self._room = HeldRoom(
            self._disk, path, self._used_bytes, reserve_bytes=reserve_bytes, map_bytes=map_bytes
        )
        self.keep_room = self._room.keep
        self._writer: LmdbTxn | None = None
        self._is_receiving = False
        self._copies: set[LmdbCopy] = set()

    def _make(self) -> None:
        """LMDB syncs neither a new file's first pages nor its name: a power loss could leave half a
        page, or take the file with all that was committed since."""
        self._folder.make_incoming()
        env = open_file(
            self._disk,
            self._folder.incoming,
            tables_max=len(self._tables),
            map_bytes=self._map_bytes,
        )
        env.sync(True)
        close_file(env)
        self._folder.replace()

    def _found(self, table: Table, key: bytes) -> None:
        if self._watcher is not None:
            self._watcher(table, key)

    def watch_damage(self, watcher: Found) -> None:
        self._watcher = watcher

    def damaged_rows(self, *, remove: bool = False) -> list[tuple[Table, bytes]]:
        """Walks over all rows. Raises: StoreDamaged."""
        environment = self._open
        found: list[tuple[Table, bytes]] = []
        with environment.env.begin(write=remove, buffers=False) as txn:
            rows = LmdbTxn(txn, environment.rows)
            for table in self._tables:
                found += [(table, key) for key in rows.damaged_rows(table, remove=remove)]
        return found

    def damaged_span(self, table: Table, key: bytes) -> DamagedSpan | None:
        environment = self._hold()
        try:
            with environment.env.begin(buffers=False) as txn:
                return LmdbTxn(txn, environment.rows).damaged_span(table, key)
        finally:
            self._release(environment)

    def heal(self, span: DamagedSpan, rows: Iterable[tuple[bytes, bytes]]) -> None:
        txn = self.begin()
        try:
            txn.remove_span(span)
            for key, value in rows:
                txn.put(span.table, key, value)
        except BaseException:
            txn.abort()
            raise
        txn.commit()

    def _hold(self) -> _Environment:
        """The environment in use; it stays open until `_release`."""
        while True:
            environment = self._open
            environment.holders.append(None)
            # Else it was replaced in between, and is perhaps closed already.
            if environment is self._open:
                return environment
            self._release(environment)

    def _release(self, environment: _Environment) -> None:
        environment.holders.pop()
        if environment is not self._open and not environment.holders:
            environment.close()

    @contextmanager
    def read(self) -> Iterator[ReadTxn]:
        environment = self._hold()
        try:
            with environment.env.begin(buffers=False) as txn:
                yield LmdbTxn(txn, environment.rows)
        finally:
            self._release(environment)

    def begin(self) -> LmdbTxn:
        environment = self._open
        txn = self._writer = LmdbTxn(
            environment.env.begin(write=True),
            environment.rows,
            self._end_copies,
            self._room.keep,
        )
        return txn

    @property
    def is_short(self) -> bool:
        return self._room.is_short

    def _used_bytes(self) -> int:
        env = self._open.env
        return (env.info()["last_pgno"] + 1) * env.stat()["psize"]

    def count(self, table: Table) -> int:
        environment = self._hold()
        try:
            with environment.env.begin() as txn:
                return int(txn.stat(environment.rows[table.number].database)["entries"])
        finally:
            self._release(environment)

    def sync(self) -> None:
        environment = self._hold()
        try:
            environment.env.sync(True)
        except lmdb.Error as error:
            raise no_space(error) or error from error
        finally:
            self._release(environment)

    def copy(self) -> LmdbCopy:
        environment = self._hold()

        def ended(copy: LmdbCopy) -> None:
            self._copies.discard(copy)
            self._release(environment)

        try:
            copy = LmdbCopy(environment, ended)
        except BaseException:
            self._release(environment)
            raise
        self._copies.add(copy)
        return copy

    def _end_copies(self) -> None:
        for copy in tuple(self._copies):
            copy.close()

    def receive(self) -> LmdbIncoming:
        assert not self._is_receiving, "one copy is received at a time"
        self._is_receiving = True
        return LmdbIncoming(self, self._disk, self._folder)

    def open_received(self, path: Path) -> lmdb.Environment:
        """Only for `LmdbIncoming`, as are the next three."""
        try:
            check_file(self._disk, path, self._tables, whole_bytes_max=self._check_bytes_max)
            return open_file(
                self._disk, path, tables_max=len(self._tables), map_bytes=self._map_bytes
            )
        except StoreDamaged as error:
            if isinstance(error.__cause__, NoHead):
                raise UnknownFormat("not a copy of a store") from error
            raise ChecksumMismatch("a copy of a store is damaged", **error.facts) from error

    def check_received(self, env: lmdb.Environment, path: Path) -> _Environment:
        """Raises: UnknownFormat, DamagedRow, StoreDamaged."""
        known = {table.name.encode() for table in self._tables}
        with env.begin() as txn:
            # The 1.0 engine ends names with a zero byte.
            names = txn.cursor().iternext(keys=True, values=False)
            found = {bytes(name).rstrip(b"\0") for name in names}
        unknown = sorted(found - known)
        if unknown:
            # What changes it would come too, and could not be applied.
            raise UnknownFormat("a store with a table that is not known", name=repr(unknown[0]))
        received = _Environment(env, self._tables, path, lambda table, key: None)
        with env.begin(buffers=False) as txn:
            rows = LmdbTxn(txn, received.rows)
            for table in self._tables:
                for key in rows.damaged_rows(table):
                    raise damaged(table, key, str(path))
        # From here on it is this store's own.
        return _Environment(env, self._tables, self._folder.path, self._found)

    def replace_with(self, environment: _Environment) -> None:
        assert self._writer is None or not self._writer.is_open, (
            "a store was replaced under an open write transaction"
        )
        self._folder.replace()
        self._writer = None
        before, self._open = self._open, environment
        # Readers under way keep the old one; the last of them closes it.
        if not before.holders:
            before.close()
        self._room.renew()
        self.end_receiving()

    def end_receiving(self) -> None:
        self._is_receiving = False

    def close(self) -> None:
        # A copy under way reads the map that closing takes away.
        self._end_copies()
        self._open.close()
