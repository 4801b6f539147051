"""A copy of a store on its way in: written beside the store, checked, then put in its place."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import lmdb

from trioxygen.common.disk import Buffer, Disk
from trioxygen.common.errors import ChecksumMismatch, StoreDamaged, UnknownFormat
from trioxygen.common.units import MIB
from trioxygen.metadata.store.lmdb_environment import Environment
from trioxygen.metadata.store.lmdb_file import check_file, close_file, open_file, sync_file
from trioxygen.metadata.store.lmdb_pages import NoHead
from trioxygen.metadata.store.lmdb_room import DATA_FILE
from trioxygen.metadata.store.lmdb_txn import LmdbTxn
from trioxygen.metadata.store.ports import ReadTxn, Table
from trioxygen.metadata.store.seal import damaged
from trioxygen.metadata.store.store_folder import StoreFolder

# It goes to the disk bit by bit: one large sync would hold up the log's.
_INCOMING_SYNC_BYTES: Final = 2 * MIB


class Receiving(Protocol):
    """The store whose place it takes."""

    def note_damage(self, table: Table, key: bytes) -> None:
        """A row is damaged."""
        ...

    def replace_with(self, environment: Environment) -> None: ...

    def end_receiving(self) -> None: ...


class LmdbIncoming:
    """Args:
    tables: that the store knows.
    map_bytes, check_bytes_max: as the store's.
    """

    def __init__(
        self,
        store: Receiving,
        disk: Disk,
        folder: StoreFolder,
        tables: Sequence[Table],
        *,
        map_bytes: int,
        check_bytes_max: int,
    ) -> None:
        self._store, self._folder, self._disk = store, folder, disk
        self._tables = tables
        self._map_bytes, self._check_bytes_max = map_bytes, check_bytes_max
        folder.make_incoming()
        self._file = disk.open(folder.incoming / DATA_FILE, create=True)
        self._size_bytes = self._synced_bytes = 0
        self._is_written = self._is_over = False
        self._environment: Environment | None = None

    def write(self, piece: Buffer) -> None:
        assert not self._is_written, "written to after its end"
        self._size_bytes += self._file.pwrite((piece,), self._size_bytes)
        if self._size_bytes - self._synced_bytes >= _INCOMING_SYNC_BYTES:
            self._file.datasync()
            self._synced_bytes = self._size_bytes

    def complete(self) -> None:
        self._file.datasync()
        self._close_file()
        env = self._open()
        try:
            self._environment = self._check(env)
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
        sync_file(self._environment.env)
        self._is_over = True
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

    def _open(self) -> lmdb.Environment:
        path = self._folder.incoming
        try:
            check_file(self._disk, path, self._tables, whole_bytes_max=self._check_bytes_max)
            return open_file(
                self._disk, path, tables_max=len(self._tables), map_bytes=self._map_bytes
            )
        except StoreDamaged as error:
            if isinstance(error.__cause__, NoHead):
                raise UnknownFormat("not a copy of a store") from error
            raise ChecksumMismatch("a copy of a store is damaged", **error.facts) from error

    def _check(self, env: lmdb.Environment) -> Environment:
        """Raises: UnknownFormat, DamagedRow, StoreDamaged."""
        path = self._folder.incoming
        known = {table.name.encode() for table in self._tables}
        with env.begin() as txn:
            # The 1.0 engine ends names with a zero byte.
            names = txn.cursor().iternext(keys=True, values=False)
            table_names = {bytes(name).rstrip(b"\0") for name in names}
        unknown = sorted(table_names - known)
        if unknown:
            # What changes it would come too, and could not be applied.
            raise UnknownFormat("a store with a table that is not known", name=repr(unknown[0]))
        received = Environment(env, self._tables, path, lambda table, key: None)
        with env.begin(buffers=False) as txn:
            rows = LmdbTxn(txn, received.rows)
            for table in self._tables:
                for key in rows.damaged_rows(table):
                    raise damaged(table, key, str(path))
        # From here on it is this store's own.
        return Environment(env, self._tables, self._folder.path, self._store.note_damage)
