"""What a namespace holds: its committed blocks, its leases, and what it has let go. As in the OM:
when a lease ends, what was not committed is collected; that is exact, with no scan of anything."""

from collections.abc import Iterable

from trioxygen.metadata.leases import garbage
from trioxygen.metadata.leases.gc_delay import not_before_ms
from trioxygen.metadata.leases.rows import holds, is_collected, mark_collected
from trioxygen.metadata.leases.runs import left_of
from trioxygen.metadata.replication.batch import Now
from trioxygen.metadata.scm.namespaces.keys import garbage_key
from trioxygen.metadata.scm.schema import (
    GARBAGE,
    NAMESPACE_BLOCKS,
    NAMESPACE_LEASES,
    id_key,
)
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.namespaces_pb2 import NamespaceGarbageRow, NamespaceLeaseRow
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange


def unheld(txn: ReadTxn, namespace_id: int, blocks: BlockRange) -> list[BlockRange]:
    """What of a row of the queue is not committed."""
    return garbage.unheld(txn, NAMESPACE_BLOCKS.table, blocks, within=id_key(namespace_id))


def holds_some(txn: ReadTxn, namespace_id: int, container_id: int) -> bool:
    """Whether any of a container's blocks is committed."""
    prefix = id_key(namespace_id) + id_key(container_id)
    return any(True for _ in NAMESPACE_BLOCKS.scan(txn, prefix=prefix))


class HeldBlocks:
    """Args: gc_delay_ms: how long the bytes of a deleted block stay readable."""

    def __init__(self, gc_delay_ms: int) -> None:
        self._gc_delay_ms = gc_delay_ms

    def collect(
        self,
        txn: WriteTxn,
        namespace_id: int,
        blocks: BlockRange,
        now: Now,
        *,
        was_visible: bool,
    ) -> None:
        """Blocks are to be deleted; those that readers may be at wait for the delay."""
        due_ms = not_before_ms(now, self._gc_delay_ms, was_visible=was_visible)
        row = NamespaceGarbageRow(
            namespace_id=namespace_id,
            blocks=blocks,
            not_before_ms=due_ms,
            since_ms=now.group_ms,
        )
        GARBAGE.put(txn, garbage_key(due_ms, blocks.container, blocks.first_local), row)

    def end_lease(self, txn: WriteTxn, key: bytes, now: Now) -> None:
        """One that is gone already is no error."""
        lease = NAMESPACE_LEASES.get(txn, key)
        if lease is None:
            return
        NAMESPACE_LEASES.delete(txn, key)
        namespace_id = int.from_bytes(key[:8], "big")
        for first, count in left_of(txn, NAMESPACE_BLOCKS.table, lease, within=key[:8]):
            # What of it was written without being committed nobody knows here.
            run = BlockRange(
                container=lease.container, first_local=first, count=count, size_bytes=0
            )
            self.collect(txn, namespace_id, run, now, was_visible=False)

    def let_go(
        self,
        txn: WriteTxn,
        namespace_id: int,
        blocks: Iterable[tuple[BlockId, int]],
        now: Now,
        *,
        was_visible: bool,
        client_id: int | None = None,
    ) -> None:
        """Single blocks with their bytes, of which none is committed any more. The end of their
        leases, where it is still to come, must not collect them again.

        Args:
        was_visible: they were committed, and the leases of some may be over; else only those are
            collected that a lease has which goes on.
        client_id: whose leases count; None: everybody's."""
        leases: dict[int, list[tuple[bytes, NamespaceLeaseRow]]] = {}
        for key, lease in NAMESPACE_LEASES.scan(txn, prefix=id_key(namespace_id)):
            if client_id in (None, lease.client_id):
                leases.setdefault(lease.container, []).append((key, lease))
        changed: dict[bytes, NamespaceLeaseRow] = {}
        for block, size_bytes in blocks:
            of_it = leases.get(block.container, ())
            leased = next((each for each in of_it if holds(each[1], block)), None)
            if leased is None and not was_visible:
                continue
            if leased is not None:
                key, lease = leased
                if is_collected(lease, block.local):
                    continue
                mark_collected(lease, block.local)
                changed[key] = lease
            run = BlockRange(
                container=block.container,
                first_local=block.local,
                count=1,
                size_bytes=size_bytes,
            )
            self.collect(txn, namespace_id, run, now, was_visible=was_visible)
        for key in sorted(changed):
            NAMESPACE_LEASES.put(txn, key, changed[key])
