"""ListObjects, ListObjectsV2, ListObjectVersions. Order is UTF-8 binary; pages are bounded.

The bucket and the page come in one call: each operation's need is its page."""

from typing import Final

from trioxygen.gateway.protocol.errors import invalid_argument
from trioxygen.gateway.protocol.versions import read_version_id, version_id
from trioxygen.gateway.protocol.xml import listing as xml_listing
from trioxygen.gateway.protocol.xml.listing import ListingHead
from trioxygen.gateway.s3.needs import Need
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.owners import NOT_SHOWN, Owners, owners_of
from trioxygen.gateway.s3.paging import encoding_type, page_size, position_of, token_of
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket


async def _fetch_page(services: Services, request: S3Request, after: str) -> Bucket:
    head = request.head
    page = await services.store.keys.list(
        services.volume,
        request.bucket_name,
        prefix=head.query_value("prefix") or "",
        delimiter=head.query_value("delimiter") or "",
        after=after,
        count_max=page_size(request, "max-keys"),
    )
    request.bucket_record, request.key_page = page.bucket, page
    return page.bucket


def _frame(
    services: Services, request: S3Request, owners: Owners, *, is_truncated: bool
) -> ListingHead:
    head = request.head
    return ListingHead(
        bucket=request.bucket_name,
        prefix=head.query_value("prefix") or "",
        delimiter=head.query_value("delimiter") or "",
        max_keys=page_size(request, "max-keys"),
        is_truncated=is_truncated,
        owner=owners.bucket,
        others=owners.others,
        encoding_type=encoding_type(request),
        encodes_as_form=services.config.dialect.encodes_as_form,
    )


async def _fetch_objects(services: Services, request: S3Request) -> Bucket:
    start_after = request.head.query_value("start-after")
    if start_after is not None:
        raise invalid_argument(
            "startAfter only supported in REST.GET.BUCKET with list-type=2",
            "start-after",
            start_after,
        )
    return await _fetch_page(services, request, request.head.query_value("marker") or "")


async def list_objects(services: Services, request: S3Request) -> Response:
    page = request.key_page
    owners = await owners_of(services, request, page.keys)
    frame = _frame(services, request, owners, is_truncated=page.is_truncated)
    return xml_response(
        xml_listing.list_objects_v1(
            frame,
            marker=request.head.query_value("marker") or "",
            next_marker=page.last if page.is_truncated and frame.delimiter else None,
            objects=page.keys,
            common_prefixes=page.common_prefixes,
        ),
        [services.region_header(request.bucket_record)],
    )


async def _fetch_objects_v2(services: Services, request: S3Request) -> Bucket:
    token = request.head.query_value("continuation-token")
    after = position_of(token) if token else request.head.query_value("start-after") or ""
    return await _fetch_page(services, request, after)


async def list_objects_v2(services: Services, request: S3Request) -> Response:
    head, page = request.head, request.key_page
    owners = NOT_SHOWN
    if (head.query_value("fetch-owner") or "").lower() == "true":
        owners = await owners_of(services, request, page.keys)
    return xml_response(
        xml_listing.list_objects_v2(
            _frame(services, request, owners, is_truncated=page.is_truncated),
            start_after=head.query_value("start-after") or None,
            continuation_token=head.query_value("continuation-token"),
            next_continuation_token=token_of(page.last) if page.is_truncated else None,
            objects=page.keys,
            common_prefixes=page.common_prefixes,
        ),
        [services.region_header(request.bucket_record)],
    )


async def _fetch_versions(services: Services, request: S3Request) -> Bucket:
    head = request.head
    key_marker = head.query_value("key-marker") or ""
    version_marker = head.query_value("version-id-marker") or ""
    if version_marker and not key_marker:
        raise invalid_argument(
            "A version-id marker cannot be specified without a key marker.",
            "version-id-marker",
            version_marker,
        )
    page = await services.store.keys.list_versions(
        services.volume,
        request.bucket_name,
        prefix=head.query_value("prefix") or "",
        delimiter=head.query_value("delimiter") or "",
        key_marker=key_marker,
        version_marker=read_version_id(version_marker or None, argument="version-id-marker"),
        count_max=page_size(request, "max-keys"),
    )
    request.bucket_record, request.version_page = page.bucket, page
    return page.bucket


async def list_object_versions(services: Services, request: S3Request) -> Response:
    head, page = request.head, request.version_page
    next_version = page.next_version if page.is_truncated else None
    owners = await owners_of(services, request, [row.listed for row in page.versions])
    return xml_response(
        xml_listing.list_versions(
            _frame(services, request, owners, is_truncated=page.is_truncated),
            key_marker=head.query_value("key-marker") or "",
            version_id_marker=head.query_value("version-id-marker") or "",
            next_key_marker=page.next_key if page.is_truncated else None,
            next_version_id_marker=None if next_version is None else version_id(next_version),
            entries=page.versions,
            common_prefixes=page.common_prefixes,
        )
    )


_PAGE: Final = "bucket and page"

ROWS: Final = (
    Operation(
        name="ListObjects",
        route=Route("GET", Level.BUCKET),
        accesses=(Access("s3:ListBucket", Resource.BUCKET, Need(_PAGE, _fetch_objects)),),
        tells_region=True,
        handler=list_objects,
    ),
    Operation(
        name="ListObjectsV2",
        route=Route("GET", Level.BUCKET, "list-type"),
        accesses=(Access("s3:ListBucket", Resource.BUCKET, Need(_PAGE, _fetch_objects_v2)),),
        tells_region=True,
        handler=list_objects_v2,
    ),
    Operation(
        name="ListObjectVersions",
        route=Route("GET", Level.BUCKET, "versions"),
        accesses=(Access("s3:ListBucketVersions", Resource.BUCKET, Need(_PAGE, _fetch_versions)),),
        handler=list_object_versions,
    ),
)
