"""CopyObject: by reference. The copy shares the source's blocks; no byte is moved
(docs/design/copy.md)."""

from contextlib import aclosing
from typing import Final

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.units import GIB
from trioxygen.gateway.protocol import checksums, conditions, headers
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml import results as xml_results
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.digests import Digests
from trioxygen.gateway.s3.needs import BUCKET, COPY_SOURCE, SOURCE
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.refused_headers import refuse_unimplemented
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.keys import Checksum, CopySource, KeyRecord, NewCopy

COPY_BYTES_MAX: Final = 5 * GIB


def check_copy_size(size_bytes: int) -> None:
    """Raises S3Error InvalidRequest beyond 5 GiB."""
    if size_bytes > COPY_BYTES_MAX:
        raise S3Error(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy"
            f" source: {COPY_BYTES_MAX}",
        )


def readable_source(services: Services, request: S3Request) -> CopySource:
    """What the gate has fetched of x-amz-copy-source; the conditions on it hold.

    Raises: PreconditionFailed."""
    source = request.source
    assert source.record is not None, "the gate has seen that it is there"
    conditions.check_copy_conditions(
        request.head,
        etag=source.record.etag,
        last_modified_ms=source.record.modified_ms,
        now_s=services.now_s,
    )
    return CopySource(source.bucket, source.key, source.record)


async def copy_object(services: Services, request: S3Request) -> Response:
    source = readable_source(services, request)
    new = await _new_copy(services, request, source)
    condition = conditions.read_write_condition(request.head, none_match_tags=True)
    modified_ms = await services.store.keys.copy(
        request.bucket_record, request.key_name, new, source, condition
    )
    record = source.record
    checksum = records.shown_checksum(new.checksum or record.checksum, part_count=len(record.parts))
    return xml_response(
        xml_results.copy_object_result(
            etag=record.etag, last_modified_ms=modified_ms, checksum=checksum
        )
    )


async def _new_copy(services: Services, request: S3Request, source: CopySource) -> NewCopy:
    head, record = request.head, source.record
    check_copy_size(record.size_bytes)
    replaces = headers.replaces_metadata(head)
    algorithm = checksums.read_copy_algorithm(head)
    changes = replaces or algorithm is not None or head.header("x-amz-storage-class") is not None
    if (
        not changes
        and _is_onto_itself(request, source)
        and head.header("x-amz-website-redirect-location") is None
    ):
        raise S3Error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without"
            " changing the object's metadata, storage class, website redirect location or"
            " encryption attributes.",
        )
    storage_class = headers.read_storage_class(head)
    if replaces:
        kept = headers.read_object_headers(head)
    else:
        kept = record.headers._replace(storage_class=storage_class, website_redirect_location=None)
    checksum = None
    if algorithm is not None and (
        record.checksum is None or record.checksum.algorithm is not algorithm
    ):
        checksum = await _checksum_again(services, request, record, algorithm)
    return NewCopy(request.signer.account_id, kept, checksum)


def _is_onto_itself(request: S3Request, source: CopySource) -> bool:
    target = request.bucket_record
    return source.bucket.bucket_id == target.bucket_id and source.key == request.key


async def _checksum_again(
    services: Services, request: S3Request, record: KeyRecord, algorithm: Algorithm
) -> Checksum:
    """Reads the object for another checksum; the copy is then one whole, without parts'."""
    digests = Digests(md5=False, sha256=False, algorithms=(algorithm,))
    reading = services.store.contents.read(
        record.content,
        offset_bytes=0,
        length_bytes=record.size_bytes,
        buffers=request.buffers,
    )
    async with aclosing(reading) as pieces:
        async for piece in pieces:
            await services.blocking.run(digests.update, [piece])
    return Checksum(algorithm, digests.checksum(algorithm), ChecksumType.FULL_OBJECT)


ROWS: Final = (
    Operation(
        name="CopyObject",
        route=Route("PUT", Level.OBJECT, header=COPY_SOURCE),
        accesses=(
            Access("s3:PutObject", Resource.OBJECT, BUCKET),
            Access("s3:GetObject", Resource.SOURCE, SOURCE),
        ),
        refuses=refuse_unimplemented,
        # When the source was overwritten since it was read, its new version is copied.
        tries=3,
        handler=copy_object,
    ),
)
