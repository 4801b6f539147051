"""ListObjects, ListObjectsV2, ListObjectVersions. Order is UTF-8 binary; pages are bounded."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Final

from trioxygen.gateway import records
from trioxygen.gateway.operations import Operations
from trioxygen.gateway.request import Headers, Response, S3Request, owner_of, xml_response
from trioxygen.gateway.s3 import xml_listing
from trioxygen.gateway.s3.errors import S3Error, invalid_argument
from trioxygen.gateway.s3.headers import STANDARD
from trioxygen.gateway.s3.numbers import count_of_query
from trioxygen.gateway.s3.xml import Owner
from trioxygen.gateway.s3.xml_listing import ListedObject, ListedVersion, ListingHead
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.om_pb2 import KeyRow, ListKeysReply

PAGE_MAX: Final = 1_000


def page_size(request: S3Request, name: str) -> int:
    """The number of entries asked for, as sent (answers echo it); at most 1,000 are given."""
    text = request.head.query_value(name)
    if text is None or text == "":
        return PAGE_MAX
    return count_of_query(name, text)


def encoding_type(request: S3Request) -> str | None:
    value = request.head.query_value("encoding-type")
    if value in (None, ""):
        return None
    if value != "url":
        raise S3Error(
            "InvalidArgument",
            "Invalid Encoding Method specified in Request",
            details={"ArgumentName": "encoding-type", "ArgumentValue": value or ""},
        )
    return value


class ListOperations(Operations):
    async def _page(self, request: S3Request, after: bytes, *, page_max: int) -> ListKeysReply:
        head = request.head
        reply = await self.backend.call(
            om.ListKeysRequest(
                bucket=request.bucket_name,
                prefix=(head.query_value("prefix") or "").encode(),
                delimiter=(head.query_value("delimiter") or "").encode(),
                after=after,
                count_max=min(page_max, PAGE_MAX),
            ),
            om.ListKeysReply,
        )
        self.authorize(request, reply.bucket)
        return reply

    def _frame(self, request: S3Request, reply: ListKeysReply, page_max: int) -> ListingHead:
        head = request.head
        return ListingHead(
            bucket=request.bucket_name,
            prefix=head.query_value("prefix") or "",
            delimiter=head.query_value("delimiter") or "",
            max_keys=min(page_max, PAGE_MAX),
            is_truncated=reply.truncated,
            encoding_type=encoding_type(request),
        )

    def _region_of(self, reply: ListKeysReply) -> Headers:
        region = reply.bucket.location or self.region
        return [(b"x-amz-bucket-region", region.encode("ascii", "replace"))]

    async def list_objects(self, request: S3Request) -> Response:
        start_after = request.head.query_value("start-after")
        if start_after is not None:
            raise invalid_argument(
                "startAfter only supported in REST.GET.BUCKET with list-type=2",
                "start-after",
                start_after,
            )
        page_max = page_size(request, "max-keys")
        marker = request.head.query_value("marker") or ""
        reply = await self._page(request, marker.encode(), page_max=page_max)
        frame = self._frame(request, reply, page_max)
        next_marker = reply.last.decode() if reply.truncated and frame.delimiter else None
        return xml_response(
            xml_listing.list_objects_v1(
                frame,
                marker=marker,
                next_marker=next_marker,
                objects=_listed(reply, owner_of(request.signer)),
                common_prefixes=[prefix.decode() for prefix in reply.common_prefixes],
            ),
            self._region_of(reply),
        )

    async def list_objects_v2(self, request: S3Request) -> Response:
        head = request.head
        page_max = page_size(request, "max-keys")
        token = head.query_value("continuation-token")
        start_after = head.query_value("start-after")
        after = _position(token) if token else (start_after or "").encode()
        fetch_owner = (head.query_value("fetch-owner") or "").lower() == "true"
        reply = await self._page(request, after, page_max=page_max)
        return xml_response(
            xml_listing.list_objects_v2(
                self._frame(request, reply, page_max),
                start_after=start_after or None,
                continuation_token=token,
                next_continuation_token=_token(reply.last) if reply.truncated else None,
                objects=_listed(reply, owner_of(request.signer) if fetch_owner else None),
                common_prefixes=[prefix.decode() for prefix in reply.common_prefixes],
            ),
            self._region_of(reply),
        )

    async def list_object_versions(self, request: S3Request) -> Response:
        """Of buckets that never had versioning: each key has one version, "null", and it is the
        latest."""
        head = request.head
        page_max = page_size(request, "max-keys")
        key_marker = head.query_value("key-marker") or ""
        version_marker = head.query_value("version-id-marker") or ""
        if version_marker and not key_marker:
            raise S3Error(
                "InvalidArgument",
                "A version-id marker cannot be specified without a key marker",
                details={"ArgumentName": "version-id-marker", "ArgumentValue": version_marker},
            )
        reply = await self._page(request, key_marker.encode(), page_max=page_max)
        more = reply.truncated
        last_is_key = bool(reply.keys) and reply.keys[-1] == reply.last
        return xml_response(
            xml_listing.list_versions(
                self._frame(request, reply, page_max),
                key_marker=key_marker,
                version_id_marker=version_marker,
                next_key_marker=reply.last.decode() if more else None,
                next_version_id_marker="null" if more and last_is_key else None,
                entries=[
                    ListedVersion(object=listed, version_id="null", is_latest=True)
                    for listed in _listed(reply, owner_of(request.signer))
                ],
                common_prefixes=[prefix.decode() for prefix in reply.common_prefixes],
            )
        )


def _listed(reply: ListKeysReply, owner: Owner | None) -> list[ListedObject]:
    algorithms, types, from_string = records.ALGORITHMS, records.TYPES, KeyRow.FromString
    listed = []
    for key, value in zip(reply.keys, reply.rows, strict=True):
        row = from_string(value)
        listed.append(
            ListedObject(
                key=key.decode(),
                last_modified_ms=row.modified_ms,
                etag=row.etag,
                size=row.size_bytes,
                storage_class=row.storage_class or STANDARD,
                owner=owner,
                checksum_algorithm=algorithms.get(row.checksum_algorithm),
                checksum_type=types.get(row.checksum_type),
            )
        )
    return listed


def _token(last: bytes) -> str:
    return urlsafe_b64encode(last).decode()


def _position(token: str) -> bytes:
    try:
        position = urlsafe_b64decode(token.encode("ascii"))
        position.decode()
    except (Base64Error, UnicodeError):
        position = b""
    if not position:
        raise S3Error(
            "InvalidArgument",
            "The continuation token provided is incorrect",
            details={"ArgumentName": "continuation-token", "ArgumentValue": token},
        )
    return position
