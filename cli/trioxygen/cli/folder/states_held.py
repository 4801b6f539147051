"""What the states of a node hold, for a log that is damaged in a part that they may not need any
more. Opens stores that nobody has open yet; blocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trioxygen.hdds.container.blocks import TABLES
from trioxygen.hdds.ring.rows import ring_rows
from trioxygen.metadata.raft.log.mending import StateHeld, StatesHeld
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.replication.state import read_applied
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.lmdb_room import DATA_FILE
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.metadata.store.seal import damaged


@dataclass(frozen=True, slots=True)
class GroupState:
    """Where a group's state is."""

    group: GroupId
    path: Path
    tables: Sequence[Table]
    is_only_voter: bool


def of_groups(groups: Iterable[GroupState]) -> StatesHeld:
    """Of OM and SCM."""
    return partial(_of_groups, list(groups))


def of_rings(index: Path) -> StatesHeld:
    """Of a DataNode's volume, whose index says which rings it takes part in."""
    return partial(_of_rings, index)


def held_by(store: Store, *, is_only_voter: bool) -> StateHeld:
    """Raises: DamagedRow: a state that is not whole makes up for nothing."""
    _check_rows(store, str(store))
    store.sync()
    with store.read() as txn:
        applied = read_applied(txn)
    return StateHeld(applied.index, applied.term, is_only_voter)


def _check_rows(store: Store, name: str) -> None:
    for table, key in store.damaged_rows():
        raise damaged(table, key, name)


def _of_groups(groups: Sequence[GroupState]) -> Mapping[GroupId, StateHeld]:
    held: dict[GroupId, StateHeld] = {}
    for state in groups:
        if not (state.path / DATA_FILE).exists():
            held[state.group] = StateHeld(0, 0, state.is_only_voter)
            continue
        store = LmdbStore(state.path, state.tables)
        try:
            held[state.group] = held_by(store, is_only_voter=state.is_only_voter)
        finally:
            store.close()
    return held


def _of_rings(index: Path) -> Mapping[GroupId, StateHeld]:
    if not (index / DATA_FILE).exists():
        return {}
    store = LmdbStore(index, TABLES)
    try:
        _check_rows(store, str(index))
        return rings_held(store)
    finally:
        store.close()


def rings_held(store: Store) -> Mapping[GroupId, StateHeld]:
    """By the index of a volume, which is whole."""
    store.sync()
    with store.read() as txn:
        rows = ring_rows(txn)
    return {
        GroupId(row.pipeline_id): StateHeld(
            row.applied_index, row.applied_term, is_only_voter=len(row.members) <= 1
        )
        for row in rows.values()
    }
