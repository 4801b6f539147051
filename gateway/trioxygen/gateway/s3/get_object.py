"""GetObject, HeadObject, GetObjectAttributes."""

from dataclasses import replace
from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol import checksums, conditions, headers
from trioxygen.gateway.protocol.checksums import ObjectChecksum
from trioxygen.gateway.protocol.dates import http_date
from trioxygen.gateway.protocol.encryption import refuse_on_read
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.locks import lock_headers
from trioxygen.gateway.protocol.numbers import INT_MAX, natural_up_to
from trioxygen.gateway.protocol.selection import Selection, Stored, select
from trioxygen.gateway.protocol.versions import version_headers
from trioxygen.gateway.protocol.xml import results as xml_results
from trioxygen.gateway.protocol.xml.results import AttributesPart, AttributesParts
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.encryption import Opening, opening_of
from trioxygen.gateway.s3.lifecycle_headers import record_headers
from trioxygen.gateway.s3.needs import KEY
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Headers, Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.keys import NO_LOCK, KeyRecord

_ATTRIBUTES: Final = frozenset(("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"))
_PARTS_MAX: Final = 1_000
# Of what GET would answer with (RFC 9110, 15.4.5).
_KEPT_BY_304: Final = frozenset(
    (b"etag", b"last-modified", b"cache-control", b"expires", b"x-amz-version-id")
)
# More than that goes at the reader's pace: a slow one must not hold it all.
_READ_AT_ONCE_BYTES_MAX: Final = 64 * KIB


async def head_object(services: Services, request: S3Request) -> Response:
    record = request.record
    opening = opening_of(request, record.encryption)
    if opening.key is not None:
        await _check_key(services, record, opening)
    selection, fields = _describe(services, request, record, opening)
    if request.bucket_record.lifecycle_revision:
        fields += await _expiration_headers(services, request, selection)
    return Response(selection.status, fields)


async def get_object(services: Services, request: S3Request) -> Response:
    record = request.record
    opening = opening_of(request, record.encryption)
    if opening.key is not None:
        await _check_key(services, record, opening)
    selection, fields = _describe(services, request, record, opening)
    if request.bucket_record.lifecycle_revision:
        fields += await _expiration_headers(services, request, selection)
    offset, length = selection.offset, selection.length
    response = Response(selection.status, fields, length_bytes=length)
    if length == 0:
        return response
    contents = services.store.contents
    if length <= _READ_AT_ONCE_BYTES_MAX:
        response.body = await contents.read_small(
            record.content,
            offset_bytes=offset,
            length_bytes=length,
            customer_key=opening.key,
        )
    else:
        response.stream = contents.read(
            record.content,
            offset_bytes=offset,
            length_bytes=length,
            buffers=request.buffers,
            customer_key=opening.key,
        )
    return response


async def _expiration_headers(
    services: Services, request: S3Request, selection: Selection
) -> Headers:
    """Rules on expiration are about current versions: of a noncurrent one nothing is said."""
    if selection.status == 304 or not request.record.is_current:
        return []
    return await record_headers(services, request.bucket_record, request.key_name, request.record)


async def _check_key(services: Services, record: KeyRecord, opening: Opening) -> None:
    """Raises: WrongCustomerKey: before anything is told of the object."""
    await services.store.contents.check_key(record.content, opening.key)


def _describe(
    services: Services, request: S3Request, record: KeyRecord, opening: Opening
) -> tuple[Selection, Headers]:
    """What is answered, with its headers, Content-Length among them."""
    head = request.head
    query = bool(head.raw_query)
    overrides = headers.read_overrides(head) if query else {}
    if overrides and request.account is None:
        raise S3Error(
            "InvalidRequest",
            "Request specific response headers cannot be used for anonymous GET requests.",
        )
    part_number = head.query_value("partNumber") if query else None
    selection = select(
        head,
        _stored(record, with_parts=part_number is not None),
        part_number=part_number,
        now_s=services.now_s,
    )
    fields = headers.response_headers(
        record.headers,
        etag=record.etag,
        last_modified_ms=record.modified_ms,
        overrides=overrides,
    )
    version = records.shown_version(request.bucket_record, record)
    if version is not None:
        fields += version_headers(version)
        if record.lock is not NO_LOCK:
            fields += lock_headers(record.lock)
    if record.tags:
        fields.append((b"x-amz-tagging-count", str(len(record.tags)).encode()))
    if selection.status == 304:
        return selection, [pair for pair in fields if pair[0] in _KEPT_BY_304]
    if opening.encryption is not None:
        fields += opening.headers
    part = selection.part
    if part is not None:
        fields.append((b"x-amz-mp-parts-count", str(len(record.parts)).encode()))
    if selection.content_range is not None:
        fields.append((b"content-range", selection.content_range.encode()))
    if checksums.wants_checksums(head):
        checksum = None
        if part is not None:
            checksum = records.object_part_checksum(record, record.parts[part])
        elif selection.length == record.size_bytes:
            checksum = records.object_checksum(record)
        if checksum is not None:
            fields += checksums.checksum_headers(checksum)
    fields.append((b"content-length", str(selection.length).encode()))
    return selection, fields


