"""Dump and load of a replicated service's whole state (`o3 admin dump`, `load`).

A dump holds all rows, but for tables that say they are not dumped. The index and term of the last
entry, and the answers kept for retries stay true wherever it is loaded; who the group's members
were does not: what is loaded belongs to no group until it begins one, of a single node
(`identity.check_state`). Ids that were handed out after the dump must never be handed out again,
and which these were is not in it: so all sequences go on far behind, at a place that chance
chooses, since a dump may be loaded more than once. What else of the service does not outlive a
load, `forget` says."""

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from trioxygen.metadata.replication.state import SEQUENCE, forget_group, get_integer, put_integer
from trioxygen.metadata.store.dump import dump, load
from trioxygen.metadata.store.ports import Store, Table, WriteTxn

# In META: what had been given when the dump was made that the state was loaded from.
DUMPED_LAST_ID: Final = b"dumped_last_id"
_LEAST_SKIPPED_BITS: Final = 40
_SKIPPED_BITS: Final = 52
_FEW_SKIPPED_BITS: Final = 43


def dump_state(store: Store, tables: Iterable[Table]) -> Iterator[bytes]:
    """Pieces of one snapshot of the state; see `store.dump`. Writers go on meanwhile."""
    with store.read() as txn:
        yield from dump(txn, [table for table in tables if table.is_dumped])


def skipped(last_id: int, rng: random.Random) -> int:
    """An id behind all that may have been given after `last_id` was.

    Two loads of one dump meet by chance only: they would have to draw within as many ids of each
    other as a store gives (2**32 in years), of 2**52. Room is for a thousand loads and more.
    """
    return last_id + (1 << _LEAST_SKIPPED_BITS) + rng.getrandbits(_SKIPPED_BITS)


def skipped_a_little(last_id: int, rng: random.Random) -> int:
    """As `skipped`, on mere suspicion: there is room for half a million times."""
    return last_id + (1 << _LEAST_SKIPPED_BITS) + rng.getrandbits(_FEW_SKIPPED_BITS)


def load_state(
    store: Store,
    tables: Iterable[Table],
    pieces: Iterable[bytes],
    rng: random.Random,
    forget: Callable[[WriteTxn, random.Random], None],
) -> int:
    """Fills an empty store; how many rows were in the dump. Raises: as `store.dump.load`.

    Args:
        forget: changes what is not true any more of the service's own rows.
    """
    rows = load(store, tables, pieces)
    txn = store.begin()
    try:
        forget_group(txn)
        last_id = get_integer(txn, SEQUENCE)
        put_integer(txn, DUMPED_LAST_ID, last_id)
        put_integer(txn, SEQUENCE, skipped(last_id, rng))
        forget(txn, rng)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    store.sync()
    return rows
