"""Queries on buckets."""

from itertools import islice

from trioxygen.metadata.om.queries.reading import PAGE_ROWS_MAX, fitting, read_bucket
from trioxygen.metadata.om.state import account_buckets
from trioxygen.metadata.om.state.schema import BUCKETS, bucket_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om


def lookup_bucket(txn: ReadTxn, request: om.LookupBucketRequest) -> om.LookupBucketReply:
    reply = om.LookupBucketReply()
    read_bucket(txn, request, reply)
    return reply


def list_buckets(txn: ReadTxn, request: om.ListBucketsRequest) -> om.ListBucketsReply:
    count_max = min(request.count_max, PAGE_ROWS_MAX)
    rows = (_all if request.every_account else _of_account)(txn, request, count_max + 1)
    page = fitting(rows[:count_max])
    return om.ListBucketsReply(buckets=page, truncated=len(rows) > len(page))


def _all(txn: ReadTxn, request: om.ListBucketsRequest, count_max: int) -> list[om.BucketRow]:
    rows = BUCKETS.scan(
        txn,
        prefix=bucket_key(request.volume, request.prefix),
        after=bucket_key(request.volume, request.after) if request.after else None,
    )
    return [row for _, row in islice(rows, count_max)]


def _of_account(txn: ReadTxn, request: om.ListBucketsRequest, count_max: int) -> list[om.BucketRow]:
    volume, account_id = request.volume, request.account_id
    if not account_id:
        return []
    names = account_buckets.names_of(
        txn, volume, account_id, prefix=request.prefix, after=request.after
    )
    rows = (BUCKETS.get(txn, bucket_key(volume, name)) for name in islice(names, count_max))
    return [row for row in rows if row is not None]
