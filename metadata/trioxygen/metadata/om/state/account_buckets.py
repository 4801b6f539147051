"""Which buckets an account has in a volume: what ListBuckets walks.

Stores of before there were volumes did not name one in these rows. None is written so any more;
those that are there count in the volume that has the account's bucket of that name."""

from collections.abc import Iterator
from heapq import merge

from trioxygen.metadata.om.state.schema import (
    ACCOUNT_BUCKETS,
    BUCKETS,
    account_bucket_key,
    bucket_key,
)
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn


def add(txn: WriteTxn, volume: str, account_id: str, name: str) -> None:
    txn.put(ACCOUNT_BUCKETS, account_bucket_key(volume, account_id, name), b"")


def remove(txn: WriteTxn, volume: str, account_id: str, name: str) -> None:
    if not txn.delete(ACCOUNT_BUCKETS, account_bucket_key(volume, account_id, name)):
        txn.delete(ACCOUNT_BUCKETS, _unnamed_key(account_id, name))


def names_of(
    txn: ReadTxn, volume: str, account_id: str, *, prefix: str = "", after: str = ""
) -> Iterator[str]:
    """Of one account's buckets, in order; only those above `after`."""
    named = _names(txn, account_bucket_key(volume, account_id, ""), prefix, after)
    unnamed = _names(txn, _unnamed_key(account_id, ""), prefix, after)
    last = ""
    for name in merge(named, (name for name in unnamed if _has(txn, volume, account_id, name))):
        if name != last:
            yield name
        last = name


def _unnamed_key(account_id: str, name: str) -> bytes:
    """No account id is empty or begins with a zero byte: rows that name a volume begin so."""
    return f"{account_id}\0{name}".encode()


def _names(txn: ReadTxn, start: bytes, prefix: str, after: str) -> Iterator[str]:
    above = start + after.encode() if after else None
    for key, _ in txn.scan(ACCOUNT_BUCKETS, prefix=start + prefix.encode(), after=above):
        yield key[len(start) :].decode()


def _has(txn: ReadTxn, volume: str, account_id: str, name: str) -> bool:
    row = BUCKETS.get(txn, bucket_key(volume, name))
    return row is not None and row.account_id == account_id