async def get_object_attributes(services: Services, request: S3Request) -> Response:
    wanted, record = _wanted_attributes(request), request.record
    opening = opening_of(request, record.encryption)
    if opening.key is not None:
        await _check_key(services, record, opening)
    shown = [
        (b"last-modified", http_date(record.modified_ms // 1_000)),
        *version_headers(records.shown_version(request.bucket_record, record)),
    ]
    if conditions.is_not_modified(
        request.head,
        etag=record.etag,
        last_modified_ms=record.modified_ms,
        now_s=services.now_s,
    ):
        return Response(304, [*shown, (b"etag", f'"{record.etag}"'.encode())])
    document = xml_results.object_attributes(
        etag=record.etag if "ETag" in wanted else None,
        checksum=_attributes_checksum(services, record) if "Checksum" in wanted else None,
        parts=_parts_page(request, record) if "ObjectParts" in wanted and record.parts else None,
        storage_class=record.headers.storage_class if "StorageClass" in wanted else None,
        size=record.size_bytes if "ObjectSize" in wanted else None,
    )
    return xml_response(document, shown)


def _attributes_checksum(services: Services, record: KeyRecord) -> ObjectChecksum | None:
    """S3 tells one that is made of parts' without their number here."""
    if services.config.dialect.counts_parts_in_attributes:
        return records.object_checksum(record)
    return records.shown_checksum(record.checksum)


def _stored(record: KeyRecord, *, with_parts: bool) -> Stored:
    return Stored(
        etag=record.etag,
        last_modified_ms=record.modified_ms,
        size_bytes=record.size_bytes,
        part_sizes=[part.size_bytes for part in record.parts] if with_parts else (),
    )


def _wanted_attributes(request: S3Request) -> set[str]:
    """Raises S3Error InvalidRequest (none at all), InvalidArgument (an unknown one)."""
    header = request.head.header("x-amz-object-attributes")
    wanted = {name.strip() for name in (header or "").split(",") if name.strip()}
    if not wanted:
        raise S3Error(
            "InvalidRequest",
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either"
            " missing or empty",
        )
    if wanted - _ATTRIBUTES:
        raise invalid_argument(
            "Invalid attribute name specified.", "x-amz-object-attributes", header or ""
        )
    return wanted


def _parts_page(request: S3Request, record: KeyRecord) -> AttributesParts:
    """Parts by their numbers in the object, as GetObject takes them (`selection`)."""
    head = request.head
    marker = _number(head.header("x-amz-part-number-marker"), 0)
    most = min(_number(head.header("x-amz-max-parts"), _PARTS_MAX), _PARTS_MAX)
    page = record.parts[marker : marker + most]
    return AttributesParts(
        total=len(record.parts),
        part_number_marker=marker,
        next_part_number_marker=marker + len(page) if page else 0,
        max_parts=most,
        # A page of nothing leads nowhere: as with the listings' max-keys of 0, it is the last.
        is_truncated=bool(page) and marker + len(page) < len(record.parts),
        parts=[
            AttributesPart(
                number=number,
                size=part.size_bytes,
                checksum=_untyped(records.object_part_checksum(record, part)),
            )
            for number, part in enumerate(page, marker + 1)
        ],
    )


def _untyped(checksum: ObjectChecksum | None) -> ObjectChecksum | None:
    """The type is of the whole, where it is said."""
    return None if checksum is None else replace(checksum, type=None)


def _number(text: str | None, default: int) -> int:
    """Of a header that pages; S3 ignores one that is no number."""
    number = None if text is None else natural_up_to(text, INT_MAX)
    return default if number is None else number


ROWS: Final = (
    Operation(
        name="GetObject",
        route=Route("GET", Level.OBJECT),
        accesses=(Access("s3:GetObject", Resource.OBJECT, KEY, "s3:GetObjectVersion"),),
        refuses=refuse_on_read,
        handler=get_object,
    ),
    Operation(
        name="HeadObject",
        route=Route("HEAD", Level.OBJECT),
        accesses=(Access("s3:GetObject", Resource.OBJECT, KEY, "s3:GetObjectVersion"),),
        refuses=refuse_on_read,
        handler=head_object,
    ),
    Operation(
        name="GetObjectAttributes",
        route=Route("GET", Level.OBJECT, "attributes"),
        accesses=(
            Access("s3:GetObject", Resource.OBJECT, KEY, "s3:GetObjectVersion"),
            Access(
                "s3:GetObjectAttributes",
                Resource.OBJECT,
                version_action="s3:GetObjectVersionAttributes",
            ),
        ),
        check=_wanted_attributes,
        refuses=refuse_on_read,
        handler=get_object_attributes,
    ),
)
