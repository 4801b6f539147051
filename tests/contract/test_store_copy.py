"""What every store does when its state is copied and another's takes its place."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trioxygen.common.errors import ChecksumMismatch, TrioxygenError, UnknownFormat
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import COPY_PIECE_BYTES, Incoming, ReadTxn, Store, Table

A = Table(2, "a")
B = Table(3, "b")
TABLES = (A, B)

Rows = dict[bytes, bytes]


class Stores:
    """Makes stores of one kind."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind, self._folder = kind, folder
        self._made: list[Store] = []

    def make(self, *tables: Table) -> Store:
        store: Store
        if self._kind == "memory":
            store = MemoryStore(tables or TABLES)
        else:
            store = LmdbStore(self._folder / f"store-{len(self._made)}", tables or TABLES)
        self._made.append(store)
        return store

    def close(self) -> None:
        for store in self._made:
            store.close()


@pytest.fixture(params=["memory", "lmdb"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    made = Stores(request.param, tmp_path)
    yield made
    made.close()


def put(store: Store, rows: Rows, table: Table = A) -> None:
    txn = store.begin()
    for key, value in rows.items():
        txn.put(table, key, value)
    txn.commit()


def rows_of(txn: ReadTxn, table: Table = A) -> Rows:
    return dict(txn.scan(table, prefix=b""))


def state(store: Store, table: Table = A) -> Rows:
    with store.read() as txn:
        return rows_of(txn, table)


def many(count: int, tag: bytes = b"") -> Rows:
    return {b"%08d" % number: tag + b"v" * 500 for number in range(count)}


def pieces_of(store: Store) -> list[bytes]:
    copy = store.copy()
    pieces = list(iter(copy.read, b""))
    copy.close()
    return pieces


def received(store: Store, pieces: list[bytes]) -> Incoming:
    incoming = store.receive()
    for piece in pieces:
        incoming.write(piece)
    return incoming


def install(store: Store, pieces: list[bytes]) -> None:
    incoming = received(store, pieces)
    incoming.complete()
    incoming.install()


def test_copy_installed_elsewhere_holds_the_same_rows(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    put(source, many(3_000))
    put(source, {b"b": b"1"}, B)
    put(target, {b"gone": b"", b"00000001": b"other"})
    pieces = pieces_of(source)
    assert max(map(len, pieces)) <= COPY_PIECE_BYTES
    install(target, pieces)
    assert state(target) == many(3_000)
    assert state(target, B) == {b"b": b"1"}
    put(target, {b"later": b"2"})
    assert target.count(A) == 3_001
    target.sync()


def test_copy_may_be_received_in_pieces_of_any_size(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    put(source, many(20))
    stream = b"".join(pieces_of(source))
    install(target, [stream[at : at + 777] for at in range(0, len(stream), 777)])
    assert state(target) == many(20)


def test_empty_store_can_be_copied(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    put(target, {b"gone": b""})
    install(target, pieces_of(source))
    assert state(target) == {}


def test_copy_is_the_state_when_it_was_begun(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    put(source, many(3_000))
    copy = source.copy()
    assert rows_of(copy.txn()) == many(3_000)
    pieces = [copy.read()]
    put(source, many(3_000, b"changed"))
    pieces += iter(copy.read, b"")
    copy.close()
    install(target, pieces)
    assert state(target) == many(3_000)
    assert state(source) == many(3_000, b"changed")


@pytest.mark.parametrize("reads", [0, 1, 2])
def test_copy_may_be_ended_early_and_twice(stores: Stores, reads: int) -> None:
    source = stores.make()
    put(source, many(3_000))
    copy = source.copy()
    for _ in range(reads):
        assert copy.read()
    copy.close()
    copy.close()
    put(source, {b"later": b""})
    assert source.count(A) == 3_001
    assert not [each for each in threading.enumerate() if each.name == "lmdb-copy"]


def test_store_may_be_closed_under_a_copy(stores: Stores) -> None:
    source = stores.make()
    put(source, many(3_000))
    copy = source.copy()
    assert copy.read()
    source.close()
    copy.close()


def test_copies_may_overlap(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    put(source, many(2_000))
    first, second = source.copy(), source.copy()
    assert first.read() == second.read()
    first.close()
    install(target, pieces_of(source))
    second.close()
    assert state(target) == many(2_000)


def test_received_state_can_be_looked_at_and_is_not_in_force_before_it_is_installed(
    stores: Stores,
) -> None:
    source, target = stores.make(), stores.make()
    put(source, {b"k": b"new"})
    put(target, {b"k": b"old"})
    incoming = received(target, pieces_of(source))
    incoming.complete()
    with incoming.read() as txn:
        assert txn.get(A, b"k") == b"new"
    assert state(target) == {b"k": b"old"}
    put(target, {b"k": b"older"})
    incoming.install()
    incoming.abort()
    assert state(target) == {b"k": b"new"}


@pytest.mark.parametrize("is_complete", [False, True])
def test_received_state_may_be_thrown_away(stores: Stores, is_complete: bool) -> None:
    source, target = stores.make(), stores.make()
    put(source, {b"k": b"new"})
    put(target, {b"k": b"old"})
    incoming = received(target, pieces_of(source))
    if is_complete:
        incoming.complete()
    incoming.abort()
    incoming.abort()
    assert state(target) == {b"k": b"old"}
    install(target, pieces_of(source))
    assert state(target) == {b"k": b"new"}


def test_state_can_be_replaced_again_and_again(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    for number in range(4):
        put(source, {b"k": b"%d" % number})
        install(target, pieces_of(source))
        assert state(target)[b"k"] == b"%d" % number
        put(target, {b"own": b""})
        # And a copy of what was installed is a copy like any other.
        install(source, pieces_of(target))
        assert state(source) == {b"k": b"%d" % number, b"own": b""}


def test_readers_under_way_keep_what_they_began_with(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    put(source, many(3_000, b"new"))
    put(target, many(3_000, b"old"))
    pieces = pieces_of(source)
    with target.read() as before:
        rows = before.scan(A, prefix=b"")
        first = next(rows)
        install(target, pieces)
        with target.read() as after:
            assert rows_of(after) == many(3_000, b"new")
        assert dict([first, *rows]) == many(3_000, b"old")
        assert before.get(A, b"00000007") == many(8, b"old")[b"00000007"]
        install(target, pieces)
        assert before.get(A, b"00000009") == many(10, b"old")[b"00000009"]
    assert state(target) == many(3_000, b"new")


def test_readers_on_other_threads_see_one_state_or_the_other(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    put(source, dict.fromkeys(many(200), b"new"))
    put(target, dict.fromkeys(many(200), b"old"))
    olds, news = pieces_of(target), pieces_of(source)
    seen: list[set[bytes]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(set(state(target).values()))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        install(target, news)
        install(target, olds)
    stop.set()
    for thread in threads:
        thread.join()
    assert seen
    assert all(values in ({b"old"}, {b"new"}) for values in seen)


def test_store_is_not_replaced_under_a_write_transaction(stores: Stores) -> None:
    source, target = stores.make(), stores.make()
    incoming = received(target, pieces_of(source))
    incoming.complete()
    txn = target.begin()
    with pytest.raises(AssertionError, match="open write transaction"):
        incoming.install()
    txn.abort()


def test_one_copy_is_received_at_a_time(stores: Stores) -> None:
    target = stores.make()
    incoming = target.receive()
    with pytest.raises(AssertionError, match="one copy"):
        target.receive()
    incoming.abort()
    target.receive().abort()


def cut(pieces: list[bytes]) -> list[bytes]:
    return [*pieces[:-1], pieces[-1][: len(pieces[-1]) // 2]]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        pytest.param(cut, ChecksumMismatch, id="cut"),
        pytest.param(lambda pieces: [], TrioxygenError, id="nothing"),
        pytest.param(lambda pieces: [b"x" * 100_000], UnknownFormat, id="something else"),
    ],
)
def test_what_is_no_copy_is_refused_and_changes_nothing(
    stores: Stores,
    spoil: Callable[[list[bytes]], list[bytes]],
    error: type[TrioxygenError],
) -> None:
    source, target = stores.make(), stores.make()
    put(source, many(3_000))
    put(target, {b"k": b"old"})
    incoming = received(target, spoil(pieces_of(source)))
    with pytest.raises(error):
        incoming.complete()
    incoming.abort()
    assert state(target) == {b"k": b"old"}
    install(target, pieces_of(source))
    assert state(target) == many(3_000)


def test_table_that_is_not_known_is_refused(stores: Stores) -> None:
    newer, target = stores.make(A, B, Table(4, "newer")), stores.make()
    incoming = received(target, pieces_of(newer))
    with pytest.raises(UnknownFormat, match="newer"):
        incoming.complete()
    incoming.abort()


def test_table_that_an_older_version_lacks_is_empty(stores: Stores) -> None:
    if stores.make().copy_format == "rows-1":
        pytest.skip("a dump holds every table it was given")
    older, target = stores.make(A), stores.make()
    put(older, {b"k": b"1"})
    put(target, {b"b": b"2"}, B)
    install(target, pieces_of(older))
    assert state(target) == {b"k": b"1"}
    assert state(target, B) == {}


def in_time(action: Callable[[], None]) -> bool:
    """Whether it ended, on a thread of its own, in a time that is ample."""
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(10)
    return not thread.is_alive()


def abort_a_transaction(store: Store, rows: Rows) -> Callable[[], None]:
    def run() -> None:
        txn = store.begin()
        for key, value in rows.items():
            txn.put(A, key, value)
        txn.abort()

    return run


def large(stores: Stores) -> Store:
    """One that is not copied in one piece."""
    store = stores.make()
    put(store, {b"%06d" % number: bytes(1_000) for number in range(5_000)})
    return store


def test_transaction_that_changed_nothing_is_aborted_while_a_copy_is_under_way(
    stores: Stores,
) -> None:
    store = large(stores)
    copy = store.copy()
    pieces = [copy.read()]
    assert in_time(abort_a_transaction(store, {}))
    while piece := copy.read():
        pieces.append(piece)
    copy.close()
    target = stores.make()
    incoming = received(target, pieces)
    incoming.complete()
    incoming.install()
    assert state(target) == state(store)


def test_transaction_with_changes_is_aborted_while_a_copy_is_under_way(stores: Stores) -> None:
    store = large(stores)
    before = state(store)
    copy = store.copy()
    assert copy.read()
    assert in_time(abort_a_transaction(store, {b"new": b"row"}))
    assert state(store) == before
    copy.close()
