"""What of an OM's state does not outlive its load from a dump."""

import random

from trioxygen.metadata.om.state.schema import LEASES, LINEAGE
from trioxygen.metadata.replication.state import put_integer
from trioxygen.metadata.store.ports import WriteTxn


def forget_since_dump(txn: WriteTxn, rng: random.Random) -> None:
    """Leases end here, and their blocks are not collected: after the dump they may have become an
    object's, which a later dump knows. A new lineage tells the SCM that deletions which it was
    asked for before are not this OM's."""
    for key, _ in list(txn.scan(LEASES.table, prefix=b"")):
        txn.delete(LEASES.table, key)
    put_integer(txn, LINEAGE, rng.getrandbits(62) | 1)
