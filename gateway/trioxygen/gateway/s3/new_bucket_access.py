"""What of access a new bucket begins with: by its request, and by the configuration.

Stored is what differs from S3's default, which holds where nothing is.
Source: S3 API, CreateBucket; S3 user guide, "Default settings for new S3 buckets FAQ"."""

from trioxygen.gateway.access.acl import dump_acl, private_acl
from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.account_directory import public_access_of
from trioxygen.gateway.protocol.acl_headers import (
    asks_for_acl,
    read_acl_headers,
    read_ownership_header,
)
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.ownership import OWNERSHIP, store_ownership
from trioxygen.gateway.protocol.settings.public_access import (
    PUBLIC_ACCESS_BLOCK,
    store_public_access,
)
from trioxygen.gateway.s3 import acls
from trioxygen.gateway.s3.bucket_acl import grants_to_others
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.acls import NOTHING_BLOCKED
from trioxygen.gateway.store.values.buckets import SettingKind


async def access_settings(services: Services, request: S3Request) -> dict[SettingKind, bytes]:
    """Raises: InvalidArgument, InvalidRequest; InvalidBucketAclWithObjectOwnership: others would be
    let in by an ACL that says nothing; InvalidBucketAclWithBlockPublicAccessError."""
    head, config, settings = request.head, services.config, {}
    ownership = read_ownership_header(head) or config.ownership
    if ownership is not OWNERSHIP.default:
        settings[SettingKind.OWNERSHIP] = store_ownership(ownership)
    if config.public_access != PUBLIC_ACCESS_BLOCK.default:
        settings[SettingKind.PUBLIC_ACCESS_BLOCK] = store_public_access(config.public_access)
    if not asks_for_acl(head):
        return settings
    asked = read_acl_headers(head, of_bucket=True)
    owner = request.signer.canonical_id
    acl = await acls.resolved(services, request, asked, owner=owner, bucket_owner=owner)
    if not uses_acls(ownership) and grants_to_others(acl):
        raise S3Error("InvalidBucketAclWithObjectOwnership")
    if acl.is_public and await _blocks_public_acls(services, request):
        raise S3Error("InvalidBucketAclWithBlockPublicAccessError")
    if acl != private_acl(owner):
        settings[SettingKind.ACL] = dump_acl(acl)
    return settings


async def _blocks_public_acls(services: Services, request: S3Request) -> bool:
    configured = services.config.public_access or NOTHING_BLOCKED
    if configured.block_public_acls:
        return True
    directory, account_id = services.store.iam.directory, request.signer.account_id
    of_account = await public_access_of(directory, account_id)
    return of_account is not None and of_account.block_public_acls
