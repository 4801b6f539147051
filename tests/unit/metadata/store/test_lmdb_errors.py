"""What LMDB says of the disk is an error of the disk."""

import errno
import os

import lmdb
import pytest

from trioxygen.common.errors import NoSpace
from trioxygen.metadata.store.lmdb_txn import disk_error
from trioxygen.metadata.store.ports import StoreFailed


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
