"""What the rules of a bucket say of an object or an upload, as headers of the answers about it.

Most are asked for when a write is done already: what cannot be told is left out, and fails nothing.

Source: S3 API, PutObject, GetObject, CreateMultipartUpload; S3 user guide, "Determining the
expiration date of an object".
"""

from urllib.parse import quote

from trioxygen.common import logs
from trioxygen.common.errors import Corrupt, TrioxygenError
from trioxygen.common.lifecycle import Due, LifecycleRules, Subject, abort_due, expiration_due
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.protocol.dates import HTTP_DATE_S_MAX, http_date
from trioxygen.gateway.s3.request import Headers
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import Committed, KeyRecord, Tags

log = logs.get(__name__)


async def expiration_headers(
    services: Services, bucket: Bucket, key: str, *, size_bytes: int, tags: Tags, modified_ms: int
) -> Headers:
    """Of a current version."""
    rules = await _rules_of(services, bucket)
    if rules is None:
        return []
    due = expiration_due(
        rules, Subject(key, size_bytes, tags), created_ms=modified_ms, day_ms=services.config.day_ms
    )
    shown = _shown(due)
    if shown is None:
        return []
    date, rule_id = shown
    return [(b"x-amz-expiration", f'expiry-date="{date}", rule-id="{rule_id}"'.encode())]


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


async def completed_headers(
    services: Services, bucket: Bucket, key: str, committed: Committed
) -> Headers:
    """The same, of an upload that was completed: it knew its tags, and its parts their sizes."""
    if not bucket.lifecycle_revision:
        return []
    try:
        bucket, record = await services.store.keys.lookup(bucket.volume, bucket.name, key)
    except TrioxygenError as error:
        _left_out(bucket, error)
        return []
    if record is None or record.object_id != committed.object_id:
        return []
    return await record_headers(services, bucket, key, record)


async def abort_headers(services: Services, bucket: Bucket, key: str, *, begun_ms: int) -> Headers:
    """Of a multipart upload."""
    rules = await _rules_of(services, bucket)
    due = None
    if rules is not None:
        due = abort_due(rules, key, begun_ms=begun_ms, day_ms=services.config.day_ms)
    shown = _shown(due)
    if shown is None:
        return []
    date, rule_id = shown
    return [(b"x-amz-abort-date", date.encode()), (b"x-amz-abort-rule-id", rule_id.encode())]


def _shown(due: Due | None) -> tuple[str, str] | None:
    """Its date and its rule. None: nothing is due, or so late (a rule may say 2**31 days) that no
    date of HTTP says when."""
    if due is None or due.at_ms // SECOND_MS > HTTP_DATE_S_MAX:
        return None
    return http_date(due.at_ms // SECOND_MS).decode(), quote(due.rule_id, safe="")


async def _rules_of(services: Services, bucket: Bucket) -> LifecycleRules | None:
    """None: there are none, or they cannot be read now."""
    try:
        return await services.lifecycles.of(bucket)
    except TrioxygenError as error:
        _left_out(bucket, error)
        return None


def _left_out(bucket: Bucket, error: TrioxygenError) -> None:
    report = log.error if isinstance(error, Corrupt) else log.warning
    report("lifecycle_header_left_out", bucket=bucket.name, reason=error)
