"""Queries on multipart uploads."""

from itertools import islice

from trioxygen.common.errors import NoSuchUpload
from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.metadata.om.queries import listing
from trioxygen.metadata.om.queries.reading import PAGE_ROWS_MAX, fitting, read_bucket
from trioxygen.metadata.om.state.schema import PARTS, UPLOADS, part_key, upload_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om


def lookup_upload(txn: ReadTxn, request: om.LookupUploadRequest) -> om.LookupUploadReply:
    reply = om.LookupUploadReply()
    bucket_id = read_bucket(txn, request, reply)
    value = txn.get(UPLOADS.table, upload_key(bucket_id, request.key, request.upload_id))
    if value is not None:
        reply.exists = True
        reply.upload.ParseFromString(value)
    return reply


def list_uploads(txn: ReadTxn, request: om.ListUploadsRequest) -> om.ListUploadsReply:
    reply = om.ListUploadsReply()
    page = listing.list_uploads(
        txn,
        bucket_id=read_bucket(txn, request, reply),
        prefix=request.prefix,
        delimiter=request.delimiter,
        key_marker=request.key_marker,
        upload_id_marker=request.upload_id_marker,
        count_max=min(request.count_max, PAGE_ROWS_MAX),
    )
    reply.uploads.extend(page.uploads)
    reply.common_prefixes.extend(page.common_prefixes)
    reply.truncated = page.truncated
    reply.next_key_marker, reply.next_upload_id_marker = page.next_key, page.next_upload_id
    return reply


def list_parts(txn: ReadTxn, request: om.ListPartsRequest) -> om.ListPartsReply:
    reply = om.ListPartsReply()
    count_max = min(request.count_max, PAGE_ROWS_MAX)
    bucket_id = read_bucket(txn, request, reply)
    upload = UPLOADS.get(txn, upload_key(bucket_id, request.key, request.upload_id))
    if upload is None:
        raise NoSuchUpload(upload_id=request.upload_id.hex())
    reply.upload.CopyFrom(upload)
    after_number = min(request.after_number, PART_NUMBER_MAX)
    after = part_key(request.upload_id, after_number) if after_number else None
    rows = list(islice(PARTS.scan(txn, prefix=request.upload_id, after=after), count_max + 1))
    for _, row in rows:
        # A listing shows none; a part may have thousands.
        row.ClearField("blocks")
        row.ClearField("pieces")
    page = fitting([row for _, row in rows[:count_max]])
    # A page of nothing leads nowhere: it is the last.
    reply.truncated = 0 < len(page) < len(rows)
    reply.numbers.extend([int.from_bytes(row_key[-2:], "big") for row_key, _ in rows[: len(page)]])
    reply.parts.extend(page)
    return reply
