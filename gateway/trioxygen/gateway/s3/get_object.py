"""GetObject, HeadObject, GetObjectAttributes."""

from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway import records
from trioxygen.gateway.operations import Operations, check_version_id
from trioxygen.gateway.request import Headers, Response, S3Request, xml_response
from trioxygen.gateway.s3 import checksums, conditions, headers, names, xml_results
from trioxygen.gateway.s3.dates import http_date
from trioxygen.gateway.s3.errors import S3Error
from trioxygen.gateway.s3.numbers import INT_MAX, natural_up_to
from trioxygen.gateway.s3.selection import Selection, Stored, select
from trioxygen.gateway.s3.xml_results import AttributesPart, AttributesParts
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.om_pb2 import KeyRow
from trioxygen.proto.v1.types_pb2 import BlockSlice

_ATTRIBUTES: Final = frozenset(("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"))
_PARTS_MAX: Final = 1_000
# Of what GET would answer with (RFC 9110, 15.4.5).
_KEPT_BY_304: Final = frozenset((b"etag", b"last-modified", b"cache-control", b"expires"))
# More than that goes at the reader's pace: a slow one must not hold it all.
_READ_AT_ONCE_BYTES_MAX: Final = 64 * KIB
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
        selection, found = self._describe(request, row)
        return Response(selection.status, found)

    async def get_object(self, request: S3Request) -> Response:
        row = await self._lookup(request)
        selection, found = self._describe(request, row)
        offset, length = selection.offset, selection.length
        response = Response(selection.status, found, length_bytes=length)
        if length == 0:
            return response
        blocks = row.blocks
        if len(blocks) == 1 and length <= _READ_AT_ONCE_BYTES_MAX:
            piece = blocks[0]
            if offset or length != piece.length_bytes:
                part = BlockSlice()
                part.CopyFrom(piece)
                part.offset_bytes += offset
                part.length_bytes = length
                piece = part
            response.body = await self.backend.read_small(piece)
        else:
            response.stream = self.backend.read(
                blocks, offset_bytes=offset, length_bytes=length, buffers=request.buffers
            )
        return response

    def _describe(self, request: S3Request, row: KeyRow) -> tuple[Selection, Headers]:
        """What is answered, with its headers, Content-Length among them."""
        head = request.head
        query = bool(head.raw_query)
        overrides = headers.read_overrides(head) if query else {}
        part_number = head.query_value("partNumber") if query else None
        selection = select(
            head,
            _stored(row, with_parts=part_number is not None),
            part_number=part_number,
            now_s=self.clock.wall_ms() // 1_000,
        )
        found = headers.response_headers(
            records.headers_of(row),
            etag=row.etag,
            last_modified_ms=row.modified_ms,
            overrides=overrides,
        )
        if selection.status == 304:
            return selection, [pair for pair in found if pair[0] in _KEPT_BY_304]
        part = selection.part
        if part is not None:
            found.append((b"x-amz-mp-parts-count", str(len(row.parts)).encode()))
        if selection.content_range is not None:
            found.append((b"content-range", selection.content_range.encode()))
        if checksums.wants_checksums(head):
            checksum = None
            if part is not None:
                checksum = records.object_part_checksum(row, row.parts[part])
            elif selection.length == row.size_bytes:
                checksum = records.object_checksum(row)
            if checksum is not None:
                found += checksums.checksum_headers(checksum)
        found.append((b"content-length", str(selection.length).encode()))
        return selection, found

    async def get_object_attributes(self, request: S3Request) -> Response:
        wanted = _wanted_attributes(request.head.header("x-amz-object-attributes"))
        row = await self._lookup(request)
        modified = (b"last-modified", http_date(row.modified_ms // 1_000))
        if conditions.is_not_modified(
            request.head,
            etag=row.etag,
            last_modified_ms=row.modified_ms,
            now_s=self.clock.wall_ms() // 1_000,
        ):
            return Response(304, [modified, (b"etag", f'"{row.etag}"'.encode())])
        document = xml_results.object_attributes(
            etag=row.etag if "ETag" in wanted else None,
            checksum=records.object_checksum(row) if "Checksum" in wanted else None,
            parts=_parts_page(request, row) if "ObjectParts" in wanted and row.parts else None,
            storage_class=(row.storage_class or headers.STANDARD)
            if "StorageClass" in wanted
            else None,
            size=row.size_bytes if "ObjectSize" in wanted else None,
        )
        return xml_response(document, [modified])


def _stored(row: KeyRow, *, with_parts: bool) -> Stored:
    return Stored(
        etag=row.etag,
        last_modified_ms=row.modified_ms,
        size_bytes=row.size_bytes,
        part_sizes=[part.size_bytes for part in row.parts] if with_parts else (),
    )


def _wanted_attributes(header: str | None) -> set[str]:
    """Raises S3Error InvalidRequest (none at all), InvalidArgument (an unknown one)."""
    wanted = {name.strip() for name in (header or "").split(",") if name.strip()}
    if not wanted:
        raise S3Error(
            "InvalidRequest",
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either"
            " missing or empty",
        )
    if wanted - _ATTRIBUTES:
        raise S3Error(
            "InvalidArgument",
            "Invalid attribute name specified.",
            details={"ArgumentName": "x-amz-object-attributes", "ArgumentValue": header or ""},
        )
    return wanted


def _parts_page(request: S3Request, row: KeyRow) -> AttributesParts:
    """Parts by their numbers in the object, as GetObject takes them (`selection`)."""
    head = request.head
    marker = _number(head.header("x-amz-part-number-marker"), 0)
    most = min(_number(head.header("x-amz-max-parts"), _PARTS_MAX), _PARTS_MAX)
    page = row.parts[marker : marker + most]
    return AttributesParts(
        total=len(row.parts),
        part_number_marker=marker,
        next_part_number_marker=marker + len(page) if page else 0,
        max_parts=most,
        # A page of nothing leads nowhere: as with the listings' max-keys of 0, it is the last.
        is_truncated=bool(page) and marker + len(page) < len(row.parts),
        parts=[
            AttributesPart(
                number=number,
                size=part.size_bytes,
                checksum=records.object_part_checksum(row, part),
            )
            for number, part in enumerate(page, marker + 1)
        ],
    )


def _number(text: str | None, default: int) -> int:
    """Of a header that pages; S3 ignores one that is no number."""
    number = None if text is None else natural_up_to(text, INT_MAX)
    return default if number is None else number
