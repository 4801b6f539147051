"""PutObject."""

from typing import Final

from trioxygen.common.checksum import ChecksumType
from trioxygen.gateway.protocol import checksums, headers
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.append_object import append_object
from trioxygen.gateway.s3.arguments import check_of_put
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.encryption import target_of
from trioxygen.gateway.s3.further_accesses import OF_WRITTEN
from trioxygen.gateway.s3.lifecycle_headers import expiration_headers
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.owning import Owned, owned
from trioxygen.gateway.s3.refused_headers import WRITE_OFFSET, refuse_of_put
from trioxygen.gateway.s3.request import Headers, Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.writing import (
    Attributes,
    demand_digest_of_locked,
    read_attributes,
    read_condition,
    write_body,
    written_headers,
    written_version_headers,
)
from trioxygen.gateway.store.values.keys import Checksum, NewKey, ObjectHeaders, WriteCondition


async def put_object(services: Services, request: S3Request) -> Response:
    head = request.head
    # A part of an object would take the place of all of it (RFC 9110, 14.5).
    if head.header("content-range") is not None:
        raise S3Error("InvalidRequest", "A PUT writes a whole object, without Content-Range.")
    stored = headers.read_object_headers(head)
    appends = head.header(WRITE_OFFSET) is not None
    if appends:
        answer = await append_object(services, request, stored)
        if answer is not None:
            return answer
    attributes = read_attributes(services, request)
    owner = await owned(services, request)
    condition = read_condition(services, request)
    if appends and condition is None:
        # There was nothing to append to, and what another one writes meanwhile stays.
        condition = WriteCondition(if_none_match="*")
    _, fields = await store_object(services, request, stored, attributes, owner, condition)
    return Response(200, fields)


async def store_object(
    services: Services,
    request: S3Request,
    stored: ObjectHeaders,
    attributes: Attributes,
    owner: Owned,
    condition: WriteCondition | None,
) -> tuple[str, Headers]:
    """The body as a new version of the key: its ETag, without quotes, and what is answered.

    Raises: S3Errors of the body and of encryption; what a commit raises."""
    demanded = checksums.read_checksum_request(request.head)
    body = Body(request, services.blocking, checksum=demanded)
    bucket = request.bucket_record
    demand_digest_of_locked(body, bucket, attributes.lock)
    replication = services.replication_of(bucket, stored.storage_class)
    target = await target_of(services, request)
    written, digest = await write_body(services.store.contents, body, replication, target.sealing)
    assert body.checksum is not None
    checksum = Checksum(body.checksum.algorithm, digest, ChecksumType.FULL_OBJECT)
    new = NewKey(
        size_bytes=body.received_bytes,
        etag=target.etag(request, body.digests.md5),
        account_id=owner.account_id,
        headers=stored,
        checksum=checksum,
        replication=replication,
        tags=attributes.tags,
        lock=attributes.lock,
        encryption=target.encryption,
        acl=owner.acl,
    )
    committed = await services.store.keys.commit(bucket, request.key_name, new, written, condition)
    fields = [
        *written_headers(new.etag, checksum),
        *written_version_headers(services, committed.version),
        *target.headers,
    ]
    if bucket.lifecycle_revision:
        fields += await expiration_headers(
            services,
            bucket,
            request.key_name,
            size_bytes=new.size_bytes,
            tags=new.tags,
            modified_ms=committed.modified_ms,
        )
    return new.etag, fields


ROWS: Final = (
    Operation(
        name="PutObject",
        route=Route("PUT", Level.OBJECT),
        accesses=(Access("s3:PutObject", Resource.OBJECT, BUCKET), *OF_WRITTEN),
        reads_body=True,
        refuses=refuse_of_put,
        arguments=check_of_put,
        handler=put_object,
    ),
)
