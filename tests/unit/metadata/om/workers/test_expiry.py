"""Where the worker looks for history that is old: in what S3 does not show, and a bounded piece at
a time, however many buckets keep versions, and however many of them."""

from tests.unit.metadata.om.counted_txn import CountedTxn
from trioxygen.metadata.om.state.schema import (
    ALL_TABLES,
    HISTORY,
    REMOVED,
    VISIBLE,
    history_key,
)
from trioxygen.metadata.om.workers.expiry import removed_page
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1.om_pb2 import HistoryRow

BUCKETS = 50
STEPS = 20
ROW = HistoryRow(removed_group_ms=1)


def test_each_round_meets_every_removed_row_once_in_bounded_pieces() -> None:
    txn = CountedTxn(MemoryStore(ALL_TABLES).begin())
    removed: list[bytes] = []
    for bucket_id in range(BUCKETS):
        for object_id in range(7):
            HISTORY.put(txn, history_key(bucket_id, VISIBLE, b"k", object_id), ROW)
        for object_id in range(bucket_id % 3):
            removed.append(history_key(bucket_id, REMOVED, b"k", object_id))
            HISTORY.put(txn, removed[-1], ROW)
    found: list[bytes] = []
    after, pages = None, 0
    while True:
        txn.touched.clear()
        page = removed_page(txn, after, STEPS)
        assert txn.touched[HISTORY.table.name] <= STEPS + 1
        found += [row_key for row_key, _ in page.rows]
        after, pages = page.last, pages + 1
        if after is None:
            break
    assert sorted(found) == sorted(removed) and len(found) == len(set(found))
    # A bucket costs a step for all that it shows, and one for each row that it does not.
    assert pages <= (BUCKETS + len(removed)) // STEPS + 1


def test_what_is_shown_alone_is_looked_at_once() -> None:
    txn = CountedTxn(MemoryStore(ALL_TABLES).begin())
    for object_id in range(1_000):
        HISTORY.put(txn, history_key(1, VISIBLE, b"k", object_id), ROW)
    txn.touched.clear()
    assert removed_page(txn, None, STEPS) == ([], None)
    assert txn.touched[HISTORY.table.name] == 2
