"""Queries on keys."""

from trioxygen.metadata.om.queries import listing, versions
from trioxygen.metadata.om.queries.reading import PAGE_ROWS_MAX, read_bucket
from trioxygen.metadata.om.state.schema import KEYS, key_key
from trioxygen.metadata.om.state.versions import find, newest
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om


def lookup_key(txn: ReadTxn, request: om.LookupKeyRequest) -> om.LookupKeyReply:
    reply = om.LookupKeyReply()
    bucket_id = read_bucket(txn, request, reply)
    if request.HasField("version"):
        version = find(txn, reply.bucket, request.key, request.version)
        if version is not None:
            reply.exists, reply.is_current = True, version.is_current
            reply.row.CopyFrom(version.row)
        return reply
    value = txn.get(KEYS.table, key_key(bucket_id, request.key))
    if value is not None:
        reply.exists = reply.is_current = True
        reply.row.ParseFromString(value)
    elif reply.bucket.versioning != om.NEVER_VERSIONED:
        marker = newest(txn, reply.bucket, request.key)
        if marker is not None:
            reply.row.CopyFrom(marker.row)
    return reply


def list_keys(txn: ReadTxn, request: om.ListKeysRequest) -> om.ListKeysReply:
    reply = om.ListKeysReply()
    page = listing.list_keys(
        txn,
        bucket_id=read_bucket(txn, request, reply),
        prefix=request.prefix,
        delimiter=request.delimiter,
        after=request.after,
        count_max=min(request.count_max, PAGE_ROWS_MAX),
        inclusive=request.inclusive,
    )
    reply.keys.extend(page.keys)
    reply.rows.extend(page.rows)
    reply.common_prefixes.extend(page.common_prefixes)
    reply.truncated = page.truncated
    reply.last = page.last
    return reply


def list_versions(txn: ReadTxn, request: om.ListVersionsRequest) -> om.ListVersionsReply:
    reply = om.ListVersionsReply()
    read_bucket(txn, request, reply)
    versions.list_versions(txn, request, reply, count_max=min(request.count_max, PAGE_ROWS_MAX))
    return reply
