"""Operations on settings that a bucket has one of: each is read, put and deleted alike.

To add one: a `Setting` in `protocol/settings` and its line in `ROWS`."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from trioxygen.common.errors import Corrupt
from trioxygen.gateway.access.ownership import Ownership, uses_acls
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.cors import CORS
from trioxygen.gateway.protocol.settings.lifecycle import LIFECYCLE
from trioxygen.gateway.protocol.settings.ownership import OWNERSHIP
from trioxygen.gateway.protocol.settings.public_access import PUBLIC_ACCESS_BLOCK
from trioxygen.gateway.protocol.settings.request_payment import REQUEST_PAYMENT
from trioxygen.gateway.protocol.settings.setting import Setting
from trioxygen.gateway.protocol.settings.tagging import TAGGING
from trioxygen.gateway.s3.bucket_acl import grants_to_others
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.needs import BUCKET, Need
from trioxygen.gateway.s3.operation import Access, Handler, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, no_content, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket

# Raises S3Errors.
Refuse = Callable[[Services, S3Request, Any], Awaitable[None]]


def _with_setting(
    setting: Setting[Any],
) -> Callable[[Services, S3Request], Awaitable[Bucket]]:
    async def fetch(services: Services, request: S3Request) -> Bucket:
        bucket, request.settings = await services.store.settings.lookup(
            services.volume, request.bucket_name, (setting.kind,)
        )
        request.bucket_record = bucket
        return bucket

    return fetch


def _get(setting: Setting[Any]) -> Handler:
    def read_stored(document: bytes) -> Any:
        """One that was stored. Raises Corrupt: it is none."""
        try:
            return (setting.load or setting.parse)(document)
        except (S3Error, ValueError) as error:
            kind = setting.kind.name.lower()
            raise Corrupt("a setting of a bucket", kind=kind, reason=str(error)) from error

    async def get(services: Services, request: S3Request) -> Response:
        value = setting.default
        for row in request.settings:
            value = await services.parse(read_stored, row.document)
        if value:
            return xml_response(setting.show(value), setting.headers(value))
        raise S3Error(setting.absent, details={"BucketName": request.bucket_name})

    return get


def _put(setting: Setting[Any], status: int, refuse: Refuse | None) -> Handler:
    async def put(services: Services, request: S3Request) -> Response:
        value = await read_document(
            services,
            request,
            setting.parse,
            bytes_max=setting.body_bytes_max,
            is_digest_demanded=setting.is_digest_demanded,
        )
        setting.check(value)
        value = setting.complete(value, request.head)
        if refuse is not None:
            await refuse(services, request, value)
        stored = (setting.store or setting.show)(value)
        await services.store.settings.put(request.bucket_record, setting.kind, stored)
        said = services.config.dialect.statuses.get(request.operation, status)
        return Response(said, [*setting.headers(value)])

    return put


def _delete(setting: Setting[Any]) -> Handler:
    async def delete(services: Services, request: S3Request) -> Response:
        bucket, store = request.bucket_record, services.store.settings
        if setting.deleted is None:
            await store.delete(bucket, setting.kind)
        else:
            await store.put(bucket, setting.kind, setting.deleted)
        return no_content()

    return delete


async def _refuse_ownership(
    services: Services, request: S3Request, ownership: Ownership | None
) -> None:
    """Raises: InvalidBucketAclWithObjectOwnership: the bucket's ACL lets others in, and would say
    nothing any more."""
    acl = (await services.documents.of(request.bucket_record)).acl
    if not uses_acls(ownership) and acl is not None and grants_to_others(acl):
        raise S3Error("InvalidBucketAclWithObjectOwnership")


@dataclass(frozen=True, slots=True)
class _Named:
    """An operation's name, and its action in IAM, which says some of them otherwise."""

    name: str
    action: str


def _rows(
    setting: Setting[Any],
    sub_resource: str,
    *,
    get: _Named,
    put: _Named,
    delete: _Named | None,
    put_status: int,
    refuse: Refuse | None = None,
) -> Iterator[Operation]:
    """Args:
    delete: None: S3 has no such operation; what is not wanted any more is put otherwise.
    put_status: what S3 answers a PUT with, 200 or 204.
    refuse: of what S3 refuses of a new value, by what else is set.
    """
    with_setting = Need(f"bucket and {sub_resource}", _with_setting(setting))
    yield Operation(
        name=get.name,
        route=Route("GET", Level.BUCKET, sub_resource),
        accesses=(Access(get.action, Resource.BUCKET, with_setting),),
        handler=_get(setting),
    )
    yield Operation(
        name=put.name,
        route=Route("PUT", Level.BUCKET, sub_resource),
        accesses=(Access(put.action, Resource.BUCKET, BUCKET),),
        reads_body=True,
        handler=_put(setting, put_status, refuse),
    )
    if delete is not None:
        yield Operation(
            name=delete.name,
            route=Route("DELETE", Level.BUCKET, sub_resource),
            accesses=(Access(delete.action, Resource.BUCKET, BUCKET),),
            handler=_delete(setting),
        )


ROWS: Final = (
    *_rows(
        TAGGING,
        "tagging",
        get=_Named("GetBucketTagging", "s3:GetBucketTagging"),
        put=_Named("PutBucketTagging", "s3:PutBucketTagging"),
        delete=_Named("DeleteBucketTagging", "s3:PutBucketTagging"),
        put_status=204,
    ),
    *_rows(
        LIFECYCLE,
        "lifecycle",
        get=_Named("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
        put=_Named("PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
        delete=_Named("DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
        put_status=200,
    ),
    *_rows(
        OWNERSHIP,
        "ownershipControls",
        get=_Named("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"),
        put=_Named("PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
        delete=_Named("DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
        put_status=200,
        refuse=_refuse_ownership,
    ),
    *_rows(
        PUBLIC_ACCESS_BLOCK,
        "publicAccessBlock",
        get=_Named("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
        put=_Named("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        delete=_Named("DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        put_status=200,
    ),
    *_rows(
        REQUEST_PAYMENT,
        "requestPayment",
        get=_Named("GetBucketRequestPayment", "s3:GetBucketRequestPayment"),
        put=_Named("PutBucketRequestPayment", "s3:PutBucketRequestPayment"),
        delete=None,
        put_status=200,
    ),
    *_rows(
        CORS,
        "cors",
        get=_Named("GetBucketCors", "s3:GetBucketCORS"),
        put=_Named("PutBucketCors", "s3:PutBucketCORS"),
        delete=_Named("DeleteBucketCors", "s3:PutBucketCORS"),
        put_status=200,
    ),
)
