"""UploadPart and UploadPartCopy."""

from dataclasses import replace
from typing import Final

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.replication import Replication
from trioxygen.gateway.protocol import checksums, numbers, ranges
from trioxygen.gateway.protocol.checksums import ChecksumRequest
from trioxygen.gateway.protocol.xml import multipart as xml_multipart
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.arguments import check_of_body
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.copied_bytes import digest_again, write_again
from trioxygen.gateway.s3.copy_object import (
    check_copy_size,
    readable_source,
    source_version_headers,
)
from trioxygen.gateway.s3.digests import Digests
from trioxygen.gateway.s3.encryption import Opening, part_target, source_opening_of
from trioxygen.gateway.s3.needs import COPY_SOURCE, SOURCE, UPLOAD
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.refused_headers import refuse_unimplemented
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.source_parts import KnownRange, known_range
from trioxygen.gateway.s3.writing import demand_digest_of_locked, write_body, written_headers
from trioxygen.gateway.store.contents_port import Written
from trioxygen.gateway.store.values.encryption import Sealing
from trioxygen.gateway.store.values.keys import Checksum
from trioxygen.gateway.store.values.uploads import NewPart, PartSource, Upload

_DEFAULT: Final = Algorithm.CRC64NVME


def _part_number(request: S3Request) -> int:
    """Raises InvalidArgument."""
    return numbers.read_part_number(request.head.query_value("partNumber") or "")


async def upload_part(services: Services, request: S3Request) -> Response:
    store, upload = services.store, request.upload
    algorithm = _algorithm_of(upload)
    demanded = _part_checksum(request, upload, algorithm)
    # The upload's algorithm is this one, or what the part brings.
    body = Body(request, services.blocking, checksum=demanded, also=_DEFAULT)
    demand_digest_of_locked(body, request.bucket_record, upload.lock, what="Put Part")
    replication = _replication_of(services, request)
    target = part_target(request)
    written, digest = await write_body(store.contents, body, replication, target.sealing)
    checksum = Checksum(demanded.algorithm, digest)
    new = NewPart(
        size_bytes=body.received_bytes,
        etag=target.etag(request, body.digests.md5),
        checksum=Checksum(algorithm, body.digests.checksum(algorithm)),
        replication=replication,
        client_checksum=None if demanded.algorithm is algorithm else checksum,
        crc64nvme=_spare_crc(algorithm, body.digests),
    )
    await store.uploads.commit_part(
        request.bucket_record, upload, _part_number(request), new, written
    )
    return Response(200, [*written_headers(new.etag, checksum), *target.headers])


async def upload_part_copy(services: Services, request: S3Request) -> Response:
    """The part shares the source's blocks, unless it is to be kept in another way."""
    copied, upload = readable_source(services, request), request.upload
    wanted = ranges.parse_copy_range(
        request.head.header("x-amz-copy-source-range"), copied.record.size_bytes
    )
    offset, length = wanted or (0, copied.record.size_bytes)
    check_copy_size(length)
    source = PartSource(copied, offset_bytes=offset, length_bytes=length)
    algorithm = _algorithm_of(upload)
    replication = _replication_of(services, request)
    target = part_target(request)
    opening = source_opening_of(request, copied.record.encryption)
    # The finished object is sealed as a whole, or not at all: its open parts share no sealed bytes.
    is_alike = upload.replication == copied.record.replication and (
        target.sealing is not None or not copied.record.content.is_sealed
    )
    if is_alike or not length:
        content = await services.store.contents.share(
            copied.record,
            offset_bytes=offset,
            length_bytes=length,
            customer_key=opening.key,
            sealing=target.sealing,
        )
        source = replace(source, content=content)
    known, written = await _copied_range(
        services, request, source, algorithm, replication, opening=opening, sealing=target.sealing
    )
    checksum = Checksum(algorithm, known.digest)
    etag = target.etag(request, bytes.fromhex(known.etag))
    new = NewPart(length, etag, checksum, replication, crc64nvme=known.crc64nvme)
    modified_ms = await services.store.uploads.commit_part(
        request.bucket_record,
        upload,
        _part_number(request),
        new,
        written,
        None if source.content is None else source,
    )
    return xml_response(
        xml_multipart.copy_part_result(
            etag=new.etag,
            last_modified_ms=modified_ms,
            checksum=records.shown_checksum(checksum),
        ),
        [*source_version_headers(copied), *target.headers],
    )


