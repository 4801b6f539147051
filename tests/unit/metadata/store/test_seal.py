"""Any flipped bit of a stored row is found when the row is read, by whatever way."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.errors import DamagedRow, StoreDamaged
from trioxygen.metadata.store.dump import dump
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import ReadTxn, Table
from trioxygen.metadata.store.seal import is_whole, seal, seed_of, shown

A = Table(2, "a")
B = Table(3, "b")
TABLES = (A, B)
ROW = st.tuples(st.binary(min_size=1, max_size=80), st.binary(max_size=300))


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


@given(row=ROW, place=st.integers(0, 10_000))
def test_any_flipped_bit_of_key_or_value_breaks_the_seal(
    row: tuple[bytes, bytes], place: int
) -> None:
    key, value = row
    seed = seed_of(A)
    stored = seal(seed, key, value)
    assert is_whole(seed, key, stored)
    bit = place % (8 * (len(key) + len(stored)))
    if bit < 8 * len(key):
        assert not is_whole(seed, flipped(key, bit), stored)
    else:
        assert not is_whole(seed, key, flipped(stored, bit - 8 * len(key)))


@given(first=ROW, second=ROW)
def test_value_under_another_key_or_table_breaks_the_seal(
    first: tuple[bytes, bytes], second: tuple[bytes, bytes]
) -> None:
    stored = seal(seed_of(A), *first)
    assert is_whole(seed_of(A), second[0], stored) == (first[0] == second[0])
    assert not is_whole(seed_of(B), first[0], stored)
    assert not is_whole(seed_of(Table(9, "a")), first[0], stored)


@pytest.mark.parametrize("stored", [b"", b"abc"])
def test_what_is_too_short_for_a_seal_is_not_whole(stored: bytes) -> None:
    assert not is_whole(seed_of(A), b"key", stored)


def test_keys_are_shown_as_text_where_they_are_text() -> None:
    assert shown(b"\0\0bucket/a b\xff\n") == r"\x00\x00bucket/a b\xff\x0a"
    assert shown(b"k" * 300).endswith("...")


# ---- in LMDB's file ----

KEYS = [b"key-%04d" % number for number in range(200)]


def made(path: Path) -> None:
    store = LmdbStore(path, TABLES)
    txn = store.begin()
    for key in KEYS:
        txn.put(A, key, b"value of " + key)
    txn.put(B, b"empty", b"")
    txn.commit()
    store.sync()
    store.close()


def change_in_file(path: Path, old: bytes, new: bytes) -> None:
    file = path / "data.mdb"
    data = file.read_bytes()
    assert data.count(old) >= 1
    file.write_bytes(data.replace(old, new))


def everything(txn: ReadTxn) -> list[bytes]:
    return [key for key, _ in txn.scan(A, prefix=b"")]


READERS: dict[str, Callable[[ReadTxn], object]] = {
    "get": lambda txn: txn.get(A, b"key-0100"),
    "scan": everything,
    "seek": lambda txn: txn.cursor(A).seek(b"key-0100"),
    "dump": lambda txn: list(dump(txn, TABLES)),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("bit", range(0, 8 * len(b"value of key-0100"), 5))
def test_flipped_bit_of_a_value_is_found_by_every_reader(
    tmp_path: Path, reader: str, bit: int
) -> None:
    made(tmp_path)
    old = b"value of key-0100"
    change_in_file(tmp_path, old, flipped(old, bit))
    store = LmdbStore(tmp_path, TABLES)
    met: list[tuple[Table, bytes]] = []
    store.watch_damage(lambda table, key: met.append((table, key)))
    with store.read() as txn:
        with pytest.raises(DamagedRow) as error:
            READERS[reader](txn)
        assert error.value.facts["table"] == "a"
        assert error.value.facts["key"] == "key-0100"
        assert error.value.facts["store"] == str(tmp_path)
        # The others are read as before.
        assert txn.get(A, b"key-0099") == b"value of key-0099"
        assert txn.get(A, b"key-0101") == b"value of key-0101"
        assert txn.get(B, b"empty") == b""
    assert met[0] == (A, b"key-0100")
    store.close()


@pytest.mark.parametrize("bit", range(len(b"key-0100") * 8))
def test_flipped_bit_of_a_key_is_an_error_for_who_looks_for_it(tmp_path: Path, bit: int) -> None:
    made(tmp_path)
    wrong = flipped(b"key-0100", bit)
    file = tmp_path / "data.mdb"
    data = file.read_bytes()
    row = b"key-0100value of key-0100"
    assert row in data
    file.write_bytes(data.replace(row, wrong + row[8:]))
    try:
        store = LmdbStore(tmp_path, TABLES)
    except StoreDamaged:
        return  # out of order: found before anything is read
    with store.read() as txn:
        with pytest.raises(DamagedRow):
            txn.get(A, b"key-0100")
        with pytest.raises(DamagedRow):
            everything(txn)
        cursor = txn.cursor(A)
        with pytest.raises(DamagedRow):
            cursor.seek(b"key-0100")
    store.close()


def test_cursor_goes_on_behind_a_damaged_row(tmp_path: Path) -> None:
    made(tmp_path)
    change_in_file(tmp_path, b"value of key-0100", b"Value of key-0100")
    store = LmdbStore(tmp_path, TABLES)
    with store.read() as txn:
        cursor = txn.cursor(A)
        with pytest.raises(DamagedRow):
            cursor.seek(b"key-0100")
        assert cursor.next() == (b"key-0101", b"value of key-0101")
        cursor.seek(b"key-0099")
        with pytest.raises(DamagedRow):
            cursor.next()
        assert cursor.next() == (b"key-0101", b"value of key-0101")
    store.close()


def test_damaged_row_is_listed_removed_replaced_and_deleted(tmp_path: Path) -> None:
    made(tmp_path)
    for number in (7, 100, 101, 199):
        old = b"value of key-%04d" % number
        change_in_file(tmp_path, old, flipped(old, 20))
    store = LmdbStore(tmp_path, TABLES)
    damaged = [(A, KEYS[number]) for number in (7, 100, 101, 199)]
    assert store.damaged_rows() == damaged
    txn = store.begin()
    txn.put(A, KEYS[7], b"new")
    assert txn.delete(A, KEYS[100])
    txn.commit()
    assert store.damaged_rows(remove=True) == damaged[2:]
    assert store.damaged_rows() == []
    with store.read() as read:
        assert everything(read) == [key for key in KEYS if key not in (KEYS[100], *KEYS[101::98])]
        assert read.get(A, KEYS[7]) == b"new"
    store.close()


def test_copy_with_a_damaged_row_is_not_installed(tmp_path: Path) -> None:
    made(tmp_path / "from")
    change_in_file(tmp_path / "from", b"value of key-0100", b"Value of key-0100")
    source = LmdbStore(tmp_path / "from", TABLES)
    target = LmdbStore(tmp_path / "to", TABLES)
    copy = source.copy()
    incoming = target.receive()
    while piece := copy.read():
        incoming.write(piece)
    copy.close()
    with pytest.raises(DamagedRow):
        incoming.complete()
    incoming.abort()
    assert target.count(A) == 0
    source.close()
    target.close()


# ---- the file itself ----


def damage(name: str, data: bytes) -> bytes:
    if name == "empty":
        return b""
    if name == "cut":
        return data[:-4096]
    if name == "cut to a page":
        return data[:4096]
    if name == "noise in the meta pages":
        return bytes(range(256)) * 32 + data[8192:]
    if name == "zeros in a leaf":
        at = data.rindex(b"value of key-0150") // 4096 * 4096
        return data[:at] + bytes(4096) + data[at + 4096 :]
    assert name == "noise in a leaf"
    at = data.rindex(b"value of key-0150") // 4096 * 4096
    return data[:at] + bytes(range(255, -1, -1)) * 16 + data[at + 4096 :]


@pytest.mark.parametrize(
    "name",
    [
        "empty",
        "cut",
        "cut to a page",
        "noise in the meta pages",
        "zeros in a leaf",
        "noise in a leaf",
    ],
)
def test_damaged_file_is_refused_before_the_engine_maps_it(tmp_path: Path, name: str) -> None:
    made(tmp_path)
    file = tmp_path / "data.mdb"
    file.write_bytes(damage(name, file.read_bytes()))
    before = file.read_bytes()
    with pytest.raises(StoreDamaged, match="the file of a store is damaged"):
        LmdbStore(tmp_path, TABLES)
    assert file.read_bytes() == before, "the evidence stays"
