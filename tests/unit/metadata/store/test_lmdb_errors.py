"""What LMDB says of the disk is an error of the disk."""

import errno
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import lmdb
import pytest

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import NoSpace
from trioxygen.common.system_disk import SystemDisk, SystemFile
from trioxygen.metadata.store.lmdb_incoming import LmdbIncoming
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.lmdb_txn import disk_error
from trioxygen.metadata.store.ports import StoreFailed, Table

ROWS = Table(2, "rows")


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS])
def test_disk_that_does_not_write_is_told_with_its_code(code: int) -> None:
    actual = disk_error(lmdb.Error(f"mdb_txn_commit: {os.strerror(code)}"))
    assert isinstance(actual, StoreFailed)
    assert actual.errno == code


def test_environment_that_could_not_write_once_is_a_disk_that_does_not_write() -> None:
    actual = disk_error(lmdb.PanicError("mdb_txn_begin: MDB_PANIC: Update of meta page failed"))
    assert isinstance(actual, StoreFailed)


@pytest.mark.parametrize("said", ["MDB_MAP_FULL", os.strerror(errno.ENOSPC)])
def test_full_disk_is_no_failed_one(said: str) -> None:
    assert isinstance(disk_error(lmdb.Error(f"mdb_put: {said}")), NoSpace)


def test_what_is_not_of_the_disk_stays_what_it_is() -> None:
    assert disk_error(lmdb.BadTxnError("mdb_put: MDB_BAD_TXN")) is None


class RecordingDisk(SystemDisk):
    """Attributes: written: bytes at the begin of files, by their names."""

    def __init__(self) -> None:
        self.written: dict[str, int] = {}

    def open(self, path: Path, *, create: bool = False) -> SystemFile:
        opened, written = super().open(path, create=create), self.written

        class File(SystemFile):
            def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
                size_bytes = super().pwrite(buffers, offset_bytes)
                if offset_bytes == 0:
                    written[path.name] = size_bytes
                return size_bytes

        return File(opened._fd, opened._path)


class NoSync:
    """Of an environment whose disk fails at each sync."""

    def __init__(self, env: Any) -> None:
        self._env = env
        self.syncs = 0

    def sync(self, force: bool) -> None:
        self.syncs += 1
        raise lmdb.Error(f"mdb_env_sync: {os.strerror(errno.EIO)}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)


def test_store_whose_sync_has_failed_says_no_more_that_anything_is_stored(tmp_path: Path) -> None:
    disk = RecordingDisk()
    with closing(LmdbStore(tmp_path / "store", [ROWS], disk=disk)) as store:
        txn = store.begin()
        txn.put(ROWS, b"key", b"value")
        txn.commit()
        env = store._open.env
        failing = NoSync(env)
        store._open.env = failing  # type: ignore[assignment]
        for _ in range(2):
            with pytest.raises(StoreFailed):
                store.sync()
        # The system has forgotten by then what was not written.
        assert failing.syncs == 1
        store._open.env = env
        with pytest.raises(StoreFailed):
            store.sync()
        with pytest.raises(StoreFailed):
            store.begin()
        with store.read() as reading:
            assert reading.get(ROWS, b"key") == b"value"
    disk.written.clear()
    with closing(LmdbStore(tmp_path / "store", [ROWS], disk=disk)) as store:
        # Both pages that say what is committed, once more.
        assert disk.written["data.mdb"] >= 2 * 4_096
        store.sync()
        with store.read() as reading:
            assert reading.get(ROWS, b"key") == b"value"


class NoCommit:
    """Of a transaction whose disk fails when it commits."""

    def __init__(self, txn: Any) -> None:
        self._txn = txn

    def commit(self) -> None:
        self._txn.abort()
        raise lmdb.Error(f"mdb_txn_commit: {os.strerror(errno.EIO)}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._txn, name)


def test_commit_that_could_not_sync_leaves_a_store_that_syncs_no_more(tmp_path: Path) -> None:
    """It syncs the page that the commit before it wrote, too: the system may have let go of it."""
    with closing(LmdbStore(tmp_path / "store", [ROWS])) as store:
        txn = store.begin()
        txn._txn = cast(lmdb.Transaction, NoCommit(txn._txn))
        txn.put(ROWS, b"key", b"value")
        with pytest.raises(StoreFailed):
            txn.commit()
        with pytest.raises(StoreFailed):
            store.sync()
        with pytest.raises(StoreFailed):
            store.begin()


def test_copy_that_could_not_be_synced_is_put_away_and_another_may_come(tmp_path: Path) -> None:
    with closing(LmdbStore(tmp_path / "store", [ROWS])) as store:
        with closing(store.copy()) as copy:
            pieces = [*iter(copy.read, b"")]

        def received() -> LmdbIncoming:
            incoming = store.receive()
            for piece in pieces:
                incoming.write(piece)
            incoming.complete()
            return incoming

        incoming = received()
        assert incoming._environment is not None
        env = incoming._environment.env
        incoming._environment.env = NoSync(env)  # type: ignore[assignment]
        with pytest.raises(StoreFailed):
            incoming.install()
        incoming._environment.env = env
        incoming.abort()
        received().install()
        with store.read() as reading:
            assert reading.get(ROWS, b"key") is None
