"""CopyObject: by reference. The copy shares the source's blocks; no byte is moved, unless it is to
be kept in another way (docs/design/copy.md)."""

from dataclasses import dataclass, replace
from typing import Final

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.units import GIB
from trioxygen.gateway.protocol import checksums, conditions, headers
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.versions import version_id
from trioxygen.gateway.protocol.xml import results as xml_results
from trioxygen.gateway.protocol.xml.document import DECLARATION
from trioxygen.gateway.protocol.xml.tags import replaces_tags
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.arguments import check_of_copy
from trioxygen.gateway.s3.copied_bytes import digest_again, write_again
from trioxygen.gateway.s3.digests import Digests
from trioxygen.gateway.s3.encryption import Opening, Target, source_opening_of, target_of
from trioxygen.gateway.s3.further_accesses import OF_COPIED_TAGS, OF_WRITTEN
from trioxygen.gateway.s3.keep_alive import Made, patient_response
from trioxygen.gateway.s3.lifecycle_headers import expiration_headers
from trioxygen.gateway.s3.needs import BUCKET, COPY_SOURCE, SOURCE
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.owning import owned
from trioxygen.gateway.s3.refused_headers import refuse_unimplemented
from trioxygen.gateway.s3.request import Headers, Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.writing import read_attributes, read_condition, written_version_headers
from trioxygen.gateway.store.contents_port import Written
from trioxygen.gateway.store.values.encryption import has_md5_etags
from trioxygen.gateway.store.values.keys import (
    Checksum,
    CopySource,
    KeyRecord,
    NewCopy,
    WriteCondition,
)

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


def source_version_headers(source: CopySource) -> Headers:
    """Which version was copied, where the source's bucket keeps them."""
    version = records.shown_version(source.bucket, source.record)
    if version is None:
        return []
    return [(b"x-amz-copy-source-version-id", version_id(version).encode())]


@dataclass(frozen=True, slots=True)
class _Copy:
    """What is wanted.

    Attributes:
        algorithm: of a checksum that is not known of the source.
        needs_md5: for an ETag, which the source's is not.
        is_shared: the bytes stay where they are.
        opening, target: of the source; of the copy.
    """

    source: CopySource
    new: NewCopy
    condition: WriteCondition | None
    algorithm: Algorithm | None
    needs_md5: bool
    is_shared: bool
    opening: Opening
    target: Target


async def copy_object(services: Services, request: S3Request) -> Response:
    copy = await _wanted_copy(services, request)
    if copy.is_shared and copy.algorithm is None and not copy.needs_md5:
        made = await _commit(services, request, copy, None)
        return xml_response(DECLARATION.encode() + made.document, made.headers)
    return await patient_response(
        request,
        _copy_bytes(services, request, copy),
        space_ms=services.config.keep_alive_space_ms,
    )


