from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.errors import ChecksumMismatch, InvalidRequest, UnknownFormat
from trioxygen.metadata.store.dump import dump, load
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Store, Table

TABLES = (Table(2, "key"), Table(0, "meta"), Table(5, "empty"))
Rows = dict[Table, dict[bytes, bytes]]


def fill(store: Store, rows: Rows) -> None:
    txn = store.begin()
    for table, values in rows.items():
        for key, value in values.items():
            txn.put(table, key, value)
    txn.commit()


def dumped(store: Store) -> list[bytes]:
    with store.read() as txn:
        return list(dump(txn, TABLES))


def rows_of(store: Store) -> Rows:
    with store.read() as txn:
        return {table: dict(txn.scan(table, prefix=b"")) for table in TABLES}


def sample() -> MemoryStore:
    store = MemoryStore(TABLES)
    fill(store, {TABLES[0]: {b"a": b"1", b"b": b""}, TABLES[1]: {b"applied": b"\0" * 8}})
    return store


@given(
    rows=st.fixed_dictionaries(
        {
            table: st.dictionaries(st.binary(min_size=1, max_size=20), st.binary())
            for table in TABLES
        }
    ),
    cut=st.integers(1, 50),
)
def test_load_gives_back_what_was_dumped(rows: Rows, cut: int) -> None:
    before, after = MemoryStore(TABLES), MemoryStore(TABLES)
    fill(before, rows)
    stream = b"".join(dumped(before))
    pieces = (stream[at : at + cut] for at in range(0, len(stream), cut))
    assert load(after, TABLES, pieces) == sum(map(len, rows.values()))
    assert rows_of(after) == rows


def test_large_store_is_dumped_in_bounded_pieces(tmp_path: Path) -> None:
    before = LmdbStore(tmp_path / "before", TABLES)
    fill(before, {TABLES[0]: {b"%08d" % number: b"v" * 1_000 for number in range(20_000)}})
    pieces = dumped(before)
    assert max(map(len, pieces)) < 300 * 1024
    after = LmdbStore(tmp_path / "after", TABLES)
    assert load(after, TABLES, pieces) == 20_000
    assert rows_of(after) == rows_of(before)
    before.close()
    after.close()


def test_dump_cut_anywhere_is_not_loaded() -> None:
    stream = b"".join(dumped(sample()))
    for size in range(8, len(stream)):
        with pytest.raises(ChecksumMismatch, match="early"):
            load(MemoryStore(TABLES), TABLES, [stream[:size]])


def test_dump_with_any_byte_damaged_is_not_loaded() -> None:
    stream = b"".join(dumped(sample()))
    for at in range(len(stream)):
        damaged = bytearray(stream)
        damaged[at] ^= 0x10
        with pytest.raises((ChecksumMismatch, UnknownFormat)):
            load(MemoryStore(TABLES), TABLES, [bytes(damaged)])


def test_dump_without_one_of_its_frames_is_not_loaded() -> None:
    pieces = dumped(sample())
    for number in range(1, len(pieces)):
        with pytest.raises(ChecksumMismatch):
            load(MemoryStore(TABLES), TABLES, pieces[:number] + pieces[number + 1 :])


def test_bytes_after_the_end_are_not_ignored() -> None:
    with pytest.raises(ChecksumMismatch, match="follow"):
        load(MemoryStore(TABLES), TABLES, [*dumped(sample()), b"more"])


def test_unknown_table_is_refused() -> None:
    with pytest.raises(UnknownFormat, match="name=key"):
        load(MemoryStore(TABLES[1:]), TABLES[1:], dumped(sample()))


def test_dump_of_another_version_is_refused() -> None:
    pieces = dumped(sample())
    pieces[0] = pieces[0][:6] + b"\x02\x00"
    with pytest.raises(UnknownFormat, match="version=2"):
        load(MemoryStore(TABLES), TABLES, pieces)


def test_dump_is_loaded_into_an_empty_store_only() -> None:
    with pytest.raises(InvalidRequest):
        load(sample(), TABLES, dumped(sample()))
