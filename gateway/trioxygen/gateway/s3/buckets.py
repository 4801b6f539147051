"""Service and bucket operations: ListBuckets, CreateBucket, HeadBucket, DeleteBucket,
GetBucketLocation."""

import re
from collections.abc import Sequence
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import BucketAlreadyOwned, NoSuchVolume
from trioxygen.gateway.protocol import names
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.numbers import natural_up_to
from trioxygen.gateway.protocol.settings.tagging import TAGGING
from trioxygen.gateway.protocol.xml import listing as xml_listing
from trioxygen.gateway.protocol.xml import results as xml_results
from trioxygen.gateway.protocol.xml.listing import ListedBucket
from trioxygen.gateway.protocol.xml.requests import NewBucket, read_create_bucket
from trioxygen.gateway.s3.documents import read_ahead, read_document
from trioxygen.gateway.s3.further_accesses import OF_NEW_BUCKET, asks_for_lock
from trioxygen.gateway.s3.made_again import is_made_again
from trioxygen.gateway.s3.needs import BUCKET, Need
from trioxygen.gateway.s3.new_bucket_access import access_settings
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.paging import position_of, token_of
from trioxygen.gateway.s3.refused_headers import refuse_unimplemented
from trioxygen.gateway.s3.request import (
    BodyKeys,
    Response,
    S3Request,
    no_content,
    xml_response,
)
from trioxygen.gateway.s3.services import FIRST_REGION, Services
from trioxygen.gateway.store.values.buckets import SettingKind

log = logs.get(__name__)

_NAMESPACE: Final = "x-amz-bucket-namespace"
_LIST_MAX: Final = 10_000
# "EU" is the old name of eu-west-1, which AWS still takes.
_REGION: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|EU")


async def list_buckets(services: Services, request: S3Request) -> Response:
    account = request.signer
    count_max = _LIST_MAX
    wanted = request.head.query_value("max-buckets")
    if wanted is not None:
        asked = natural_up_to(wanted, _LIST_MAX)
        if not asked:
            raise invalid_argument(
                f"Argument max-buckets must be an integer between 1 and {_LIST_MAX}.",
                "max-buckets",
                wanted,
            )
        count_max = asked
    prefix = request.head.query_value("prefix") or ""
    region = request.head.query_value("bucket-region")
    if region and not _REGION.fullmatch(region):
        raise invalid_argument(
            f"Argument value {region} is not a valid AWS Region", "bucket-region", region
        )
    token = request.head.query_value("continuation-token")
    # S3 tells each bucket's region only to who uses a parameter of the newer, paged listing.
    shows_region = bool(prefix) or any(
        parameter is not None for parameter in (wanted, region, token)
    )
    page = await services.store.buckets.list(
        services.volume,
        account_id=account.account_id,
        prefix=prefix,
        after=position_of(token) if token else "",
        count_max=count_max,
    )
    listed = [
        ListedBucket(
            name=bucket.name,
            created_ms=bucket.created_ms,
            region=services.region_of(bucket) if shows_region else None,
        )
        for bucket in page.buckets
        if not region or services.region_of(bucket) == region
    ]
    next_token = token_of(page.buckets[-1].name) if page.is_truncated else None
    return xml_response(
        xml_listing.list_buckets(
            owner=services.owner_of(account),
            buckets=listed,
            prefix=prefix or None,
            continuation_token=next_token,
        )
    )


async def _wanted_bucket(services: Services, request: S3Request) -> NewBucket:
    head = request.head
    if head.header("content-length") in (None, "0") and not head.header("transfer-encoding"):
        return NewBucket()
    return await read_document(services, request, read_create_bucket, has_checksum=False)


def _new_bucket_keys(wanted: NewBucket) -> BodyKeys:
    keys: dict[str, Sequence[str]] = {}
    if wanted.location is not None:
        keys["s3:locationconstraint"] = (wanted.location,)
    if wanted.tags:
        keys["aws:tagkeys"] = tuple(key for key, _ in wanted.tags)
        keys |= {f"aws:requesttag/{key.lower()}": (value,) for key, value in wanted.tags}
    return keys


async def create_bucket(services: Services, request: S3Request) -> Response:
    wanted = await _wanted_bucket(services, request)
    location = _location(services, request, wanted.location)
    has_lock = asks_for_lock(request)
    TAGGING.check(wanted.tags)
    settings = {TAGGING.kind: TAGGING.show(wanted.tags)} if wanted.tags else {}
    settings |= await access_settings(services, request)
    try:
        await services.store.buckets.create(
            services.volume,
            request.bucket_name,
            account_id=request.signer.account_id,
            location=location,
            has_lock=has_lock,
            settings=settings,
        )
    except BucketAlreadyOwned:
        says_more = bool(location or has_lock or wanted.tags)
        if says_more or not await is_made_again(services, request, settings.get(SettingKind.ACL)):
            raise
    except NoSuchVolume as error:
        # An operator deleted it under this gateway, whose next start makes it again.
        log.error("volume_missing", volume=services.volume)
        raise S3Error("ServiceUnavailable") from error
    arn = f"arn:aws:s3:::{request.bucket}".encode()
    where = _url_of(services, request) if location else f"/{request.bucket}"
    return Response(200, [(b"location", where.encode()), (b"x-amz-bucket-arn", arn)])


