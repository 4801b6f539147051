"""How far a state is, it says twice: one damaged row of the two costs nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container import blocks
from trioxygen.metadata.raft.ports import Entry, EntryKind
from trioxygen.metadata.replicated_state import META, ReplicatedState
from trioxygen.metadata.store.lmdb_kv import LmdbStore

_VALUE = (77).to_bytes(8, "big") + (5).to_bytes(8, "big")


def rewritten(path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray((path / "data.mdb").read_bytes())
    change(data)
    (path / "data.mdb").write_bytes(data)


def flip_all(data: bytearray, found: bytes, behind: int) -> None:
    at = data.find(found)
    assert at >= 0
    while at >= 0:
        data[at + behind] ^= 8
        at = data.find(found, at + len(found))


def applied_row(data: bytearray) -> None:
    flip_all(data, b"applied" + b"\0" + _VALUE, 9)


def applied_key(data: bytearray) -> None:
    flip_all(data, b"applied" + b"\0" + _VALUE, 3)


def its_copy(data: bytearray) -> None:
    flip_all(data, b"applied.copy" + _VALUE, 14)


def its_copys_key(data: bytearray) -> None:
    flip_all(data, b"applied.copy" + _VALUE, 3)


@pytest.mark.parametrize("damage", [applied_row, applied_key, its_copy, its_copys_key])
def test_state_with_one_damaged_row_says_how_far_it_is(
    tmp_path: Path, damage: Callable[[bytearray], None]
) -> None:
    store = LmdbStore(tmp_path / "store", [META])
    state = ReplicatedState(store, [META], ThreadBlocking())
    state.copy([Entry(77, 5, b"members", EntryKind.CONFIGURATION)])
    store.sync()
    store.close()
    rewritten(tmp_path / "store", damage)
    store = LmdbStore(tmp_path / "store", [META])
    assert len(store.damaged_rows()) == 1
    state = ReplicatedState(store, [META], ThreadBlocking())
    found = state.applied()
    assert (found.index, found.term, found.configuration) == (77, 5, b"members")
    state.copy([Entry(78, 5, b"more", EntryKind.CONFIGURATION)])
    assert state.applied().index == 78
    store.close()


def test_state_without_any_whole_row_is_an_error_that_names_it(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "store", [META])
    ReplicatedState(store, [META], ThreadBlocking()).copy(
        [Entry(77, 5, b"members", EntryKind.CONFIGURATION)]
    )
    store.sync()
    store.close()
    rewritten(tmp_path / "store", applied_row)
    rewritten(tmp_path / "store", its_copy)
    store = LmdbStore(tmp_path / "store", [META])
    with pytest.raises(DamagedRow, match="applied"):
        ReplicatedState(store, [META], ThreadBlocking()).applied()
    store.close()


def test_datanodes_index_says_it_twice_as_well(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "index", blocks.TABLES)
    txn = store.begin()
    blocks.put_applied_index(txn, 0x1234_5678)
    txn.commit()
    store.sync()
    store.close()
    value = (0x1234_5678).to_bytes(8, "big")
    rewritten(tmp_path / "index", lambda data: flip_all(data, b"applied" + b"\0" + value, 10))
    store = LmdbStore(tmp_path / "index", blocks.TABLES)
    assert blocks.applied_index(store) == 0x1234_5678
    store.close()
    rewritten(tmp_path / "index", lambda data: flip_all(data, b"applied.copy" + value, 14))
    store = LmdbStore(tmp_path / "index", blocks.TABLES)
    with pytest.raises(DamagedRow):
        blocks.applied_index(store)
    store.close()
