"""Bodies on their way to blocks: what PutObject and UploadPart share."""

from contextlib import aclosing
from typing import NamedTuple

from trioxygen.common.replication import Replication
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.protocol import checksums, conditions, locks
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.versions import NULL_VERSION, version_headers
from trioxygen.gateway.protocol.xml.tags import TAGGING_HEADER, read_tagging_header
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.request import Headers, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.contents_port import Contents, Written
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.encryption import Sealing
from trioxygen.gateway.store.values.keys import NO_LOCK, Checksum, Lock, Tags, WriteCondition


class Attributes(NamedTuple):
    """Of a new version, beside its bytes and headers."""

    tags: Tags
    lock: Lock


def read_attributes(services: Services, request: S3Request) -> Attributes:
    """Raises: InvalidArgument, InvalidTag, BadRequest; InvalidRequest: the bucket has no Object
    Lock."""
    head = request.head
    lock = locks.read_lock(head, now_ms=services.now_s * SECOND_MS)
    if lock != NO_LOCK and not request.bucket_record.has_lock:
        raise S3Error("InvalidRequest", "Bucket is missing ObjectLockConfiguration")
    return Attributes(read_tagging_header(head.header(TAGGING_HEADER)), lock)


def read_condition(services: Services, request: S3Request) -> WriteCondition | None:
    """Raises: NotImplemented, InvalidArgument."""
    return conditions.read_write_condition(
        request.head, none_match_tags=services.config.dialect.takes_none_match_tags
    )


def written_version_headers(services: Services, version: int | None) -> Headers:
    """Of the version that a write made; None: of a bucket that never kept any."""
    if version == NULL_VERSION and not services.config.dialect.names_null_version:
        return []
    return version_headers(version)


def demand_digest_of_locked(
    body: Body, bucket: Bucket, lock: Lock, *, what: str = "Put Object"
) -> None:
    """Of bytes that will be locked, by the request or by the bucket's default.

    Args: what: is asked for, in S3's words.
    Raises: InvalidRequest."""
    if lock != NO_LOCK or bucket.default_retention is not None:
        body.demand_digest(
            f"Content-MD5 OR x-amz-checksum- HTTP header is required for {what} requests with"
            " Object Lock parameters"
        )


async def write_body(
    contents: Contents, body: Body, replication: Replication, sealing: Sealing | None
) -> tuple[Written | None, bytes]:
    """(where the bytes are, or None for an empty body; the S3 checksum). Verified, and not visible
    before a commit.

    Raises: S3Errors of the body; then nothing stays behind."""
    size = body.length_bytes
    if body.bytes_max is not None and body.bytes_max <= contents.small_bytes_max:
        data = await body.read(contents.small_bytes_max)
        checksum = body.verify()
        written = await contents.write_small(data, replication, sealing) if data else None
        return written, checksum
    with body.request.uploading():
        writer = contents.open_writer(size, replication, sealing)
        try:
            async with aclosing(body.batches()) as batches:
                async for batch in batches:
                    await writer.send(batch)
                    del batch  # while the next one comes, which may take long
            checksum = body.verify()
            # Of a body of unknown size that is known only now.
            written = await writer.finish() if body.received_bytes else None
        except BaseException:
            await writer.cancel()
            raise
        if written is None:
            await writer.cancel()
    return written, checksum


def written_headers(etag: str, checksum: Checksum) -> Headers:
    """What is answered when the bytes are there."""
    shown = records.shown_checksum(checksum)
    assert shown is not None
    return [(b"etag", f'"{etag}"'.encode()), *checksums.checksum_headers(shown)]
