"""CompleteMultipartUpload: idempotent on retry; white space keeps a long one alive behind
proxies."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from trioxygen.common.checksum import Algorithm
from trioxygen.common.errors import ChecksumMismatch, InvalidRequest, SizeMismatch
from trioxygen.common.units import MIB
from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.protocol.checksums import ObjectChecksum
from trioxygen.gateway.protocol.encryption import CustomerKeyHeaders, encryption_headers
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import BOUND, read_integer
from trioxygen.gateway.protocol.xml import multipart as xml_multipart
from trioxygen.gateway.protocol.xml import requests as xml_requests
from trioxygen.gateway.protocol.xml.requests import CompletedPart
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.encryption import check_completion
from trioxygen.gateway.s3.further_accesses import TO_MATCH
from trioxygen.gateway.s3.keep_alive import Made, patient_response
from trioxygen.gateway.s3.lifecycle_headers import completed_headers
from trioxygen.gateway.s3.needs import BUCKET, read_upload_id
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.writing import read_condition, written_version_headers
from trioxygen.gateway.store.values.keys import Checksum
from trioxygen.gateway.store.values.uploads import CompletePart, Completion, Upload

# 10,000 parts with every checksum.
_BODY_BYTES_MAX: Final = 8 * MIB
# Of one call, as of ListParts.
_PARTS_LISTED_MAX: Final = 1_000


async def complete_multipart_upload(services: Services, request: S3Request) -> Response:
    upload_id = read_upload_id(request)
    condition = read_condition(services, request)
    claim = checksums.read_complete_claim(request.head)
    parts = await read_document(
        services,
        request,
        xml_requests.read_complete_request,
        bytes_max=_BODY_BYTES_MAX,
        has_checksum=False,
    )
    if services.config.dialect.last_of_equal_parts_counts:
        parts = _last_of_equals(parts)
    _, upload = await services.store.uploads.lookup(
        services.volume, request.bucket_name, request.key_name, upload_id
    )
    listed = [_part(part) for part in parts]
    if upload is not None and services.config.dialect.knows_checksums_of_parts:
        listed = await _with_known_checksums(services, request, upload, listed)
    completion = Completion(
        parts=listed,
        part_size_bytes_min=services.config.part_size_bytes_min,
        condition=condition,
        checksum=None if claim is None else Checksum(claim.algorithm, claim.digest),
        size_bytes=_claimed_size(request),
    )
    # None: a retry, of what has been completed, or an upload that never was.
    customer = None
    if upload is not None:
        customer = check_completion(services, request, upload)
        _check_claim(request, upload, claim, part_count=len(parts))
    return await patient_response(
        request,
        _complete(services, request, upload_id, completion, customer),
        space_ms=services.config.keep_alive_space_ms,
    )


def _check_claim(
    request: S3Request, upload: Upload, claim: ObjectChecksum | None, *, part_count: int
) -> None:
    """What is claimed of the whole must be of the upload's own algorithm and type."""
    declared, own = request.head.header("x-amz-checksum-type"), upload.checksum
    if own is None:
        return
    kind = declared.upper() if declared else None
    if kind is not None and kind != own.type.value:
        raise S3Error(
            "InvalidRequest",
            f"The upload was created using the {own.type.value} checksum mode."
            " The complete request must use the same checksum mode.",
        )
    if claim is not None and claim.algorithm is not own.algorithm:
        raise S3Error(
            "InvalidRequest",
            f"The upload was created using a {own.algorithm.value.lower()} checksum;"
            " the complete request must use the same.",
        )
    if claim is not None and claim.part_count not in (None, part_count):
        raise checksums.checksum_mismatch(claim.algorithm)


async def _complete(
    services: Services,
    request: S3Request,
    upload_id: bytes,
    completion: Completion,
    customer: CustomerKeyHeaders | None,
) -> Made:
    try:
        completed = await services.store.uploads.complete(
            request.bucket_record, request.key_name, upload_id, completion
        )
    except SizeMismatch as error:
        raise S3Error(
            "InvalidRequest",
            "The provided 'x-amz-mp-object-size' header value"
            f" {completion.size_bytes} does not match what was computed: {error.facts['size']}",
        ) from error
    except InvalidRequest as error:
        if not error.facts.keys() >= {"part", "algorithm"}:
            raise
        raise S3Error(
            "InvalidRequest",
            f"The upload was created using a {error.facts['algorithm'].lower()} checksum. The"
            " complete request must include the checksum for each part. It was missing for part"
            f" {error.facts['part']} in the request.",
        ) from error
    except ChecksumMismatch as error:
        claim = completion.checksum
        claimed = Algorithm.CRC64NVME if claim is None else claim.algorithm
        raise checksums.checksum_mismatch(claimed) from error
    host = request.head.header("host") or ""
    raw_path = request.head.raw_path.decode("ascii", "replace")
    document = xml_multipart.complete_multipart_upload(
        location=f"{request.scheme}://{host}{raw_path}",
        bucket=request.bucket_name,
        key=request.key_name,
        etag=completed.etag,
        checksum=records.shown_checksum(completed.checksum, part_count=len(completion.parts)),
        with_declaration=False,
    )
    return Made(
        document,
        [
            *written_version_headers(services, completed.committed.version),
            *encryption_headers(completed.encryption, customer),
            *await completed_headers(
                services, request.bucket_record, request.key_name, completed.committed
            ),
        ],
    )


def _last_of_equals(parts: Sequence[CompletedPart]) -> list[CompletedPart]:
    """Of neighbours with one number the last."""
    following = [*(part.number for part in parts[1:]), None]
    return [part for part, number in zip(parts, following, strict=True) if part.number != number]


async def _with_known_checksums(
    services: Services, request: S3Request, upload: Upload, parts: Sequence[CompletePart]
) -> list[CompletePart]:
    """What the client leaves out, as the parts have it now; their ETags tell if that changes.

    S3 refuses what leaves them out. Source: S3 user guide, "Checking object integrity", multipart
    uploads with composite checksums."""
    if upload.checksum is None or all(part.checksum is not None for part in parts):
        return list(parts)
    known: dict[int, Checksum | None] = {}
    after, is_more = 0, True
    while is_more:
        page = await services.store.uploads.list_parts(
            request.bucket_record, upload, after_number=after, count_max=_PARTS_LISTED_MAX
        )
        known |= {part.number: part.checksum for part in page.parts}
        after, is_more = max(known, default=0), page.is_truncated
    return [
        part if part.checksum is not None else replace(part, checksum=known.get(part.number))
        for part in parts
    ]


def _part(part: CompletedPart) -> CompletePart:
    checksum = None if part.checksum is None else Checksum(*part.checksum)
    return CompletePart(part.number, part.etag, checksum)


def _claimed_size(request: S3Request) -> int | None:
    text = request.head.header("x-amz-mp-object-size")
    if text is None:
        return None
    size_bytes = read_integer(text)
    if size_bytes is None or not 0 <= size_bytes < BOUND:
        problem = "invalid" if size_bytes is None or size_bytes > 0 else "less than zero"
        raise S3Error(
            "InvalidRequest", f"Value for x-amz-mp-object-size header is {problem}: '{text}'"
        )
    return size_bytes


ROWS: Final = (
    Operation(
        name="CompleteMultipartUpload",
        route=Route("POST", Level.OBJECT, "uploadId"),
        accesses=(Access("s3:PutObject", Resource.OBJECT, BUCKET), TO_MATCH),
        reads_body=True,
        handler=complete_multipart_upload,
    ),
)
