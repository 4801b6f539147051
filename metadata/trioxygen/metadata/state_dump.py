"""Dump and load of a replicated service's whole state (`o3 admin dump`, `load`).

A dump holds all rows. The index and term of the last entry, the ids given so far and the answers
kept for retries stay true wherever it is loaded; who the group's members were does not: what is
loaded belongs to no group until it begins one, of a single node (`identity.check_state`)."""

from collections.abc import Iterable, Iterator

from trioxygen.metadata.replicated_state import forget_group
from trioxygen.metadata.store.dump import dump, load
from trioxygen.metadata.store.ports import Store, Table


def dump_state(store: Store, tables: Iterable[Table]) -> Iterator[bytes]:
    """Pieces of one snapshot of the state; see `store.dump`. Writers go on meanwhile."""
    with store.read() as txn:
        yield from dump(txn, tables)


def load_state(store: Store, tables: Iterable[Table], pieces: Iterable[bytes]) -> int:
    """Fills an empty store; how many rows were in the dump. Raises: as `store.dump.load`."""
    rows = load(store, tables, pieces)
    txn = store.begin()
    try:
        forget_group(txn)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    store.sync()
    return rows
