"""What of an SCM's state does not outlive its load from a dump."""

import random

from trioxygen.metadata.replication.dump import DUMPED_LAST_ID, skipped
from trioxygen.metadata.replication.state import get_integer
from trioxygen.metadata.scm.orphans.foreign_ids import add_foreign_ids
from trioxygen.metadata.scm.schema import (
    DELETED_BLOCKS,
    LOCAL_SEQUENCE,
    NAMESPACE_LEASES,
    SEQUENCES,
    given_ids,
)
from trioxygen.metadata.store.ports import WriteTxn


def forget_since_dump(txn: WriteTxn, rng: random.Random) -> None:
    """Local ids go on behind all that were given. Deletions that waited are forgotten: the OM may
    have been put back to before them. Their blocks stay, as orphans. Those of namespaces go on: it
    is this state that let them go. Leases of namespaces end, and their blocks are not collected:
    after the dump they may have been committed, which a later dump knows. What was given between
    the dump and now, another state knows."""
    last_id, given_local = given_ids(txn)
    add_foreign_ids(txn, get_integer(txn, DUMPED_LAST_ID) + 1, last_id)
    txn.put(SEQUENCES, LOCAL_SEQUENCE, (skipped(given_local, rng) + 1).to_bytes(8, "big"))
    for key, row in list(DELETED_BLOCKS.scan(txn, prefix=b"")):
        if not row.of_namespace:
            DELETED_BLOCKS.delete(txn, key)
    for key, _ in list(txn.scan(NAMESPACE_LEASES.table, prefix=b"")):
        txn.delete(NAMESPACE_LEASES.table, key)
