"""GetBucketAcl, PutBucketAcl; the ACL that a bucket begins with."""

from typing import Final

from trioxygen.gateway.access.acl import Acl, dump_acl, private_acl
from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3 import acls
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import SettingKind


def grants_to_others(acl: Acl) -> bool:
    """Which a bucket without ACLs cannot have."""
    return any(grant.grantee != acl.owner for grant in acl.grants)


async def get_bucket_acl(services: Services, request: S3Request) -> Response:
    bucket = request.bucket_record
    documents = await services.documents.of(bucket)
    acl = documents.acl if uses_acls(documents.ownership) else None
    if acl is None:
        acl = private_acl(await acls.bucket_owner_of(services, request, bucket))
    return xml_response(await acls.shown(services, acl))


async def put_bucket_acl(services: Services, request: S3Request) -> Response:
    bucket = request.bucket_record
    asked = await acls.read_asked(services, request, of_bucket=True)
    documents = await services.documents.of(bucket)
    if not uses_acls(documents.ownership):
        raise S3Error("AccessControlListNotSupported")
    owner = await acls.bucket_owner_of(services, request, bucket)
    acl = await acls.resolved(services, request, asked, owner=owner, bucket_owner=owner)
    acls.check_not_blocked(acl, blocks_public_acls=documents.public_access.block_public_acls)
    await services.store.settings.put(bucket, SettingKind.ACL, dump_acl(acl))
    return Response(200)


ROWS: Final = (
    Operation(
        name="GetBucketAcl",
        route=Route("GET", Level.BUCKET, "acl"),
        accesses=(Access("s3:GetBucketAcl", Resource.BUCKET, BUCKET),),
        handler=get_bucket_acl,
    ),
    Operation(
        name="PutBucketAcl",
        route=Route("PUT", Level.BUCKET, "acl"),
        accesses=(Access("s3:PutBucketAcl", Resource.BUCKET, BUCKET),),
        reads_body=True,
        handler=put_bucket_acl,
    ),
)
