"""GetObject, HeadObject, GetObjectAttributes."""

from typing import Final

from trioxygen.common.units import MIB
from trioxygen.gateway import records
from trioxygen.gateway.operations import Operations, check_version_id
from trioxygen.gateway.request import Headers, Response, S3Request, xml_response
from trioxygen.gateway.s3 import checksums, conditions, headers, names, ranges, xml_results
from trioxygen.gateway.s3.dates import http_date
from trioxygen.gateway.s3.errors import S3Error
from trioxygen.gateway.s3.xml_results import AttributesPart, AttributesParts
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.om_pb2 import KeyRow
from trioxygen.proto.v1.types_pb2 import BlockSlice

_ATTRIBUTES: Final = frozenset(("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"))
_PARTS_MAX: Final = 1_000
_READ_SMALL_BYTES_MAX: Final = MIB
_UNIMPLEMENTED_READ: Final = "x-amz-server-side-encryption-customer-algorithm"


class GetOperations(Operations):
    async def _lookup(self, request: S3Request) -> KeyRow:
        """The current version. Raises NoSuchBucket, AccessDenied, NoSuchKey, NoSuchVersion,
        KeyTooLongError."""
        assert request.key is not None
        names.check_key(request.key)
        reply = await self.backend.call(
            om.LookupKeyRequest(bucket=request.bucket_name, key=request.key.encode()),
            om.LookupKeyReply,
        )
        self.authorize(request, reply.bucket)
        if request.head.raw_query:
            check_version_id(request.head.query_value("versionId"))
        if not reply.found:
            raise S3Error("NoSuchKey", details={"Key": request.key})
        if request.head.header(_UNIMPLEMENTED_READ) is not None:
            raise S3Error(
                "InvalidRequest", "The encryption parameters are not applicable to this object."
            )
        return reply.row

    async def head_object(self, request: S3Request) -> Response:
        row = await self._lookup(request)
        status, found, _, length = _describe(request, row)
        found.append((b"content-length", str(length).encode()))
        return Response(status, found)

    async def get_object(self, request: S3Request) -> Response:
        row = await self._lookup(request)
        status, found, offset, length = _describe(request, row)
        found.append((b"content-length", str(length).encode()))
        response = Response(status, found, length_bytes=length)
        if length == 0:
            return response
        blocks = row.blocks
        if len(blocks) == 1 and length <= _READ_SMALL_BYTES_MAX:
            piece = blocks[0]
            if offset or length != piece.length_bytes:
                part = BlockSlice()
                part.CopyFrom(piece)
                part.offset_bytes += offset
                part.length_bytes = length
                piece = part
            response.body = await self.backend.read_small(piece)
        else:
            response.stream = self.backend.read(blocks, offset_bytes=offset, length_bytes=length)
        return response

    async def get_object_attributes(self, request: S3Request) -> Response:
        wanted_header = request.head.header("x-amz-object-attributes") or ""
        wanted = {name.strip() for name in wanted_header.split(",") if name.strip()}
        if not wanted or wanted - _ATTRIBUTES:
            raise S3Error(
                "InvalidArgument",
                "Invalid attribute name specified.",
                details={"ArgumentName": "x-amz-object-attributes", "ArgumentValue": wanted_header},
            )
        row = await self._lookup(request)
        conditions.check_read_conditions(
            request.head, etag=row.etag, last_modified_ms=row.modified_ms
        )
        document = xml_results.object_attributes(
            etag=row.etag if "ETag" in wanted else None,
            checksum=records.object_checksum(row) if "Checksum" in wanted else None,
            parts=_parts_page(request, row) if "ObjectParts" in wanted and row.parts else None,
            storage_class=(row.storage_class or headers.STANDARD)
            if "StorageClass" in wanted
            else None,
            size=row.size_bytes if "ObjectSize" in wanted else None,
        )
        modified = http_date(row.modified_ms // 1_000)
        return xml_response(document, [(b"last-modified", modified)])


def _describe(request: S3Request, row: KeyRow) -> tuple[int, Headers, int, int]:
    """(status, headers without the length, offset and length of the bytes asked for)."""
    head = request.head
    conditions.check_read_conditions(head, etag=row.etag, last_modified_ms=row.modified_ms)
    size = row.size_bytes
    overrides = headers.read_overrides(head) if head.raw_query else {}
    found = headers.response_headers(
        records.headers_of(row),
        etag=row.etag,
        last_modified_ms=row.modified_ms,
        overrides=overrides,
    )
    part_number = head.query_value("partNumber") if head.raw_query else None
    wants_checksums = checksums.wants_checksums(head)
    if part_number is not None:
        if head.header("range") is not None:
            raise S3Error(
                "InvalidRequest", "Cannot specify both Range header and partNumber query parameter"
            )
        return _describe_part(row, part_number, found, wants_checksums)
    wanted = ranges.parse_range(head.header("range"), size)
    if wanted is not None:
        offset, length = wanted
        found.append((b"content-range", f"bytes {offset}-{offset + length - 1}/{size}".encode()))
        if wants_checksums and length == size:
            _add_checksum(found, row)
        return 206, found, offset, length
    if wants_checksums:
        _add_checksum(found, row)
    return 200, found, 0, size


def _add_checksum(found: Headers, row: KeyRow) -> None:
    checksum = records.object_checksum(row)
    if checksum is not None:
        found += checksums.checksum_headers(checksum)


def _describe_part(
    row: KeyRow, part_number: str, found: Headers, wants_checksums: bool
) -> tuple[int, Headers, int, int]:
    if not (
        part_number.isascii() and part_number.isdigit() and 1 <= int(part_number[:6]) <= 10_000
    ):
        raise S3Error(
            "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive",
            details={"ArgumentName": "partNumber", "ArgumentValue": part_number},
        )
    number = int(part_number)
    offset, length = 0, row.size_bytes
    count = len(row.parts) or 1
    if number > count:
        raise S3Error(
            "InvalidPartNumber",
            details={"PartNumberRequested": part_number, "ActualPartCount": str(count)},
        )
    checksum = records.object_checksum(row)
    if row.parts:
        # The n-th part of the object, whatever number it was uploaded under.
        offset = sum(part.size_bytes for part in row.parts[: number - 1])
        part = row.parts[number - 1]
        length = part.size_bytes
        found.append((b"x-amz-mp-parts-count", str(count).encode()))
        checksum = records.object_part_checksum(row, part)
    if wants_checksums and checksum is not None:
        found += checksums.checksum_headers(checksum)
    if row.size_bytes:
        found.append(
            (b"content-range", f"bytes {offset}-{offset + length - 1}/{row.size_bytes}".encode())
        )
    return 206, found, offset, length


def _parts_page(request: S3Request, row: KeyRow) -> AttributesParts:
    head = request.head
    marker = _number(head.header("x-amz-part-number-marker"), 0, "x-amz-part-number-marker")
    most = min(_number(head.header("x-amz-max-parts"), _PARTS_MAX, "x-amz-max-parts"), _PARTS_MAX)
    rest = [part for part in row.parts if part.number > marker]
    page = rest[:most]
    return AttributesParts(
        total=len(row.parts),
        part_number_marker=marker,
        next_part_number_marker=page[-1].number if page else 0,
        max_parts=most,
        is_truncated=len(rest) > len(page),
        parts=[
            AttributesPart(
                number=part.number,
                size=part.size_bytes,
                checksum=records.object_part_checksum(row, part),
            )
            for part in page
        ],
    )


def _number(text: str | None, default: int, name: str) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise S3Error(
            "InvalidArgument",
            f"{name} is not a number.",
            details={"ArgumentName": name, "ArgumentValue": text},
        )
    return int(text)
