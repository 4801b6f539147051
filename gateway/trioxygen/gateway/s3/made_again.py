"""CreateBucket of a bucket that the caller has: a success in the first region, where it resets the
ACL. Source: S3 API, error responses, BucketAlreadyOwnedByYou."""

from trioxygen.gateway.access.acl import load_acl
from trioxygen.gateway.access.documents import BucketDocuments
from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.protocol.acl_headers import asks_for_acl, read_ownership_header
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3 import acls
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import FIRST_REGION, Services
from trioxygen.gateway.store.values.buckets import SettingKind


async def is_made_again(services: Services, request: S3Request, acl: bytes | None) -> bool:
    """Whether the bucket is now as the request would have it, which asks for nothing but access.

    Args: acl: that a new one would begin with; None: a private one.
    Raises: InvalidBucketAclWithObjectOwnership, AccessDenied: this one cannot have it."""
    bucket = await services.store.buckets.lookup(services.volume, request.bucket_name)
    if bucket.account_id != request.signer.account_id:
        # Since then another account has made it.
        return False
    if services.region_of(bucket) != FIRST_REGION:
        return False
    documents = await services.documents.of(bucket)
    if read_ownership_header(request.head) not in (None, documents.ownership):
        return False
    resets = services.config.dialect.resets_acl_of_own_bucket
    if not resets and (asks_for_acl(request.head) or documents.acl is not None):
        return False
    if acl is None and documents.acl is None:
        return True
    if documents.policy is not None:
        # It may deny a change of the ACL, and was not asked: making a bucket is none of its matter.
        return False
    if acl is None:
        await services.store.settings.delete(bucket, SettingKind.ACL)
        return True
    _check(acl, documents)
    await services.store.settings.put(bucket, SettingKind.ACL, acl)
    return True


def _check(acl: bytes, documents: BucketDocuments) -> None:
    if not uses_acls(documents.ownership):
        raise S3Error("InvalidBucketAclWithObjectOwnership")
    acls.check_not_blocked(
        load_acl(acl), blocks_public_acls=documents.public_access.block_public_acls
    )
