"""Entries of a log that are no changes: every replica passes them alike, none fails to start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.errors import UnknownFormat
from trioxygen.metadata.raft.ports import Entry
from trioxygen.metadata.replication.state import META, ReplicatedState
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1.replication_pb2 import Delta

ROWS = Table(2, "rows")
TABLES = (META, ROWS)
PUT, DELETE, DELETE_RANGE = 0, 1, 2


def delta(*operations: int, keys: list[bytes], values: list[bytes], table: int = 2) -> bytes:
    output = [table * 4 + operation for operation in operations]
    return Delta(operations=output, keys=keys, values=values).SerializeToString()


GOOD = delta(PUT, keys=[b"key"], values=[b"value"])
BAD = {
    "no delta": b"\xff\xff\xff",
    "a put without a value": delta(PUT, keys=[b"key"], values=[]),
    "a value of nothing": delta(DELETE, keys=[b"key"], values=[b"value"]),
    "an operation without a key": delta(PUT, PUT, keys=[b"key"], values=[b"1", b"2"]),
    "a put of no key": delta(PUT, keys=[b""], values=[b"value"]),
    "a deletion of no key": delta(DELETE, keys=[b""], values=[]),
    "a key beyond the engine's": delta(PUT, keys=[b"k" * 2_000], values=[b"value"]),
    "a good change before a bad one": delta(PUT, PUT, keys=[b"half", b""], values=[b"", b""]),
}


@pytest.fixture(params=["lmdb", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: Store
    if request.param == "lmdb":
        opened = LmdbStore(tmp_path / "store", TABLES, map_bytes=1 << 24)
    else:
        opened = MemoryStore(TABLES)
    yield opened
    opened.close()


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_entry_that_is_no_change_is_passed_and_counted(store: Store, bad: bytes) -> None:
    blocking = ThreadBlocking()
    state = ReplicatedState(store, TABLES, blocking)
    state.copy([Entry(1, 1, bad), Entry(2, 1, GOOD), Entry(3, 1, bad)])
    assert state.refused_entries == 2
    assert state.applied().index == 3
    with store.read() as txn:
        assert list(txn.scan(ROWS, prefix=b"")) == [(b"key", b"value")]
    blocking.close()


@pytest.mark.parametrize(
    "newer",
    [delta(PUT, keys=[b"key"], values=[b""], table=99), delta(3, keys=[b"k"], values=[b""])],
)
def test_change_that_a_later_version_may_know_stops_the_replica(store: Store, newer: bytes) -> None:
    blocking = ThreadBlocking()
    state = ReplicatedState(store, TABLES, blocking)
    with pytest.raises(UnknownFormat):
        state.copy([Entry(1, 1, GOOD), Entry(2, 1, newer)])
    # None of it: what comes again is applied once.
    assert state.applied().index == 0
    state.copy([Entry(1, 1, GOOD)])
    blocking.close()
