"""The look at a store's pages before the engine maps them: a file that passes can be used, and what
it then gives is right or a damaged row. A file that was not damaged always passes."""

import os
import random
from collections.abc import Mapping
from pathlib import Path
from struct import unpack_from
from typing import Final

import pytest

from trioxygen.common.errors import Corrupt, DamagedRow
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.lmdb_pages import Fault, check_pages
from trioxygen.metadata.store.ports import Table
from trioxygen.metadata.store.seal import is_whole, seed_of

TABLES: Final = (Table(0, "first"), Table(1, "second"), Table(2, "empty"))
_SEEDS: Final = {table.name.encode(): seed_of(table) for table in TABLES}
_PAGE_BYTES: Final = 4096
Rows = Mapping[Table, Mapping[bytes, bytes]]


def written(path: Path, seed: int, *, rows: int) -> Rows:
    """A store of many transactions, with free pages, large rows and several levels."""
    rng = random.Random(seed)
    store = LmdbStore(path, TABLES)
    model: dict[Table, dict[bytes, bytes]] = {table: {} for table in TABLES}
    for _ in range(12):
        txn = store.begin()
        for _ in range(rows // 12):
            table = rng.choice(TABLES[:2])
            known = model[table]
            if known and rng.random() < 0.2:
                key = rng.choice(list(known))
                txn.delete(table, key)
                del known[key]
            else:
                key = rng.randbytes(rng.choice((3, 20, 300)))
                size = rng.choice((0, 30, 300, 300, 9_000)) if rows < 2_000 else 60
                known[key] = rng.randbytes(size)
                txn.put(table, key, known[key])
        txn.commit()
    store.sync()
    store.close()
    return model


def check(path: Path, *, only_inner: bool = False) -> None:
    file = os.open(path / "data.mdb", os.O_RDONLY)

    def read(size_bytes: int, at: int) -> bytes:
        return os.pread(file, size_bytes, at)

    def row_is_whole(name: bytes, key: bytes, stored: bytes) -> bool:
        return name not in _SEEDS or is_whole(_SEEDS[name], key, stored)

    try:
        check_pages(read, os.fstat(file).st_size, row_is_whole, only_inner=only_inner)
    finally:
        os.close(file)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rows", [0, 12, 600, 6_000])
def test_whole_file_passes(tmp_path: Path, seed: int, rows: int) -> None:
    written(tmp_path / "store", seed, rows=rows)
    check(tmp_path / "store")
    check(tmp_path / "store", only_inner=True)


def _stated_bytes(path: Path) -> int:
    """By the heads' last page, which never goes back."""
    with (path / "data.mdb").open("rb") as file:
        heads = file.read(2 * _PAGE_BYTES)
    last: int = max(unpack_from("<Q", heads, at + 144)[0] for at in (0, _PAGE_BYTES))
    return (last + 1) * _PAGE_BYTES


@pytest.mark.parametrize("seed", range(4))
def test_file_that_ends_before_pages_given_back_unwritten_passes(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "store"
    rng = random.Random(seed)
    model: dict[Table, dict[bytes, bytes]] = {table: {} for table in TABLES}
    ended_early = 0
    store = LmdbStore(path, TABLES)
    for _ in range(30):
        txn = store.begin()
        keys = [rng.randbytes(8) for _ in range(rng.choice((1, 5, 40)))]
        for key in keys:
            model[TABLES[0]][key] = rng.randbytes(rng.choice((60, 900, 9_000)))
            txn.put(TABLES[0], key, model[TABLES[0]][key])
        for key in [key for key in keys if rng.random() < 0.8]:
            txn.delete(TABLES[0], key)
            del model[TABLES[0]][key]
        txn.commit()
        store.sync()
        ended_early += _stated_bytes(path) > (path / "data.mdb").stat().st_size
        check(path)
        check(path, only_inner=True)
    store.close()
    assert ended_early
    whole = (path / "data.mdb").read_bytes()
    os.truncate(path / "data.mdb", len(whole) - _PAGE_BYTES * 8)
    for only_inner in (False, True):
        with pytest.raises(Fault):
            check(path, only_inner=only_inner)
    (path / "data.mdb").write_bytes(whole)
    store = LmdbStore(path, TABLES)
    _used(store, model, rng)
    store.close()


def _damage(data: bytearray, rng: random.Random) -> str:
    pages = len(data) // _PAGE_BYTES
    way = rng.choice(("bit", "bit", "head", "zeros", "swap", "stale", "noise"))
    first, other = (rng.randrange(pages) * _PAGE_BYTES for _ in range(2))
    if way == "bit":
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif way == "head":
        # Where page numbers, bounds and the places of nodes are.
        data[first + rng.randrange(60)] ^= 1 << rng.randrange(8)
    elif way == "zeros":
        data[first : first + _PAGE_BYTES] = bytes(_PAGE_BYTES)
    elif way == "noise":
        data[first : first + _PAGE_BYTES] = rng.randbytes(_PAGE_BYTES)
    else:
        kept = data[first : first + _PAGE_BYTES]
        data[first : first + _PAGE_BYTES] = data[other : other + _PAGE_BYTES]
        if way == "swap":
            data[other : other + _PAGE_BYTES] = kept
    return way


def _used(store: LmdbStore, model: Rows, rng: random.Random) -> None:
    """Each row is right or damaged, none is missing or there twice; writing does no more harm."""
    with store.read() as txn:
        for table, rows in model.items():
            for key, value in rows.items():
                try:
                    assert txn.get(table, key) == value, (table, key)
                except DamagedRow:
                    continue
            try:
                assert dict(txn.scan(table, prefix=b"")) == rows, table
                assert [key for key, _ in txn.scan(table, prefix=b"")] == sorted(rows)
            except DamagedRow:
                continue
    changed = {table: dict(rows) for table, rows in model.items()}
    for _ in range(3):
        txn = store.begin()
        for table, rows in changed.items():
            for number in range(20):
                key = rng.randbytes(9)
                txn.put(table, key, b"new" * number)
                rows[key] = b"new" * number
        txn.commit()
    with store.read() as txn:
        for table, rows in changed.items():
            for key, value in rows.items():
                try:
                    assert txn.get(table, key) == value, (table, key)
                except DamagedRow:
                    continue


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rows", [600, 4_000])
def test_damaged_file_is_refused_or_its_rows_are_right_or_damaged(
    tmp_path: Path, seed: int, rows: int
) -> None:
    path = tmp_path / "store"
    model = written(path, seed, rows=rows)
    whole = (path / "data.mdb").read_bytes()
    rng = random.Random(f"{seed} {rows}")
    refused = 0
    for _ in range(40):
        data = bytearray(whole)
        _damage(data, rng)
        (path / "data.mdb").write_bytes(data)
        try:
            store = LmdbStore(path, TABLES)
        except Corrupt:
            refused += 1
            continue
        try:
            _used(store, model, rng)
        finally:
            store.close()
    assert refused


def test_separator_that_leads_past_rows_is_found(tmp_path: Path) -> None:
    """No row is damaged, and still some could not be found any more."""
    path = tmp_path / "store"
    store = LmdbStore(path, TABLES)
    txn = store.begin()
    for number in range(2_000):
        txn.put(TABLES[0], b"key-%06d" % number, b"x" * 60)
    txn.commit()
    store.sync()
    store.close()
    data = bytearray((path / "data.mdb").read_bytes())
    changed = 0
    for at in range(2 * _PAGE_BYTES, len(data), _PAGE_BYTES):
        if data[at + 18] != 1:  # no inner page
            continue
        actual = data.find(b"key-000", at, at + _PAGE_BYTES)
        actual = data.find(b"key-000", actual + 1, at + _PAGE_BYTES)
        data[actual + 9] ^= 1
        changed += 1
    assert changed
    (path / "data.mdb").write_bytes(data)
    with pytest.raises(Fault, match=r"separators|does not belong"):
        check(path)


def test_inner_pages_of_a_large_file_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "store"
    written(path, 1, rows=6_000)
    data = (path / "data.mdb").read_bytes()
    for at in range(2 * _PAGE_BYTES, len(data), _PAGE_BYTES):
        if data[at + 18] == 1 and int.from_bytes(data[at : at + 8], "little") == at // _PAGE_BYTES:
            (path / "data.mdb").write_bytes(
                data[:at] + bytes(_PAGE_BYTES) + data[at + _PAGE_BYTES :]
            )
            try:
                check(path, only_inner=True)
            except Fault:
                return
    raise AssertionError("no inner page is in use")
