"""What is set of a bucket that decides who may do what in it. Pure values.

Source: S3 user guide, "Access control in Amazon S3"; "Default settings for new S3 buckets FAQ"."""

from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.access.acl import Acl
from trioxygen.gateway.access.ownership import Ownership
from trioxygen.gateway.access.policy.verdict import Policy
from trioxygen.gateway.access.public_access import ALL_BLOCKED, PublicAccessBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketDocuments:
    """Attributes:
    acl: None: private.
    ownership: None: its controls were deleted, and who uploads is the owner.
    public_access: what holds of the bucket's block and its account's together.
    policy: None: it has none.
    cors_document: as it is stored; empty: it has none.
    """

    acl: Acl | None = None
    ownership: Ownership | None = Ownership.BUCKET_OWNER_ENFORCED
    public_access: PublicAccessBlock = ALL_BLOCKED
    requester_pays: bool = False
    policy: Policy | None = None
    cors_document: bytes = b""


# Of a bucket of which none was ever set.
UNSET: Final = BucketDocuments()
