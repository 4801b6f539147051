"""What of bucket and key an operation needs to know before it is decided whether it may run.

The gate fetches it, with the bucket in one call, and puts it on the request. What only one family
needs (a page of a listing) is a need beside its handlers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.protocol import names
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error, not_implemented
from trioxygen.gateway.protocol.versions import known_version, read_version_id, version_id
from trioxygen.gateway.s3.request import S3Request, Source
from trioxygen.gateway.s3.service_errors import marker_not_allowed
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import KeyRecord

COPY_SOURCE: Final = "x-amz-copy-source"
_UPLOAD_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Need:
    """Attributes:
    fetch: asks the store, in one call; the bucket that is decided about. Raises what the store
        does, NoSuchBucket among it. None: nothing more has to be known.
    require: once the caller may know: raises where what the handler works on is not there.
    looked_up: the key that was fetched; None: there is none. Where this is None no key is.
    """

    name: str
    fetch: Callable[[Services, S3Request], Awaitable[Bucket]] | None = None
    require: Callable[[S3Request], None] | None = None
    looked_up: Callable[[S3Request], KeyRecord | None] | None = None


def read_upload_id(request: S3Request) -> bytes:
    """Raises NoSuchUpload for what no upload id of ours looks like."""
    upload_id = _known_upload_id(request)
    if upload_id is None:
        raise _no_upload(request)
    return upload_id


def _known_upload_id(request: S3Request) -> bytes | None:
    text = request.head.query_value("uploadId") or ""
    try:
        upload_id = bytes.fromhex(text) if text.isascii() and text.isalnum() else b""
    except ValueError:
        return None
    return upload_id if len(upload_id) == _UPLOAD_ID_BYTES else None


def _no_upload(request: S3Request) -> S3Error:
    text = request.head.query_value("uploadId") or ""
    return S3Error("NoSuchUpload", details={"UploadId": text})


async def _fetch_bucket(services: Services, request: S3Request) -> Bucket:
    bucket = await services.store.buckets.lookup(services.volume, request.bucket_name)
    request.bucket_record = bucket
    return bucket


async def _known_bucket(services: Services, request: S3Request) -> Bucket:
    """That the request addresses, once more after another one; it was fetched already."""
    return request.bucket_record


def refused_in_bucket(what: str) -> Need:
    """Where nobody can be asked whether the caller may: that it is not here, he may be told."""

    async def refuse(services: Services, request: S3Request) -> Bucket:
        await services.store.buckets.lookup(services.volume, request.bucket_name)
        raise not_implemented(f"{what} is not implemented.")

    return Need("bucket", refuse)


async def _fetch_key(services: Services, request: S3Request) -> Bucket:
    head = request.head
    version = known_version(head.query_value("versionId")) if head.raw_query else None
    bucket, request.key_record = await services.store.keys.lookup(
        services.volume, request.bucket_name, request.key_name, version
    )
    request.bucket_record = bucket
    return bucket


def _require_key(request: S3Request) -> None:
    head, record = request.head, request.key_record
    text = head.query_value("versionId") if head.raw_query else None
    read_version_id(text)
    if record is None:
        raise not_there(request.key_name, text)
    if record.is_marker:
        raise _marker_met(request, record, is_named=text is not None)


def not_there(key: str, version: str | None) -> S3Error:
    if version is None:
        return S3Error("NoSuchKey", details={"Key": key}, case=Case.KEY_NEVER_WAS)
    return S3Error("NoSuchVersion", details={"Key": key, "VersionId": version})


def _marker_met(request: S3Request, marker: KeyRecord, *, is_named: bool) -> S3Error:
    if is_named:
        return marker_not_allowed(marker.modified_ms, marker.version)
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": version_id(marker.version)}
    return S3Error("NoSuchKey", details={"Key": request.key_name}, headers=headers)


async def _fetch_upload(services: Services, request: S3Request) -> Bucket:
    upload_id = _known_upload_id(request)
    if upload_id is None:
        # That there is no such bucket comes before that there is no such upload.
        request.upload_record = None
        return await _fetch_bucket(services, request)
    bucket, request.upload_record = await services.store.uploads.lookup(
        services.volume, request.bucket_name, request.key_name, upload_id
    )
    request.bucket_record = bucket
    return bucket


def _require_upload(request: S3Request) -> None:
    if request.upload_record is None:
        raise _no_upload(request)


async def _fetch_source(services: Services, request: S3Request) -> Bucket:
    wanted = names.parse_copy_source(request.head.header(COPY_SOURCE) or "")
    names.check_key(wanted.key)
    bucket, record = await services.store.keys.lookup(
        services.volume, wanted.bucket, wanted.key, known_version(wanted.version_id)
    )
    request.source = Source(bucket, wanted.key, wanted.version_id, record)
    return bucket


def _require_source(request: S3Request) -> None:
    source = request.source
    read_version_id(source.version_id)
    if source.record is None or (source.record.is_marker and source.version_id is None):
        raise not_there(source.key, source.version_id)
    if source.record.is_marker:
        raise S3Error(
            "InvalidRequest",
            "The source of a copy request may not specifically refer to a delete marker by version"
            " id.",
        )


async def _fetch_rename_source(services: Services, request: S3Request) -> Bucket:
    """In the bucket itself, which is known already; whether it is there is decided with the rest,
    in one transaction."""
    header = request.head.header(names.RENAME_SOURCE)
    if header is None:
        raise S3Error(
            "InvalidRequest", "Missing required header for this request: x-amz-rename-source"
        )
    bucket = request.bucket_record
    key = names.parse_rename_source(header, bucket.name)
    names.check_key(key)
    request.source = Source(bucket, key, None, None)
    return bucket


NOTHING: Final = Need("nothing")
BUCKET: Final = Need("bucket", _fetch_bucket)
KNOWN_BUCKET: Final = Need("nothing", _known_bucket)
KEY: Final = Need(
    "bucket and key", _fetch_key, _require_key, looked_up=lambda request: request.key_record
)
UPLOAD: Final = Need("bucket and upload", _fetch_upload, _require_upload)
SOURCE: Final = Need(
    "copy source", _fetch_source, _require_source, looked_up=lambda request: request.source.record
)
RENAME_SOURCE: Final = Need("rename source", _fetch_rename_source)
