"""Blocks that a DataNode has and this OM does not know, as after a load from a dump."""

from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.om.state.orphans import orphan_search, orphans_among
from trioxygen.metadata.om.state.schema import ORPHANS
from trioxygen.metadata.replication.group_time import noted_time
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.om_pb2 import FindOrphansReply, FindOrphansRequest
from trioxygen.proto.v1.types_pb2 import BlockId


def find_orphans(txn: ReadTxn, request: FindOrphansRequest) -> FindOrphansReply:
    """Raises: Overloaded: see `orphans_among`."""
    orphans, search = orphans_among(txn, request.blocks), orphan_search(txn)
    return FindOrphansReply(
        orphans=orphans,
        ages_ms=[_age_ms(txn, block) for block in orphans],
        keep_ms=search.keep_ms,
        too_many=search.too_many,
    )


def _age_ms(txn: ReadTxn, block: BlockId) -> int:
    row = ORPHANS.get(txn, block_key(block.container, block.local))
    return -1 if row is None else max(0, noted_time(txn).group_ms - row.since_ms)
