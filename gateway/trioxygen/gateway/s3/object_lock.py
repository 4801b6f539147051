"""Object Lock: a bucket's configuration, and retention and legal hold of versions."""

from typing import Final

from trioxygen.common.errors import BucketState
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.protocol import locks
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.versions import read_version_id, version_headers
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.context import legal_hold_keys, retention_keys
from trioxygen.gateway.s3.documents import read_ahead, read_document
from trioxygen.gateway.s3.further_accesses import TO_BYPASS, bypasses_governance
from trioxygen.gateway.s3.needs import BUCKET, KEY
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.keys import Retention


async def get_configuration(services: Services, request: S3Request) -> Response:
    bucket = request.bucket_record
    if not bucket.has_lock:
        raise S3Error("ObjectLockConfigurationNotFoundError")
    return xml_response(locks.lock_configuration_document(bucket.default_retention))


async def put_configuration(services: Services, request: S3Request) -> Response:
    default = await read_document(
        services, request, locks.read_lock_configuration, is_digest_demanded=True
    )
    try:
        await services.store.buckets.set_lock(request.bucket_record, default)
    except BucketState as error:
        raise S3Error(
            "InvalidBucketState",
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        ) from error
    return Response(200)


def _require_lock(request: S3Request) -> None:
    if not request.bucket_record.has_lock:
        raise S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration")


async def get_retention(services: Services, request: S3Request) -> Response:
    _require_lock(request)
    retention = request.record.lock.retention
    if retention is None:
        raise S3Error("NoSuchObjectLockConfiguration")
    return xml_response(locks.retention_document(retention), _version(request))


async def get_legal_hold(services: Services, request: S3Request) -> Response:
    _require_lock(request)
    is_held = request.record.lock.has_legal_hold
    if is_held is None:
        raise S3Error("NoSuchObjectLockConfiguration")
    return xml_response(locks.legal_hold_document(is_held=is_held), _version(request))


def _version(request: S3Request) -> list[tuple[bytes, bytes]]:
    return version_headers(records.shown_version(request.bucket_record, request.record))


async def _sent_retention(services: Services, request: S3Request) -> Retention | None:
    return await read_document(
        services,
        request,
        lambda body: locks.read_retention(body, now_ms=services.now_s * SECOND_MS),
        is_digest_demanded=True,
    )


async def _sent_legal_hold(services: Services, request: S3Request) -> bool:
    return await read_document(services, request, locks.read_legal_hold, is_digest_demanded=True)


async def put_retention(services: Services, request: S3Request) -> Response:
    _require_lock(request)
    version = read_version_id(request.head.query_value("versionId"))
    retention = await _sent_retention(services, request)
    done = await services.store.keys.set_retention(
        request.bucket_record,
        request.key_name,
        version,
        retention,
        bypasses_governance=bypasses_governance(request),
    )
    return Response(200, version_headers(done))


async def put_legal_hold(services: Services, request: S3Request) -> Response:
    _require_lock(request)
    version = read_version_id(request.head.query_value("versionId"))
    is_held = await _sent_legal_hold(services, request)
    done = await services.store.keys.set_legal_hold(
        request.bucket_record, request.key_name, version, is_held=is_held
    )
    return Response(200, version_headers(done))


ROWS: Final = (
    Operation(
        name="GetObjectLockConfiguration",
        route=Route("GET", Level.BUCKET, "object-lock"),
        accesses=(Access("s3:GetBucketObjectLockConfiguration", Resource.BUCKET, BUCKET),),
        handler=get_configuration,
    ),
    Operation(
        name="PutObjectLockConfiguration",
        route=Route("PUT", Level.BUCKET, "object-lock"),
        accesses=(Access("s3:PutBucketObjectLockConfiguration", Resource.BUCKET, BUCKET),),
        reads_body=True,
        handler=put_configuration,
    ),
    Operation(
        name="GetObjectRetention",
        route=Route("GET", Level.OBJECT, "retention"),
        accesses=(Access("s3:GetObjectRetention", Resource.OBJECT, KEY),),
        handler=get_retention,
    ),
    Operation(
        name="PutObjectRetention",
        route=Route("PUT", Level.OBJECT, "retention"),
        accesses=(
            Access(
                "s3:PutObjectRetention",
                Resource.OBJECT,
                KEY,
                reads=read_ahead(_sent_retention, retention_keys),
            ),
            TO_BYPASS,
        ),
        reads_body=True,
        handler=put_retention,
    ),
    Operation(
        name="GetObjectLegalHold",
        route=Route("GET", Level.OBJECT, "legal-hold"),
        accesses=(Access("s3:GetObjectLegalHold", Resource.OBJECT, KEY),),
        handler=get_legal_hold,
    ),
    Operation(
        name="PutObjectLegalHold",
        route=Route("PUT", Level.OBJECT, "legal-hold"),
        accesses=(
            Access(
                "s3:PutObjectLegalHold",
                Resource.OBJECT,
                KEY,
                reads=read_ahead(_sent_legal_hold, legal_hold_keys),
            ),
        ),
        reads_body=True,
        handler=put_legal_hold,
    ),
)