async def _copied_range(
    services: Services,
    request: S3Request,
    source: PartSource,
    algorithm: Algorithm,
    replication: Replication,
    *,
    opening: Opening,
    sealing: Sealing | None,
) -> tuple[KnownRange, Written | None]:
    """A part's ETag is the MD5 of just its bytes: they are read once, unless it is known of them.

    Args: replication, sealing: of what cannot be shared."""
    record = source.version.record
    bounds = {"offset_bytes": source.offset_bytes, "length_bytes": source.length_bytes}
    written = None
    if source.content is not None:
        known = known_range(record, algorithm, **bounds)
        if known is not None:
            return known, None
    digests = Digests(md5=True, sha256=False, algorithms={algorithm, _DEFAULT})
    if source.content is not None:
        await digest_again(services, request, record, digests, opening=opening, **bounds)
    else:
        written = await write_again(
            services,
            request,
            record,
            digests,
            replication,
            opening=opening,
            sealing=sealing,
            **bounds,
        )
    digest = digests.checksum(algorithm)
    return KnownRange(digests.md5.hex(), digest, _spare_crc(algorithm, digests)), written


def _spare_crc(algorithm: Algorithm, digests: Digests) -> bytes:
    """Kept beside another checksum: a copy of the part to an upload whose client says nothing of
    checksums, as the aws CLI's, then reads no byte."""
    return b"" if algorithm is _DEFAULT else digests.checksum(_DEFAULT)


def _replication_of(services: Services, request: S3Request) -> Replication:
    """That of all parts of the upload."""
    upload = request.upload
    return upload.replication or services.replication_of(
        request.bucket_record, upload.storage_class
    )


def _algorithm_of(upload: Upload) -> Algorithm:
    assert upload.checksum is not None, "S3 begins no upload without one"
    return upload.checksum.algorithm


def _part_checksum(request: S3Request, upload: Upload, algorithm: Algorithm) -> ChecksumRequest:
    """What the part brings, or the upload's algorithm when it brings nothing.

    Raises InvalidRequest when the upload's algorithm was chosen and the part brings another, or
    none where the object's checksum is made of its parts'."""
    demanded = checksums.read_checksum_request(request.head)
    if upload.is_checksum_chosen and not demanded.by_client:
        assert upload.checksum is not None
        if upload.checksum.type is ChecksumType.COMPOSITE:
            raise checksums.type_mismatch(algorithm, None)
    if not demanded.by_client:
        return ChecksumRequest(algorithm=algorithm)
    if upload.is_checksum_chosen and demanded.algorithm is not algorithm:
        raise checksums.type_mismatch(algorithm, demanded.algorithm)
    return demanded


ROWS: Final = (
    Operation(
        name="UploadPart",
        route=Route("PUT", Level.OBJECT, "uploadId", query="partNumber"),
        accesses=(Access("s3:PutObject", Resource.OBJECT, UPLOAD),),
        reads_body=True,
        check=_part_number,
        refuses=refuse_unimplemented,
        arguments=check_of_body,
        handler=upload_part,
    ),
    Operation(
        name="UploadPartCopy",
        route=Route("PUT", Level.OBJECT, "uploadId", query="partNumber", header=COPY_SOURCE),
        accesses=(
            Access("s3:PutObject", Resource.OBJECT, UPLOAD),
            Access("s3:GetObject", Resource.SOURCE, SOURCE, "s3:GetObjectVersion"),
        ),
        # As of CopyObject.
        tries=3,
        check=_part_number,
        refuses=refuse_unimplemented,
        handler=upload_part_copy,
    ),
)
