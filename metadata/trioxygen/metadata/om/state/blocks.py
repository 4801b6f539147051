"""Who holds which block: leases, references, and the queue of what nobody holds any more.

Commit turns leased blocks into referenced ones in its own transaction; when a lease ends, what
was not referenced is collected. That is exact, with no scan of the namespace.
"""

from collections.abc import Iterable
from typing import Final

from trioxygen.common.paging import OBJECT_ROW_BYTES_MAX
from trioxygen.metadata.leases.gc_delay import not_before_ms
from trioxygen.metadata.leases.rows import holds, is_collected, mark_collected
from trioxygen.metadata.leases.runs import block_key, left_of
from trioxygen.metadata.om.state.schema import (
    BLOCK_REFERENCES,
    GARBAGE,
    LEASES,
    gc_key,
    lease_key,
)
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.store.ports import WriteTxn
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BlockReferenceRow,
    GcRow,
    KeyRow,
    LeaseRow,
    PartRow,
)
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, BlockSlice

# Fewer blocks and parts than that cannot fill a row, with fewer sealed pieces: each of these has a
# wrapped key and the name of what wraps it, which a KMS may have long ones of.
_FEW: Final = 10_000
_FEW_PIECES: Final = 200


def check_row(row: KeyRow | PartRow) -> Refusal | None:
    """What one reply, and one entry of the log, can carry."""
    parts = len(row.parts) if isinstance(row, KeyRow) else 0
    is_short = len(row.blocks) + parts <= _FEW and len(row.pieces) <= _FEW_PIECES
    if is_short or row.ByteSize() <= OBJECT_ROW_BYTES_MAX:
        return None
    return Refusal(
        types_pb2.OBJECT_TOO_LARGE,
        "too many blocks and parts for one object",
        {"blocks": str(len(row.blocks)), "parts": str(parts)},
    )


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
                or not holds(lease, piece)
                # In the gc queue already, or deleted.
                or is_collected(lease, piece.local)
            ):
                return Refusal(types_pb2.LEASE_EXPIRED, facts={"lease": str(lease_id)})
        return None

    def reference(self, txn: WriteTxn, slices: Iterable[BlockSlice]) -> None:
        """One more holder of each slice's block."""
        for piece in slices:
            key = block_key(piece.container, piece.local)
            row = BLOCK_REFERENCES.get(txn, key)
            BLOCK_REFERENCES.put(
                txn, key, BlockReferenceRow(references=1 if row is None else row.references + 1)
            )

    def release(
        self, txn: WriteTxn, slices: Iterable[BlockSlice], now: Now, *, delay_ms_min: int = 0
    ) -> None:
        """One holder less; what nobody holds goes to the gc queue.

        Args: delay_ms_min: readers may be at them at least so long."""
        leases: dict[int, LeaseRow | None] = {}
        for piece in slices:
            key = block_key(piece.container, piece.local)
            row = BLOCK_REFERENCES.get(txn, key)
            assert row is not None, f"block {piece.container}/{piece.local} was released twice"
            if row.references > 1:
                BLOCK_REFERENCES.put(txn, key, BlockReferenceRow(references=row.references - 1))
                continue
            BLOCK_REFERENCES.delete(txn, key)
            blocks = range_of(piece, piece.block_bytes or piece.length_bytes)
            self.collect(txn, blocks, now, was_visible=True, delay_ms_min=delay_ms_min)
            # The end of its lease, if that is still to come, must not collect it again.
            lease_id = piece.lease_id
            if lease_id not in leases:
                leases[lease_id] = LEASES.get(txn, lease_key(lease_id))
            lease = leases[lease_id]
            if lease is not None:
                mark_collected(lease, piece.local)
        for lease_id, lease in leases.items():
            if lease is not None:
                LEASES.put(txn, lease_key(lease_id), lease)

    def collect(
        self,
        txn: WriteTxn,
        blocks: BlockRange,
        now: Now,
        *,
        was_visible: bool,
        delay_ms_min: int = 0,
    ) -> None:
        """Queues blocks for deletion; those that readers may be at wait for the gc delay."""
        delay_ms = max(self._gc_delay_ms, delay_ms_min)
        due_ms = not_before_ms(now, delay_ms, was_visible=was_visible)
        GARBAGE.put(
            txn,
            gc_key(due_ms, blocks.container, blocks.first_local),
            GcRow(blocks=blocks, not_before_ms=due_ms, since_ms=now.group_ms),
        )

    def end_lease(self, txn: WriteTxn, lease_id: int, now: Now) -> None:
        """Collects the blocks of a lease that nothing references. A lease that is gone already is
        no error.
        """
        lease = LEASES.get(txn, lease_key(lease_id))
        if lease is None:
            return
        LEASES.delete(txn, lease_key(lease_id))
        for local, count in left_of(txn, BLOCK_REFERENCES.table, lease):
            # What of it was written without being committed nobody knows here.
            run = BlockRange(
                container=lease.container, first_local=local, count=count, size_bytes=0
            )
            self.collect(txn, run, now, was_visible=False)

    def give_back(self, txn: WriteTxn, client_id: int, blocks: Iterable[BlockId], now: Now) -> None:
        """Collects single blocks of leases that go on; they cannot be committed any more.

        A block that was committed after all stays, and so does one of no lease of the client's.
        """
        blocks = list(blocks)
        if not blocks:
            return
        leases = {
            key: lease
            for key, lease in LEASES.scan(txn, prefix=b"")
            if lease.client_id == client_id
        }
        changed: set[bytes] = set()
        for block in blocks:
            key = next((key for key, lease in leases.items() if holds(lease, block)), None)
            if key is None:
                continue
            lease = leases[key]
            if not is_collected(lease, block.local) and not BLOCK_REFERENCES.exists(
                txn, block_key(block.container, block.local)
            ):
                mark_collected(lease, block.local)
                changed.add(key)
                self.collect(txn, range_of(block, 0), now, was_visible=False)
        for key in sorted(changed):
            LEASES.put(txn, key, leases[key])


def range_of(block: BlockId | BlockSlice, size_bytes: int) -> BlockRange:
    return BlockRange(
        container=block.container, first_local=block.local, count=1, size_bytes=size_bytes
    )
