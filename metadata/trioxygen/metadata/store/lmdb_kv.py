"""The store on LMDB.

Environments use the 1.0 engine, whose key limit is 1,978 bytes (S3 keys go to 1,024).
`metasync=False`: a power loss keeps integrity and loses at most the last commit, which the
write-ahead log replays. Traps: one writer thread only; a second write transaction blocks; never
use an environment after fork.
"""

import errno
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import lmdb

from trioxygen.common.disk import Disk
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.units import GIB, TIB
from trioxygen.metadata.store.lmdb_copy import LmdbCopy
from trioxygen.metadata.store.lmdb_environment import Environment
from trioxygen.metadata.store.lmdb_file import (
    check_file,
    close_file,
    open_file,
    sync_file,
    write_metas_again,
)
from trioxygen.metadata.store.lmdb_incoming import LmdbIncoming
from trioxygen.metadata.store.lmdb_room import DATA_FILE, HeldRoom
from trioxygen.metadata.store.lmdb_txn import DamageWatcher, LmdbTxn, disk_error
from trioxygen.metadata.store.ports import DamagedSpan, ReadTxn, StoreFailed, Table
from trioxygen.metadata.store.store_folder import StoreFolder

# Sparse: only what is written takes disk space.
MAP_SIZE_BYTES: Final = 1 * TIB
KEY_BYTES_NEEDED: Final = 8 + 1024 + 1 + 16
CHECK_BYTES_MAX: Final = 1 * GIB


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
        write_metas_again(self._disk, path)
        env = open_file(self._disk, path, tables_max=len(self._tables), map_bytes=map_bytes)
        self.key_bytes_max = env.max_key_size()
        assert self.key_bytes_max >= KEY_BYTES_NEEDED, (
            f"LMDB engine with keys of {self.key_bytes_max} bytes"
        )
        self._watcher: DamageWatcher | None = None
        self._sync_failure = ""
        try:
            self._open = Environment(env, self._tables, path, self.note_damage)
        except lmdb.Error as error:
            close_file(env)
            raise disk_error(error) or error from error
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
        try:
            sync_file(env)
        finally:
            close_file(env)
        self._folder.replace()

    def note_damage(self, table: Table, key: bytes) -> None:
        """A row is damaged: for whoever watches."""
        if self._watcher is not None:
            self._watcher(table, key)

    def watch_damage(self, watcher: DamageWatcher) -> None:
        self._watcher = watcher

    def damaged_rows(self, *, remove: bool = False) -> list[tuple[Table, bytes]]:
        """Walks over all rows. Raises: StoreDamaged."""
        environment = self._open
        damaged: list[tuple[Table, bytes]] = []
        with environment.env.begin(write=remove, buffers=False) as txn:
            rows = LmdbTxn(txn, environment.rows)
            for table in self._tables:
                damaged += [(table, key) for key in rows.damaged_rows(table, remove=remove)]
        return damaged

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

    def _hold(self) -> Environment:
        """The environment in use; it stays open until `_release`."""
        while True:
            environment = self._open
            environment.holders.append(None)
            # Else it was replaced in between, and is perhaps closed already.
            if environment is self._open:
                return environment
            self._release(environment)

    def _release(self, environment: Environment) -> None:
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
        self._check_synced()
        environment = self._open
        try:
            begun = environment.env.begin(write=True)
        except lmdb.Error as error:
            raise disk_error(error) or error from error
        txn = self._writer = LmdbTxn(
            begun,
            environment.rows,
            self._end_copies,
            self._room.keep,
            self._note_failure,
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
        self._check_synced()
        environment = self._hold()
        try:
            sync_file(environment.env)
        except StoreFailed as error:
            self._note_failure(error)
            raise
        finally:
            self._release(environment)

    def _note_failure(self, failure: StoreFailed) -> None:
        self._sync_failure = str(failure)

    def _check_synced(self) -> None:
        """Raises: StoreFailed: a sync has failed, and whatever one says now may be wrong: until it
        is opened again nothing is written."""
        if self._sync_failure:
            raise StoreFailed(errno.EIO, f"a sync has failed: {self._sync_failure}")

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
        return LmdbIncoming(
            self,
            self._disk,
            self._folder,
            self._tables,
            map_bytes=self._map_bytes,
            check_bytes_max=self._check_bytes_max,
        )

    def replace_with(self, environment: Environment) -> None:
        """For `LmdbIncoming`, as is the next."""
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
