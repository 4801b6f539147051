"""The queue of blocks that nobody holds: how many bytes are in it, and how old they are."""

from trioxygen.metadata.leases.garbage import GarbageQueue, unheld
from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Table
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1.om_pb2 import GcRow
from trioxygen.proto.v1.types_pb2 import BlockRange, KeptBlocks

ROWS = RowTable(2, "queue", GcRow)
REFERENCES = Table(3, "reference")
QUEUE = GarbageQueue(ROWS)


def store() -> MemoryStore:
    return MemoryStore((META, ROWS.table, REFERENCES))


def blocks(*, count: int = 1, size_bytes: int | None = None) -> BlockRange:
    return BlockRange(container=1, first_local=10, count=count, size_bytes=size_bytes)


def put(kept: MemoryStore, key: bytes, size_bytes: int | None, *, since_ms: int) -> None:
    txn = kept.begin()
    QUEUE.put(txn, key, GcRow(blocks=blocks(size_bytes=size_bytes), since_ms=since_ms))
    txn.commit()


def take(kept: MemoryStore, key: bytes) -> GcRow | None:
    txn = kept.begin()
    row = QUEUE.take(txn, key)
    txn.commit()
    return row


def test_bytes_are_counted_as_rows_come_and_go() -> None:
    kept = store()
    assert QUEUE.kept(kept, 100) == KeptBlocks()
    put(kept, b"1", 70, since_ms=40)
    put(kept, b"2", 30, since_ms=60)
    assert QUEUE.kept(kept, 100) == KeptBlocks(ranges=2, size_bytes=100, oldest_ms=60)
    taken = take(kept, b"1")
    assert taken is not None and taken.blocks.size_bytes == 70
    assert take(kept, b"1") is None
    assert QUEUE.kept(kept, 100) == KeptBlocks(ranges=1, size_bytes=30, oldest_ms=40)
    take(kept, b"2")
    assert QUEUE.kept(kept, 100) == KeptBlocks()


def test_rows_of_before_bytes_were_kept_count_for_none() -> None:
    kept = store()
    put(kept, b"1", None, since_ms=0)
    put(kept, b"2", 5, since_ms=60)
    assert QUEUE.kept(kept, 100) == KeptBlocks(ranges=2, size_bytes=5)
    take(kept, b"1")
    assert QUEUE.kept(kept, 100) == KeptBlocks(ranges=1, size_bytes=5, oldest_ms=40)


def test_nothing_is_left_to_count_when_rows_went_without_being_taken() -> None:
    kept = store()
    put(kept, b"1", 70, since_ms=1)
    put(kept, b"2", 30, since_ms=1)
    txn = kept.begin()
    ROWS.delete(txn, b"1")
    txn.commit()
    take(kept, b"2")
    assert QUEUE.kept(kept, 100) == KeptBlocks()


def test_what_is_held_of_a_range_stays_and_the_rest_has_its_share_of_the_bytes() -> None:
    kept = store()
    with kept.read() as txn:
        assert unheld(txn, REFERENCES, blocks(count=4, size_bytes=40)) == [
            blocks(count=4, size_bytes=40)
        ]
    writing = kept.begin()
    writing.put(REFERENCES, block_key(1, 11), b"")
    writing.commit()
    with kept.read() as txn:
        first, rest = unheld(txn, REFERENCES, blocks(count=4, size_bytes=40))
        assert (first.first_local, first.count, first.size_bytes) == (10, 1, 10)
        assert (rest.first_local, rest.count, rest.size_bytes) == (12, 2, 20)
        assert not any(
            each.HasField("size_bytes") for each in unheld(txn, REFERENCES, blocks(count=4))
        )
