"""ListParts and ListMultipartUploads."""

from typing import Final

from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.gateway.protocol.errors import invalid_argument
from trioxygen.gateway.protocol.numbers import count_of_query
from trioxygen.gateway.protocol.xml import multipart as xml_multipart
from trioxygen.gateway.protocol.xml.multipart import (
    ListedPart,
    ListedUpload,
    PartsPage,
    UploadsPage,
)
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.lifecycle_headers import abort_headers
from trioxygen.gateway.s3.needs import UPLOAD, Need
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.owners import initiator_shown, upload_owner
from trioxygen.gateway.s3.paging import encoding_type, page_size
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.uploads import Upload, UploadChecksum


def _parts_wanted(request: S3Request) -> tuple[int, int]:
    """(after which number, how many at most). Raises InvalidArgument."""
    count_max = page_size(request, "max-parts")
    marker = request.head.query_value("part-number-marker") or "0"
    return count_of_query("part-number-marker", marker), count_max


async def list_parts(services: Services, request: S3Request) -> Response:
    marker, count_max = _parts_wanted(request)
    bucket, upload = request.bucket_record, request.upload
    listed = await services.store.uploads.list_parts(
        bucket, upload, after_number=min(marker, PART_NUMBER_MAX), count_max=count_max
    )
    chosen = _chosen(upload)
    page = PartsPage(
        bucket=bucket.name,
        key=request.key_name,
        upload_id=upload.upload_id.hex(),
        initiator=await initiator_shown(services, request, upload),
        owner=await upload_owner(services, request, upload),
        part_number_marker=marker,
        next_part_number_marker=listed.parts[-1].number if listed.parts else 0,
        max_parts=count_max,
        is_truncated=listed.is_truncated,
        storage_class=upload.storage_class,
        checksum=chosen,
        encoding_type=encoding_type(request),
    )
    parts = [
        ListedPart(
            number=part.number,
            last_modified_ms=part.modified_ms,
            etag=part.etag,
            size=part.size_bytes,
            checksum=None if chosen is None else records.shown_checksum(part.checksum),
        )
        for part in listed.parts
    ]
    aborted = await abort_headers(services, bucket, request.key_name, begun_ms=upload.created_ms)
    return xml_response(xml_multipart.list_parts(page, parts), aborted)


def _chosen(upload: Upload) -> UploadChecksum | None:
    """None: the default of S3, of which these listings say nothing."""
    return upload.checksum if upload.is_checksum_chosen else None


def _markers(request: S3Request) -> tuple[str, str]:
    """Of the key and of the upload id; without the first the second is ignored, as on AWS."""
    key_marker = request.head.query_value("key-marker") or ""
    id_marker = request.head.query_value("upload-id-marker") or ""
    return key_marker, id_marker if key_marker else ""


def _marker_bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise invalid_argument("Invalid uploadId marker", "upload-id-marker", text) from None


async def _fetch_uploads(services: Services, request: S3Request) -> Bucket:
    head = request.head
    count_max = page_size(request, "max-uploads")
    key_marker, id_marker = _markers(request)
    page = await services.store.uploads.list(
        services.volume,
        request.bucket_name,
        prefix=head.query_value("prefix") or "",
        delimiter=head.query_value("delimiter") or "",
        key_marker=key_marker,
        upload_id_marker=_marker_bytes(id_marker),
        count_max=count_max,
    )
    request.bucket_record, request.upload_page = page.bucket, page
    return page.bucket


async def list_multipart_uploads(services: Services, request: S3Request) -> Response:
    head, listed = request.head, request.upload_page
    key_marker, id_marker = _markers(request)
    page = UploadsPage(
        bucket=request.bucket_name,
        prefix=head.query_value("prefix") or "",
        delimiter=head.query_value("delimiter") or "",
        key_marker=key_marker,
        upload_id_marker=id_marker,
        # As on AWS, on the last page too.
        next_key_marker=listed.next_key_marker,
        next_upload_id_marker=listed.next_upload_id_marker.hex(),
        max_uploads=page_size(request, "max-uploads"),
        is_truncated=listed.is_truncated,
        encoding_type=encoding_type(request),
    )
    uploads = [
        ListedUpload(
            key=upload.key,
            upload_id=upload.upload_id.hex(),
            initiated_ms=upload.created_ms,
            initiator=await initiator_shown(services, request, upload),
            owner=await upload_owner(services, request, upload),
            storage_class=upload.storage_class,
            checksum=_chosen(upload),
        )
        for upload in listed.uploads
    ]
    return xml_response(xml_multipart.list_multipart_uploads(page, uploads, listed.common_prefixes))


_UPLOADS: Final = Need("bucket and uploads", _fetch_uploads)

ROWS: Final = (
    Operation(
        name="ListParts",
        route=Route("GET", Level.OBJECT, "uploadId"),
        accesses=(Access("s3:ListMultipartUploadParts", Resource.OBJECT, UPLOAD),),
        check=_parts_wanted,
        handler=list_parts,
    ),
    Operation(
        name="ListMultipartUploads",
        route=Route("GET", Level.BUCKET, "uploads"),
        accesses=(Access("s3:ListBucketMultipartUploads", Resource.BUCKET, _UPLOADS),),
        handler=list_multipart_uploads,
    ),
)
