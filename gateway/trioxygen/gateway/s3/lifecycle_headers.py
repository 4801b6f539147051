"""What the rules of a bucket say of an object or an upload, as headers of the answers about it.

Source: S3 API, PutObject, GetObject, CreateMultipartUpload; S3 user guide, "Determining the
expiration date of an object".
"""

from urllib.parse import quote

from trioxygen.common.lifecycle import Subject, abort_due, expiration_due
from trioxygen.gateway.protocol.dates import http_date
from trioxygen.gateway.s3.request import Headers
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import KeyRecord, Tags


async def expiration_headers(
    services: Services, bucket: Bucket, key: str, *, size_bytes: int, tags: Tags, modified_ms: int
) -> Headers:
    """Of a current version."""
    rules = await services.lifecycles.of(bucket)
    if rules is None:
        return []
    due = expiration_due(
        rules, Subject(key, size_bytes, tags), created_ms=modified_ms, day_ms=services.config.day_ms
    )
    if due is None:
        return []
    date = http_date(due.at_ms // 1_000).decode()
    value = f'expiry-date="{date}", rule-id="{quote(due.rule_id, safe="")}"'
    return [(b"x-amz-expiration", value.encode())]


async def record_headers(
    services: Services, bucket: Bucket, key: str, record: KeyRecord
) -> Headers:
    """The same, of one that was looked up."""
    return await expiration_headers(
        services,
        bucket,
        key,
        size_bytes=record.size_bytes,
        tags=record.tags,
        modified_ms=record.modified_ms,
    )


async def abort_headers(services: Services, bucket: Bucket, key: str, *, begun_ms: int) -> Headers:
    """Of a multipart upload."""
    rules = await services.lifecycles.of(bucket)
    due = None
    if rules is not None:
        due = abort_due(rules, key, begun_ms=begun_ms, day_ms=services.config.day_ms)
    if due is None:
        return []
    return [
        (b"x-amz-abort-date", http_date(due.at_ms // 1_000)),
        (b"x-amz-abort-rule-id", quote(due.rule_id, safe="").encode()),
    ]
