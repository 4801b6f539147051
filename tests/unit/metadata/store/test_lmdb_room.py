"""A store on a full disk: what frees space finds room in what the store holds ahead."""

import errno
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.small_disk import SmallDisk, small_disk
from trioxygen.common.disk import File
from trioxygen.common.errors import NoSpace
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.units import MIB
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Table

ROWS = Table(2, "rows")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    # A 32nd of it is held: 2 MiB.
    with small_disk(tmp_path / "disk", 64 * MIB) as made:
        yield made


class PlainFile:
    """Of a file system that can hold no room ahead, as over NFS 3."""

    def __init__(self, file: File) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def allocate(self, offset_bytes: int, size_bytes: int, *, keep_size: bool = False) -> None:
        if keep_size:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        self._file.allocate(offset_bytes, size_bytes)


class PlainDisk(SystemDisk):
    def open(self, path: Path, *, create: bool = False) -> Any:
        return PlainFile(super().open(path, create=create))


def put(store: LmdbStore, first: int, count: int) -> None:
    txn = store.begin()
    for number in range(first, first + count):
        txn.put(ROWS, number.to_bytes(4, "big"), bytes(200))
    txn.commit()


def delete(store: LmdbStore, first: int, count: int) -> None:
    txn = store.begin()
    for number in range(first, first + count):
        assert txn.delete(ROWS, number.to_bytes(4, "big"))
    txn.commit()


def opened(disk: SmallDisk, reserve_bytes: int = 8 * MIB) -> "closing[LmdbStore]":
    return closing(LmdbStore(disk.path / "store", [ROWS], reserve_bytes=reserve_bytes))


def test_rows_are_deleted_with_no_byte_left_also_after_a_restart(disk: SmallDisk) -> None:
    with opened(disk) as store:
        put(store, 0, 20_000)
        disk.fill()
        assert not store.is_short
        for first in range(0, 5_000, 100):
            delete(store, first, 100)
            disk.fill()
    with opened(disk) as store:
        for first in range(5_000, 20_000, 100):
            delete(store, first, 100)
        assert store.count(ROWS) == 0


def test_without_room_held_a_full_disk_takes_no_deletion(disk: SmallDisk) -> None:
    """What it is held for."""
    with opened(disk, reserve_bytes=0) as store:
        put(store, 0, 20_000)
        disk.fill()
        with pytest.raises(NoSpace):
            delete(store, 0, 20_000)


def test_store_is_short_before_nothing_is_left_and_goes_on_with_room(disk: SmallDisk) -> None:
    with opened(disk) as store:
        disk.fill()
        first = 0
        while not store.is_short:
            put(store, first, 100)
            first += 100
        delete(store, 0, first)
        store.keep_room()
        assert store.is_short
        disk.free()
        store.keep_room()
        assert not store.is_short
        put(store, 0, 20_000)
        assert not store.is_short


def test_new_store_on_a_full_disk_says_so(disk: SmallDisk) -> None:
    disk.fill()
    with pytest.raises(NoSpace):
        LmdbStore(disk.path / "store", [ROWS], reserve_bytes=MIB)


def test_many_readers_find_their_places_on_a_full_disk(disk: SmallDisk) -> None:
    """A page of the lock file without a place would be a fatal signal."""
    with opened(disk) as store:
        put(store, 0, 1)
        disk.fill()
        readers = [store.read() for _ in range(400)]
        for reader in readers:
            assert reader.__enter__().get(ROWS, bytes(4)) == bytes(200)
        for reader in readers:
            reader.__exit__(None, None, None)


def test_store_where_no_room_can_be_held_goes_by_what_is_free(disk: SmallDisk) -> None:
    path = disk.path / "store"
    made = LmdbStore(path, [ROWS], reserve_bytes=8 * MIB, disk=PlainDisk())
    with closing(made) as store:
        put(store, 0, 20_000)
        assert not store.is_short
        disk.take(disk.free_bytes - MIB // 2)
        store.keep_room()
        assert store.is_short
        disk.free()
        store.keep_room()
        assert not store.is_short
