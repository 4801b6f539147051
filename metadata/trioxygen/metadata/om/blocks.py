"""Who holds which block: leases, references, and the queue of what nobody holds any more.

Commit turns leased blocks into referenced ones in its own transaction; when a lease ends, what
was not referenced is collected. That is exact, with no scan of the namespace (DESIGN.md,
section 6).
"""

from collections.abc import Iterable

from trioxygen.metadata.execution import Now, Refusal
from trioxygen.metadata.om.schema import (
    BLOCK_REFERENCES,
    GC,
    HISTORY,
    LEASES,
    block_key,
    gc_key,
    history_key,
    lease_key,
)
from trioxygen.metadata.store.ports import WriteTxn
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BlockReferenceRow,
    BucketRow,
    GcRow,
    HistoryRow,
    KeyRow,
    LeaseRow,
)
from trioxygen.proto.v1.types_pb2 import BlockRange, BlockSlice


class BlockKeeper:
    """Args:
    gc_delay_ms: how long the data of a superseded version stays readable, for reads under way.
    """

    def __init__(self, gc_delay_ms: int) -> None:
        self._gc_delay_ms = gc_delay_ms

    def check_leased(self, txn: WriteTxn, slices: Iterable[BlockSlice]) -> Refusal | None:
        """Every slice must lie in a lease that is still there."""
        leases: dict[int, LeaseRow | None] = {}
        for piece in slices:
            lease_id = piece.lease_id
            if lease_id not in leases:
                leases[lease_id] = LEASES.get(txn, lease_key(lease_id))
            lease = leases[lease_id]
            if (
                lease is None
                or piece.container != lease.container
                or not lease.first_local <= piece.local < lease.first_local + lease.count
            ):
                return Refusal(types_pb2.LEASE_EXPIRED, facts={"lease": str(lease_id)})
        return None

    def check_referenced(self, txn: WriteTxn, slices: Iterable[BlockSlice]) -> bool:
        return all(
            BLOCK_REFERENCES.exists(txn, block_key(piece.container, piece.local))
            for piece in slices
        )

    def reference(self, txn: WriteTxn, slices: Iterable[BlockSlice]) -> None:
        """One more holder of each slice's block."""
        for piece in slices:
            key = block_key(piece.container, piece.local)
            row = BLOCK_REFERENCES.get(txn, key)
            BLOCK_REFERENCES.put(
                txn, key, BlockReferenceRow(references=1 if row is None else row.references + 1)
            )
            piece.lease_id = 0

    def release(self, txn: WriteTxn, slices: Iterable[BlockSlice], now: Now) -> None:
        """One holder less; what nobody holds goes to the gc queue."""
        for piece in slices:
            key = block_key(piece.container, piece.local)
            row = BLOCK_REFERENCES.get(txn, key)
            assert row is not None, f"block {piece.container}/{piece.local} was released twice"
            if row.references > 1:
                BLOCK_REFERENCES.put(txn, key, BlockReferenceRow(references=row.references - 1))
                continue
            BLOCK_REFERENCES.delete(txn, key)
            self.collect(txn, piece.container, piece.local, 1, now)

    def collect(
        self, txn: WriteTxn, container: int, first_local: int, count: int, now: Now
    ) -> None:
        not_before_ms = now.wall_ms + self._gc_delay_ms
        blocks = BlockRange(container=container, first_local=first_local, count=count)
        GC.put(
            txn,
            gc_key(not_before_ms, container, first_local),
            GcRow(blocks=blocks, not_before_ms=not_before_ms),
        )

    def supersede(
        self, txn: WriteTxn, bucket: BucketRow, key: bytes, old: KeyRow, now: Now
    ) -> None:
        """`old` is no longer the current version of its key."""
        if bucket.history_retention_ms:
            row = HistoryRow(row=old, superseded_ms=now.wall_ms)
            HISTORY.put(txn, history_key(bucket.bucket_id, key, old.object_id), row)
        else:
            self.release(txn, old.blocks, now)

    def end_lease(self, txn: WriteTxn, lease_id: int, now: Now) -> None:
        """Collects the blocks of a lease that nothing references. A lease that is gone already is
        no error.
        """
        lease = LEASES.get(txn, lease_key(lease_id))
        if lease is None:
            return
        LEASES.delete(txn, lease_key(lease_id))
        end = lease.first_local + lease.count
        position = lease.first_local
        prefix = lease.container.to_bytes(8, "big")
        after = block_key(lease.container, position - 1) if position else None
        for key, _ in txn.scan(BLOCK_REFERENCES.table, prefix=prefix, after=after):
            local = int.from_bytes(key[8:], "big")
            if local >= end:
                break
            if local > position:
                self.collect(txn, lease.container, position, local - position, now)
            position = local + 1
        if position < end:
            self.collect(txn, lease.container, position, end - position, now)
