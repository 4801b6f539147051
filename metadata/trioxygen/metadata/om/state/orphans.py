"""Which blocks nobody holds, and where the look for them is."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from trioxygen.common.errors import Overloaded
from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, GC, LEASES, ORPHANS
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.om_pb2 import OrphanSearchRow
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

# Looked through for each page that has candidates: some 50 ms.
_GARBAGE_ROWS_MAX: Final = 20_000
# In META.
_ORPHAN_SEARCH: Final = b"orphan_search"


def orphan_search(txn: ReadTxn) -> OrphanSearchRow:
    """Empty: there has been none."""
    return OrphanSearchRow.FromString(txn.get(META, _ORPHAN_SEARCH) or b"")


def put_orphan_search(txn: WriteTxn, search: OrphanSearchRow) -> None:
    txn.put(META, _ORPHAN_SEARCH, search.SerializeToString())


def is_noted(txn: ReadTxn, block: BlockId) -> bool:
    return ORPHANS.exists(txn, block_key(block.container, block.local))


def orphans_among(txn: ReadTxn, blocks: Iterable[BlockId]) -> list[BlockId]:
    """Of one snapshot: a block goes from its lease to its references, to the gc queue, to the SCM.

    Raises: Overloaded: too much waits for its deletion to tell it from orphans."""
    candidates = {
        (block.container, block.local): block
        for block in blocks
        if not BLOCK_REFERENCES.exists(txn, block_key(block.container, block.local))
    }
    if candidates:
        _leave_out_leased(txn, candidates)
    if candidates:
        _leave_out_garbage(txn, candidates)
    return [*candidates.values()]


def _leave_out_leased(txn: ReadTxn, candidates: dict[tuple[int, int], BlockId]) -> None:
    for _, lease in LEASES.scan(txn, prefix=b""):
        _leave_out(
            candidates,
            BlockRange(container=lease.container, first_local=lease.first_local, count=lease.count),
        )


def _leave_out_garbage(txn: ReadTxn, candidates: dict[tuple[int, int], BlockId]) -> None:
    rows = list(islice(GC.scan(txn, prefix=b""), _GARBAGE_ROWS_MAX + 1))
    if len(rows) > _GARBAGE_ROWS_MAX:
        raise Overloaded("too much waits for its deletion: look for orphans when it is gone")
    for _, row in rows:
        _leave_out(candidates, row.blocks)


def _leave_out(candidates: dict[tuple[int, int], BlockId], blocks: BlockRange) -> None:
    end = blocks.first_local + blocks.count
    if blocks.count <= len(candidates):
        for local in range(blocks.first_local, end):
            candidates.pop((blocks.container, local), None)
        return
    held = [
        (container, local)
        for container, local in candidates
        if container == blocks.container and blocks.first_local <= local < end
    ]
    for block in held:
        del candidates[block]