async def _wanted_copy(services: Services, request: S3Request) -> _Copy:
    head, source = request.head, readable_source(services, request)
    record = source.record
    check_copy_size(record.size_bytes)
    replaces = headers.replaces_metadata(head)
    algorithm = checksums.read_copy_algorithm(head)
    opening = source_opening_of(request, record.encryption)
    target = await target_of(services, request)
    changes = (
        replaces
        or target.is_asked_for
        or algorithm is not None
        or head.header("x-amz-storage-class") is not None
    )
    if (
        not changes
        and _is_onto_itself(request, source)
        and request.source.version_id is None
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
        # Neither is the source's: they are the request's, whatever the directive.
        kept = record.headers._replace(
            storage_class=storage_class,
            website_redirect_location=headers.read_redirect_location(head),
        )
    attributes = read_attributes(services, request)
    owner = await owned(services, request)
    tags = attributes.tags if replaces_tags(head) else record.tags
    replication = services.replication_of(request.bucket_record, storage_class)
    content = None
    if record.replication == replication or not record.size_bytes:
        content = await services.store.contents.share(
            record,
            offset_bytes=0,
            length_bytes=record.size_bytes,
            customer_key=opening.key,
            sealing=target.sealing,
        )
    was_md5, is_md5 = has_md5_etags(record.encryption), has_md5_etags(target.encryption)
    return _Copy(
        source=source,
        new=NewCopy(
            account_id=owner.account_id,
            headers=kept,
            checksum=None,
            replication=replication,
            tags=tags,
            lock=attributes.lock,
            encryption=target.encryption,
            content=content,
            etag=_unlike(request, record, target) if was_md5 and not is_md5 else "",
            acl=owner.acl,
        ),
        condition=read_condition(services, request),
        algorithm=None if _is_known(record, algorithm) else algorithm,
        needs_md5=is_md5 and not was_md5,
        is_shared=content is not None,
        opening=opening,
        target=target,
    )


def _is_known(record: KeyRecord, algorithm: Algorithm | None) -> bool:
    """Asked for is that of the whole, which a checksum of parts' checksums is not."""
    known = record.checksum
    if known is None or known.type is ChecksumType.COMPOSITE:
        return False
    return known.algorithm is algorithm


def _unlike(request: S3Request, source: KeyRecord, target: Target) -> str:
    """An ETag that tells nothing of the bytes, instead of the source's."""
    etag = target.etag(request, source.etag.encode())
    return f"{etag}-{len(source.parts)}" if source.parts else etag


def _is_onto_itself(request: S3Request, source: CopySource) -> bool:
    target = request.bucket_record
    return source.bucket.bucket_id == target.bucket_id and source.key == request.key


async def _copy_bytes(services: Services, request: S3Request, copy: _Copy) -> Made:
    """Reads the object: to keep it in another way, for its MD5 or another checksum, or for all at
    once."""
    record, algorithm, written = copy.source.record, copy.algorithm, None
    digests = None
    if algorithm is not None or copy.needs_md5:
        algorithms = () if algorithm is None else (algorithm,)
        digests = Digests(md5=copy.needs_md5, sha256=False, algorithms=algorithms)
    if not copy.is_shared:
        written = await write_again(
            services,
            request,
            record,
            digests,
            copy.new.replication,
            opening=copy.opening,
            sealing=copy.target.sealing,
            offset_bytes=0,
            length_bytes=record.size_bytes,
        )
    elif digests is not None:
        await digest_again(
            services,
            request,
            record,
            digests,
            opening=copy.opening,
            offset_bytes=0,
            length_bytes=record.size_bytes,
        )
    if algorithm is not None and digests is not None:
        # The copy is then one whole, without parts'.
        whole = Checksum(algorithm, digests.checksum(algorithm), ChecksumType.FULL_OBJECT)
        copy = replace(copy, new=replace(copy.new, checksum=whole))
    if copy.needs_md5 and digests is not None:
        copy = replace(copy, new=replace(copy.new, etag=digests.md5.hex()))
    return await _commit(services, request, copy, written)


async def _commit(
    services: Services, request: S3Request, copy: _Copy, written: Written | None
) -> Made:
    record = copy.source.record
    committed = await services.store.keys.copy(
        request.bucket_record, request.key_name, copy.new, copy.source, copy.condition, written
    )
    known = copy.new.checksum or record.checksum
    document = xml_results.copy_object_result(
        etag=copy.new.etag or record.etag,
        last_modified_ms=committed.modified_ms,
        checksum=records.shown_checksum(known, part_count=len(record.parts)),
        with_declaration=False,
    )
    return Made(
        document,
        [
            *written_version_headers(services, committed.version),
            *source_version_headers(copy.source),
            *copy.target.headers,
            *await expiration_headers(
                services,
                request.bucket_record,
                request.key_name,
                size_bytes=record.size_bytes,
                tags=copy.new.tags,
                modified_ms=committed.modified_ms,
            ),
        ],
    )


ROWS: Final = (
    Operation(
        name="CopyObject",
        route=Route("PUT", Level.OBJECT, header=COPY_SOURCE),
        accesses=(
            Access("s3:PutObject", Resource.OBJECT, BUCKET),
            *OF_WRITTEN,
            Access("s3:GetObject", Resource.SOURCE, SOURCE, "s3:GetObjectVersion"),
            *OF_COPIED_TAGS,
        ),
        refuses=refuse_unimplemented,
        arguments=check_of_copy,
        # When the source was overwritten since it was read, its new version is copied.
        tries=3,
        handler=copy_object,
    ),
)
