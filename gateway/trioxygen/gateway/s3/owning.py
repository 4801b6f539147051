"""Whose a new object is, and what ACL it has: by the request, and by what its bucket says of
ownership.

Source: S3 user guide, "Controlling ownership of objects and disabling ACLs"; S3 API, PutObject."""

from typing import Final, NamedTuple

from trioxygen.gateway.access.acl import Permission
from trioxygen.gateway.access.caller import CallerKind
from trioxygen.gateway.access.ownership import owns_upload, uses_acls
from trioxygen.gateway.protocol.acl_headers import asks_for_acl, read_acl_headers
from trioxygen.gateway.protocol.asked_acls import AskedAcl, GranteeKind
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3 import acls
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services

_FULL_CONTROL: Final = "bucket-owner-full-control"
# Of what nobody signed. Source: S3 user guide, "Access control list (ACL) overview", "Who is a
# grantee?": the owner of what anonymous users upload.
ANONYMOUS_ACCOUNT: Final = "anonymous"
ANONYMOUS_CANONICAL_ID: Final = "65a011a29cdf8ec533ec3d1ccaae921c"


class Owned(NamedTuple):
    """account_id: of the owner. acl: as it is stored."""

    account_id: str
    acl: bytes


async def owned(services: Services, request: S3Request) -> Owned:
    """Of an object that the request makes.

    Raises: InvalidArgument, InvalidRequest; AccessControlListNotSupported; AccessDenied: its ACL is
        public, and BlockPublicAcls is on."""
    bucket, account, head = request.bucket_record, request.account, request.head
    is_asked = asks_for_acl(head)
    if account is not None and account.account_id == bucket.account_id and not is_asked:
        return Owned(bucket.account_id, b"")
    asked = read_acl_headers(head, of_bucket=False)
    documents = await services.documents.of(bucket)
    bucket_owner = await acls.bucket_owner_of(services, request, bucket)
    if not uses_acls(documents.ownership):
        if is_asked and not _gives_full_control(asked, bucket_owner):
            raise S3Error("AccessControlListNotSupported")
        return Owned(bucket.account_id, b"")
    writer, writer_id = ANONYMOUS_ACCOUNT, ANONYMOUS_CANONICAL_ID
    if account is not None:
        writer, writer_id = account.account_id, account.canonical_id
    account_id = owns_upload(
        documents.ownership,
        writer=writer,
        bucket_owner=bucket.account_id,
        gives_full_control=asked.canned == _FULL_CONTROL,
    )
    owner = bucket_owner if account_id == bucket.account_id else writer_id
    acl = await acls.resolved(services, request, asked, owner=owner, bucket_owner=bucket_owner)
    acls.check_not_blocked(acl, blocks_public_acls=documents.public_access.block_public_acls)
    return Owned(account_id, acls.stored(acl, bucket_owner=bucket_owner))


def initiator_of(request: S3Request) -> str:
    """Who begins an upload, as `NewUpload` has it; "": the bucket's owner."""
    caller = request.caller
    if caller.kind is CallerKind.ANONYMOUS:
        return ANONYMOUS_CANONICAL_ID
    if caller.kind is not CallerKind.ROOT:
        return caller.arn
    is_owner = caller.account_id == request.bucket_record.account_id
    return "" if is_owner else caller.canonical_id


def _gives_full_control(asked: AskedAcl, bucket_owner: str) -> bool:
    """The ACL that says what holds where there are none, in whatever form."""
    if asked.canned:
        return asked.canned == _FULL_CONTROL
    named = {(grant.kind, grant.name, grant.permission) for grant in asked.grants or ()}
    return named == {(GranteeKind.CANONICAL_ID, bucket_owner, Permission.FULL_CONTROL)}
