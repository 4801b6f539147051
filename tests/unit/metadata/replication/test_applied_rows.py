"""How far a state is, it says twice: one damaged row of the two costs nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.errors import DamagedRow
from trioxygen.metadata.raft.ports import Entry, EntryKind
from trioxygen.metadata.replication.state import META, ReplicatedState
from trioxygen.metadata.store.lmdb_kv import LmdbStore

_VALUE = (77).to_bytes(8, "big") + (5).to_bytes(8, "big")


def rewritten(path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray((path / "data.mdb").read_bytes())
    change(data)
    (path / "data.mdb").write_bytes(data)


def flip_all(data: bytearray, actual: bytes, behind: int) -> None:
    at = data.find(actual)
    assert at >= 0
    while at >= 0:
        data[at + behind] ^= 8
        at = data.find(actual, at + len(actual))


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
    actual = state.applied()
    assert (actual.index, actual.term, actual.configuration) == (77, 5, b"members")
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
