"""GetObjectAcl, PutObjectAcl."""

from typing import Final

from trioxygen.gateway.access.acl import private_acl
from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.versions import read_version_id, version_headers
from trioxygen.gateway.s3 import acls, records
from trioxygen.gateway.s3.needs import KEY
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services


async def get_object_acl(services: Services, request: S3Request) -> Response:
    bucket, record = request.bucket_record, request.record
    documents = await services.documents.of(bucket)
    bucket_owner = await acls.bucket_owner_of(services, request, bucket)
    # Without ACLs the bucket's owner has what others once uploaded, too.
    acl = private_acl(bucket_owner)
    if uses_acls(documents.ownership):
        acl = acls.loaded(record.acl, bucket_owner=bucket_owner)
    headers = version_headers(records.shown_version(bucket, record))
    return xml_response(await acls.shown(services, acl), headers)


async def put_object_acl(services: Services, request: S3Request) -> Response:
    bucket, record = request.bucket_record, request.record
    wanted = read_version_id(request.head.query_value("versionId"))
    asked = await acls.read_asked(services, request, of_bucket=False)
    documents = await services.documents.of(bucket)
    if not uses_acls(documents.ownership):
        raise S3Error("AccessControlListNotSupported")
    bucket_owner = await acls.bucket_owner_of(services, request, bucket)
    # Whose an object is stays, whoever puts its ACL.
    owner = acls.loaded(record.acl, bucket_owner=bucket_owner).owner
    acl = await acls.resolved(services, request, asked, owner=owner, bucket_owner=bucket_owner)
    acls.check_not_blocked(acl, blocks_public_acls=documents.public_access.block_public_acls)
    stored = acls.stored(acl, bucket_owner=bucket_owner)
    version = await services.store.keys.set_acl(bucket, request.key_name, wanted, record, stored)
    return Response(200, version_headers(version))


ROWS: Final = (
    Operation(
        name="GetObjectAcl",
        route=Route("GET", Level.OBJECT, "acl"),
        accesses=(Access("s3:GetObjectAcl", Resource.OBJECT, KEY, "s3:GetObjectVersionAcl"),),
        handler=get_object_acl,
    ),
    Operation(
        name="PutObjectAcl",
        route=Route("PUT", Level.OBJECT, "acl"),
        accesses=(Access("s3:PutObjectAcl", Resource.OBJECT, KEY, "s3:PutObjectVersionAcl"),),
        reads_body=True,
        handler=put_object_acl,
    ),
)
