"""From what a client asks an ACL to be, to the ACL: those that it names are looked up. What
GetBucketAcl, PutBucketAcl, GetObjectAcl, PutObjectAcl and all writes share."""

from trioxygen.common.errors import Corrupt
from trioxygen.gateway.access.acl import (
    Acl,
    Grant,
    Grantee,
    Group,
    Permission,
    canned_acl,
    dump_acl,
    load_acl,
    private_acl,
)
from trioxygen.gateway.protocol.acl_headers import asks_for_acl, read_acl_headers
from trioxygen.gateway.protocol.asked_acls import AskedAcl, AskedGrant, GranteeKind
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.xml.acl import acl_document, read_acl
from trioxygen.gateway.protocol.xml.document import Owner
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket


async def bucket_owner_of(services: Services, request: S3Request, bucket: Bucket) -> str:
    """The canonical id; mostly it is who asks."""
    account = request.account
    if account is not None and account.account_id == bucket.account_id:
        return account.canonical_id
    return await services.accounts.canonical_id_of(bucket.account_id)


async def resolved(
    services: Services, request: S3Request, asked: AskedAcl, *, owner: str, bucket_owner: str
) -> Acl:
    """Args:
    asked: nothing: it is private.
    owner, bucket_owner: canonical ids.
    Raises: InvalidArgument: nobody has that id, or the document names another owner;
        MethodNotAllowed."""
    if asked.owner and asked.owner != owner:
        raise _invalid_id(asked.owner)
    if asked.canned:
        return canned_acl(asked.canned, owner=owner, bucket_owner=bucket_owner)
    if asked.grants is None:
        return private_acl(owner)
    known = {owner, bucket_owner}
    grants = [
        Grant(await _grantee_of(services, request, asked_grant, known), asked_grant.permission)
        for asked_grant in asked.grants
    ]
    return Acl(owner, tuple(dict.fromkeys(grants)))


async def _grantee_of(
    services: Services, request: S3Request, asked: AskedGrant, known: set[str]
) -> Grantee:
    group = asked.group
    if group is not None:
        return group
    if asked.kind is GranteeKind.EMAIL:
        return await _grantee_of_email(services, request, asked.name)
    if asked.name not in known:
        if await services.accounts.of_canonical_id(asked.name) is None:
            raise _invalid_id(asked.name)
        known.add(asked.name)
    return asked.name


async def _grantee_of_email(services: Services, request: S3Request, email: str) -> Grantee:
    """Raises: MethodNotAllowed: S3 takes no addresses since October 2025;
    UnresolvableGrantByEmailAddress: where they are taken, it is nobody's."""
    if not services.config.dialect.takes_email_grants:
        resource = "BUCKET" if request.key is None else "OBJECT"
        details = {"ResourceType": resource}
        raise S3Error("MethodNotAllowed", details=details, headers={"Allow": "GET, PUT"})
    account = await services.accounts.of_email(email)
    if account is None:
        raise S3Error("UnresolvableGrantByEmailAddress")
    return account.canonical_id


def _invalid_id(canonical_id: str) -> S3Error:
    return invalid_argument("Invalid id", GranteeKind.CANONICAL_ID.value, canonical_id)


async def read_asked(services: Services, request: S3Request, *, of_bucket: bool) -> AskedAcl:
    """Of a PutBucketAcl or PutObjectAcl: in headers, or else in its body.

    Raises: MissingSecurityHeader: in neither; UnexpectedContent: in both; InvalidArgument,
        InvalidRequest, MalformedACLError."""
    asked = read_acl_headers(request.head, of_bucket=of_bucket)
    in_headers = asks_for_acl(request.head)

    def read(body: bytes) -> AskedAcl:
        if in_headers:
            if body:
                raise S3Error("UnexpectedContent")
            return asked
        if not body:
            raise S3Error("MissingSecurityHeader", details={"MissingHeaderName": "x-amz-acl"})
        return read_acl(body)

    return await read_document(services, request, read)


def check_not_blocked(acl: Acl, *, blocks_public_acls: bool) -> None:
    """Raises: AccessDenied: it is public, and BlockPublicAcls is on."""
    if blocks_public_acls and acl.is_public:
        raise S3Error(
            "AccessDenied",
            "Access Denied because public ACLs are blocked by the BlockPublicAcls block public"
            " access setting.",
        )


async def shown(services: Services, acl: Acl) -> bytes:
    """Its document. An account that is gone is shown by its id alone."""
    owner = await services.owner_of_id(acl.owner)
    grants: list[tuple[Owner | Group, Permission]] = []
    for grantee, permission in acl.grants:
        if not isinstance(grantee, Group):
            grants.append((await services.owner_of_id(grantee), permission))
        else:
            grants.append((grantee, permission))
    return acl_document(owner, grants)


def stored(acl: Acl, *, bucket_owner: str) -> bytes:
    """Of an object: empty where it is the bucket owner's, and private."""
    return b"" if acl == private_acl(bucket_owner) else dump_acl(acl)


def loaded(acl: bytes, *, bucket_owner: str) -> Acl:
    """Of an object. Raises Corrupt."""
    if not acl:
        return private_acl(bucket_owner)
    try:
        return load_acl(acl)
    except ValueError as error:
        raise Corrupt("an ACL", reason=str(error)) from error
