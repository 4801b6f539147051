"""Opening LMDB's file. It is looked at before the engine maps it: what that takes on trust can end
the process (an assertion, or a page that is not in the file).
"""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, cast

import lmdb
from lmdb.verify import VerifyError, verify

from trioxygen.common import logs
from trioxygen.common.disk import Disk
from trioxygen.common.errors import StoreDamaged, UnknownFormat
from trioxygen.common.units import KIB
from trioxygen.metadata.store.lmdb_pages import Fault, check_pages
from trioxygen.metadata.store.lmdb_room import DATA_FILE, hold_lock_file
from trioxygen.metadata.store.lmdb_txn import PAGE_ERRORS, disk_error
from trioxygen.metadata.store.ports import Table
from trioxygen.metadata.store.seal import is_whole, seed_of

log = logs.get(__name__)

_READERS_MAX: Final = 512
# Two of them, the first ones of the file.
_METAS_BYTES_MAX: Final = 2 * 64 * KIB
_ROWS_OWN: Final = "leaf keys out of order"
_verify: Final = cast(Callable[[str], list[str]], verify)
# The binding knows open environments by inode, and forgets one a moment after it gave its files
# up: without this, a new file with the same inode would be taken for it.
_REGISTRY: Final = threading.Lock()


def _damaged(path: Path, cause: str) -> StoreDamaged:
    return StoreDamaged(
        "the file of a store is damaged", file=str(path / DATA_FILE), cause=cause[:200]
    )


def problems_of(path: Path) -> list[str]:
    """What is wrong with the pages of a store's file; nobody may write meanwhile.

    Keys that are out of order are none: a damaged key is found with its row.
    """
    try:
        problems = _verify(str(path / DATA_FILE))
        return [problem for problem in problems if _ROWS_OWN not in problem]
    except VerifyError as error:
        return [str(error)]


def check_file(disk: Disk, path: Path, tables: Iterable[Table], *, whole_bytes_max: int) -> None:
    """Before the engine opens it.

    Args:
        whole_bytes_max: of a larger file only the inner pages are looked at.
    Raises: StoreDamaged, UnknownFormat.
    """
    seeds = {table.name.encode(): seed_of(table) for table in tables}

    def row_is_whole(name: bytes, key: bytes, stored: bytes) -> bool:
        return name not in seeds or is_whole(seeds[name], key, stored)

    file = disk.open(path / DATA_FILE)
    try:
        size_bytes = file.size_bytes()
        if size_bytes == 0:
            # The engine would take it for a new store.
            raise _damaged(path, "it is empty")
        only_inner = size_bytes > whole_bytes_max
        if only_inner:
            log.info("leaf_pages_not_checked", file=path / DATA_FILE, size_bytes=size_bytes)
        check_pages(file.pread, size_bytes, row_is_whole, only_inner=only_inner)
    except Fault as fault:
        raise _damaged(path, str(fault)) from fault
    finally:
        file.close()


def write_metas_again(disk: Disk, path: Path) -> None:
    """The pages that say what is committed, before the engine opens the file: where a sync has
    failed, the system may have let go of one that was never written, and no later sync says so.

    Raises: OSError, NoSpace."""
    file = disk.open(path / DATA_FILE)
    try:
        file.pwrite((file.pread(_METAS_BYTES_MAX, 0),), 0)
        file.datasync()
    finally:
        file.close()


def open_file(disk: Disk, path: Path, *, tables_max: int, map_bytes: int) -> lmdb.Environment:
    """Makes the file when it is missing.

    Raises: StoreDamaged, UnknownFormat, NoSpace, StoreFailed."""
    hold_lock_file(disk, path)
    try:
        with _REGISTRY:
            return lmdb.open(
                str(path),
                map_size=map_bytes,
                metasync=False,
                max_dbs=tables_max + 1,
                max_readers=_READERS_MAX,
                max_spare_txns=16,
                lib_version=1,
            )
    except lmdb.VersionMismatchError as error:
        raise UnknownFormat("not a metadata store of this version", path=str(path)) from error
    except (lmdb.InvalidError, *PAGE_ERRORS) as error:
        raise _damaged(path, str(error)) from error
    except lmdb.Error as error:
        # Of the rest (permissions, limits of the system) the text says which.
        raise disk_error(error) or StoreDamaged(
            "a store cannot be opened", path=str(path), cause=str(error)
        ) from error


def sync_file(env: lmdb.Environment) -> None:
    """Raises: NoSpace, StoreFailed."""
    try:
        env.sync(True)
    except lmdb.Error as error:
        raise disk_error(error) or error from error


def close_file(env: lmdb.Environment) -> None:
    """Idempotent."""
    with _REGISTRY:
        env.close()