def _location(services: Services, request: S3Request, wanted: str | None) -> str:
    """Args: wanted: the LocationConstraint; None: there is none.

    Who signs for another region than the first of all speaks to that region's endpoint, where
    buckets of other regions cannot be made. A store that takes any region's name has one endpoint.
    Raises: IllegalLocationConstraintException, InvalidLocationConstraint."""
    regions, claim = services.config.regions, request.claim
    asked_at = claim.region if claim is not None and regions else FIRST_REGION
    if asked_at != FIRST_REGION and wanted != asked_at:
        named = "unspecified" if wanted is None else wanted
        raise S3Error(
            "IllegalLocationConstraintException",
            f"The {named} location constraint is incompatible for the region specific endpoint"
            " this request was sent to.",
        )
    if wanted is None:
        return ""
    is_known = _REGION.fullmatch(wanted) is not None and (not regions or wanted in regions)
    # Which the first region's buckets do not have.
    if not is_known or wanted == FIRST_REGION:
        raise S3Error("InvalidLocationConstraint", details={"LocationConstraint": wanted})
    return wanted


def _check_namespace(services: Services, request: S3Request) -> None:
    """Raises: InvalidNamespaceHeader: no bucket of an account's own namespace in a region is called
    so; InvalidArgument: there is no such namespace."""
    namespace = request.head.header(_NAMESPACE)
    if namespace in (None, "global"):
        return
    if namespace != "account-regional":
        raise invalid_argument("Invalid bucket namespace.", _NAMESPACE, namespace or "")
    region = services.region if request.claim is None else request.claim.region
    if not request.bucket_name.endswith(f"-{request.signer.account_id}-{region}-an"):
        raise S3Error("InvalidNamespaceHeader")


def _url_of(services: Services, request: S3Request) -> str:
    """Of a bucket that is not in the first region S3 tells under which host it is; its path, where
    buckets have no hosts."""
    host, domains, name = request.head.header("host") or "", services.config.domains, request.bucket
    if names.bucket_in_host(host, domains) is not None:
        return f"{request.scheme}://{host}/"
    if names.bucket_in_host(f"{name}.{host}", domains) is not None:
        return f"{request.scheme}://{name}.{host}/"
    return f"/{name}"


async def head_bucket(services: Services, request: S3Request) -> Response:
    return Response(
        200,
        [
            services.region_header(request.bucket_record),
            (b"x-amz-access-point-alias", b"false"),
            (b"content-type", b"application/xml"),
        ],
    )


async def delete_bucket(services: Services, request: S3Request) -> Response:
    await services.store.buckets.delete(request.bucket_record)
    return no_content()


async def get_bucket_location(services: Services, request: S3Request) -> Response:
    region = services.region_of(request.bucket_record)
    return xml_response(xml_results.location_constraint(None if region == FIRST_REGION else region))


def _require_name(request: S3Request) -> None:
    names.check_bucket_name(request.bucket_name)


_NEW_BUCKET: Final = Need("nothing", require=_require_name)

ROWS: Final = (
    Operation(
        name="ListBuckets",
        route=Route("GET", Level.SERVICE),
        accesses=(Access("s3:ListAllMyBuckets", Resource.SERVICE),),
        handler=list_buckets,
    ),
    Operation(
        name="CreateBucket",
        route=Route("PUT", Level.BUCKET),
        accesses=(
            Access(
                "s3:CreateBucket",
                Resource.NEW_BUCKET,
                _NEW_BUCKET,
                reads=read_ahead(_wanted_bucket, _new_bucket_keys),
            ),
            *OF_NEW_BUCKET,
        ),
        reads_body=True,
        refuses=refuse_unimplemented,
        arguments=_check_namespace,
        handler=create_bucket,
    ),
    Operation(
        name="HeadBucket",
        route=Route("HEAD", Level.BUCKET),
        accesses=(Access("s3:ListBucket", Resource.BUCKET, BUCKET),),
        tells_region=True,
        handler=head_bucket,
    ),
    Operation(
        name="DeleteBucket",
        route=Route("DELETE", Level.BUCKET),
        accesses=(Access("s3:DeleteBucket", Resource.BUCKET, BUCKET),),
        handler=delete_bucket,
    ),
    Operation(
        name="GetBucketLocation",
        route=Route("GET", Level.BUCKET, "location"),
        accesses=(Access("s3:GetBucketLocation", Resource.BUCKET, BUCKET),),
        handler=get_bucket_location,
    ),
)
