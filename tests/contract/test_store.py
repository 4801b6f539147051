"""What every store does, and what captured deltas do to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trioxygen.metadata.store.delta import CapturingTxn, apply_delta
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import ReadTxn, Store, Table, WriteTxn

A = Table(2, "a")
B = Table(3, "b")
TABLES = (A, B)

Opener = Callable[[], Store]


@pytest.fixture(params=["memory", "lmdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore(TABLES) if request.param == "memory" else LmdbStore(tmp_path, TABLES)
    yield made
    made.close()


@pytest.fixture(params=["plain", "capturing"])
def begin(request: pytest.FixtureRequest, store: Store) -> Callable[[], WriteTxn]:
    if request.param == "plain":
        return store.begin
    return lambda: CapturingTxn(store.begin())


def fill(store: Store, *keys: bytes) -> None:
    txn = store.begin()
    for key in keys:
        txn.put(A, key, b"value of " + key)
    txn.commit()


def keys_of(rows: Iterator[tuple[bytes, bytes]]) -> list[bytes]:
    return [key for key, _ in rows]


def test_put_get_and_delete(store: Store, begin: Callable[[], WriteTxn]) -> None:
    txn = begin()
    txn.put(A, b"k", b"1")
    txn.put(A, b"k", b"2")
    txn.put(A, b"empty", b"")
    assert (txn.get(A, b"k"), txn.get(B, b"k"), txn.get(A, b"empty")) == (b"2", None, b"")
    assert txn.delete(A, b"k")
    assert not txn.delete(A, b"k")
    assert txn.get(A, b"k") is None
    txn.commit()
    with store.read() as read:
        assert (read.get(A, b"k"), read.get(A, b"empty")) == (None, b"")
    assert (store.count(A), store.count(B)) == (1, 0)


def test_aborted_changes_are_gone(store: Store, begin: Callable[[], WriteTxn]) -> None:
    fill(store, b"kept")
    txn = begin()
    txn.put(A, b"new", b"")
    txn.delete(A, b"kept")
    txn.abort()
    with store.read() as read:
        assert keys_of(read.scan(A, prefix=b"")) == [b"kept"]


def test_reader_sees_the_commit_before_it_began(store: Store) -> None:
    fill(store, b"1")
    with store.read() as before:
        txn = store.begin()
        txn.put(A, b"2", b"")
        txn.put(A, b"1", b"changed")
        assert before.get(A, b"2") is None
        txn.commit()
        assert before.get(A, b"2") is None
        assert before.get(A, b"1") == b"value of 1"
        assert keys_of(before.scan(A, prefix=b"")) == [b"1"]
        with store.read() as after:
            assert after.get(A, b"1") == b"changed"


@pytest.mark.parametrize(
    ("prefix", "after", "expected"),
    [
        (b"", None, [b"a", b"ab", b"ab\xff", b"b", b"ba"]),
        (b"a", None, [b"a", b"ab", b"ab\xff"]),
        (b"a", b"a", [b"ab", b"ab\xff"]),
        (b"a", b"aa", [b"ab", b"ab\xff"]),
        (b"a", b"", [b"a", b"ab", b"ab\xff"]),
        (b"b", b"a", [b"b", b"ba"]),
        (b"a", b"b", []),
        (b"ab", b"ab\xff", []),
        (b"c", None, []),
        (b"", b"ba", []),
    ],
)
def test_scan_gives_rows_of_a_prefix_after_a_key(
    store: Store, prefix: bytes, after: bytes | None, expected: list[bytes]
) -> None:
    fill(store, b"b", b"ab\xff", b"a", b"ba", b"ab")
    with store.read() as read:
        rows = list(read.scan(A, prefix=prefix, after=after))
    assert rows == [(key, b"value of " + key) for key in expected]


def test_cursor_seeks_and_goes_on(store: Store, begin: Callable[[], WriteTxn]) -> None:
    fill(store, b"a", b"c", b"e")
    txn = begin()
    cursor = txn.cursor(A)
    assert cursor.next() == (b"a", b"value of a")
    assert cursor.seek(b"b") == (b"c", b"value of c")
    assert cursor.next() == (b"e", b"value of e")
    assert cursor.next() is None
    assert cursor.seek(b"") == (b"a", b"value of a")
    assert cursor.seek(b"f") is None
    assert cursor.next() is None
    assert txn.cursor(B).next() is None
    txn.abort()


def test_cursor_sees_the_changes_of_its_transaction(
    store: Store, begin: Callable[[], WriteTxn]
) -> None:
    fill(store, b"a", b"c", b"e")
    txn = begin()
    cursor = txn.cursor(A)
    assert cursor.seek(b"a") == (b"a", b"value of a")
    txn.put(A, b"b", b"new")
    txn.delete(A, b"c")
    assert cursor.next() == (b"b", b"new")
    txn.put(A, b"b", b"changed")
    txn.delete(A, b"a")
    assert cursor.next() == (b"e", b"value of e")
    txn.abort()


@pytest.mark.parametrize("count", [3, 2_000])
def test_rows_may_be_deleted_while_they_are_scanned(
    store: Store, begin: Callable[[], WriteTxn], count: int
) -> None:
    # Enough rows for many pages: a delete may merge those under the cursor.
    fill(store, *[b"%06d" % number for number in range(count)])
    txn = begin()
    seen = []
    for key, _ in txn.scan(A, prefix=b""):
        seen.append(key)
        if int(key) % 3:
            assert txn.delete(A, key)
    assert seen == [b"%06d" % number for number in range(count)]
    assert len(keys_of(txn.scan(A, prefix=b""))) == (count + 2) // 3
    txn.abort()


def test_delete_range_takes_the_start_and_leaves_the_end(
    store: Store, begin: Callable[[], WriteTxn]
) -> None:
    fill(store, b"a", b"b", b"c", b"d")
    txn = begin()
    assert txn.delete_range(A, b"b", b"d") == 2
    assert txn.delete_range(A, b"b", b"d") == 0
    assert txn.delete_range(A, b"d", b"b") == 0
    assert keys_of(txn.scan(A, prefix=b"")) == [b"a", b"d"]
    assert txn.delete_range(A, b"", b"\xff") == 2
    assert keys_of(txn.scan(A, prefix=b"")) == []
    txn.abort()


def test_delete_range_over_many_pages(store: Store) -> None:
    fill(store, *[b"%06d" % number for number in range(5_000)])
    txn = store.begin()
    assert txn.delete_range(A, b"000100", b"004900") == 4_800
    txn.commit()
    assert store.count(A) == 200


def test_keys_of_the_longest_size_are_kept(store: Store) -> None:
    assert store.key_bytes_max >= 1_978
    longest = b"k" * 1_978
    fill(store, longest, longest[:-1] + b"l")
    with store.read() as read:
        assert keys_of(read.scan(A, prefix=b"k" * 1_977)) == [longest, longest[:-1] + b"l"]


def test_tables_do_not_mix(store: Store) -> None:
    txn = store.begin()
    txn.put(A, b"k", b"a")
    txn.put(B, b"k", b"b")
    txn.delete(A, b"k")
    txn.commit()
    with store.read() as read:
        assert (read.get(A, b"k"), read.get(B, b"k")) == (None, b"b")


def test_next_writer_begins_after_commit_or_abort(store: Store) -> None:
    store.begin().abort()
    store.begin().commit()
    fill(store, b"1")
    store.sync()
    assert store.count(A) == 1


def test_lmdb_store_keeps_commits_when_opened_again(tmp_path: Path) -> None:
    first = LmdbStore(tmp_path, TABLES)
    fill(first, b"kept")
    open_txn = first.begin()
    open_txn.put(A, b"never committed", b"")
    open_txn.abort()
    first.close()
    again = LmdbStore(tmp_path, (*TABLES, Table(4, "new")))
    with again.read() as read:
        assert keys_of(read.scan(A, prefix=b"")) == [b"kept"]
        assert keys_of(read.scan(Table(4, "new"), prefix=b"")) == []
    again.close()


KEY = st.binary(min_size=1, max_size=3)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEY, st.binary(max_size=4)),
        st.tuples(st.just("delete"), KEY, st.just(b"")),
        st.tuples(st.just("range"), KEY, KEY),
    ),
    max_size=30,
)


def _contents(txn: ReadTxn) -> list[tuple[bytes, bytes]]:
    return list(txn.scan(A, prefix=b""))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=st.dictionaries(KEY, st.binary(max_size=4)), changes=CHANGES)
def test_delta_does_to_another_store_what_its_transaction_did(
    tmp_path: Path, before: dict[bytes, bytes], changes: list[tuple[str, bytes, bytes]]
) -> None:
    leader, follower = LmdbStore(tmp_path, TABLES), MemoryStore(TABLES)
    for store in (leader, follower):
        plain = store.begin()
        plain.delete_range(A, b"\0", b"\xff" * 4)
        for key, value in before.items():
            plain.put(A, key, value)
        plain.commit()
    model = dict(before)
    txn = CapturingTxn(leader.begin())
    for kind, key, value in changes:
        if kind == "put":
            txn.put(A, key, value)
            model[key] = value
        elif kind == "delete":
            assert txn.delete(A, key) == (model.pop(key, None) is not None)
        else:
            doomed = [each for each in model if key <= each < value]
            assert txn.delete_range(A, key, value) == len(doomed)
            for each in doomed:
                del model[each]
    copy = follower.begin()
    apply_delta(copy, txn.delta(), {table.number: table for table in TABLES})
    copy.commit()
    assert _contents(txn) == sorted(model.items())
    txn.commit()
    with leader.read() as led, follower.read() as followed:
        assert _contents(led) == _contents(followed) == sorted(model.items())
    leader.close()
