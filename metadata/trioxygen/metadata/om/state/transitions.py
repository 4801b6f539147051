"""What waits for being moved to another storage class, and who has taken it.

The OM has no bytes: gateways take what is queued, write it again and commit that. A row says from
when on it may be taken, and whoever takes it puts that off: what is not heard of again is taken by
another, and the first of both to commit is right.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from trioxygen.common.units import MIB, MINUTE_MS, SECOND_MS
from trioxygen.metadata.om.state.schema import TRANSITIONS, transition_key
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.om_pb2 import TransitionRow

# No more wait at once, whatever is due: the index by time has the rest.
QUEUED_MAX: Final = 4_000
_LEASE_MS: Final = 10 * MINUTE_MS
# A gateway that is slower than that has company.
_BYTES_PER_SECOND_MIN: Final = 10 * MIB


def queue(txn: WriteTxn, bucket_id: int, object_id: int, key: bytes) -> None:
    place = transition_key(bucket_id, object_id)
    if not TRANSITIONS.exists(txn, place):
        TRANSITIONS.put(txn, place, TransitionRow(key=key))


def room(txn: ReadTxn) -> int:
    """How many more may wait. They are counted for that: once in a command."""
    rows = islice(txn.scan(TRANSITIONS.table, prefix=b""), QUEUED_MAX)
    return QUEUED_MAX - sum(1 for _ in rows)


def free(txn: ReadTxn, after: bytes, group_ms: int) -> Iterator[tuple[bytes, TransitionRow]]:
    """Those that are nobody's, from a place on, and then those before: so that none that fails
    again and again keeps others waiting."""
    behind = TRANSITIONS.scan(txn, prefix=b"", after=after or None)
    before = TRANSITIONS.scan(txn, prefix=b"") if after else iter(())
    for place, row in chain(behind, _up_to(after, before)):
        if row.free_ms <= group_ms:
            yield place, row


def _up_to(
    last: bytes, rows: Iterator[tuple[bytes, TransitionRow]]
) -> Iterator[tuple[bytes, TransitionRow]]:
    for place, row in rows:
        if place > last:
            return
        yield place, row


def lease_ms(size_bytes: int) -> int:
    """For how long so many bytes are given away."""
    return _LEASE_MS + size_bytes * SECOND_MS // _BYTES_PER_SECOND_MIN
