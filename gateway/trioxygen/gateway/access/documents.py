"""What is set of a bucket that decides who may do what in it, and what an action is about. Pure
values.

Source: S3 user guide, "Access control in Amazon S3"; "Default settings for new S3 buckets FAQ"."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from trioxygen.gateway.access.acl import Acl
from trioxygen.gateway.access.ownership import Ownership
from trioxygen.gateway.access.policy.verdict import Policy
from trioxygen.gateway.access.public_access import ALL_BLOCKED, NOTHING_BLOCKED, PublicAccessBlock
from trioxygen.gateway.store.values.cors import CorsRules


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketDocuments:
    """Attributes:
    acl: None: private.
    ownership: None: its controls were deleted, and who uploads is the owner.
    public_access: what holds of the bucket's block and its account's together.
    account_block: of that, what the account blocks; nothing where the bucket blocks all itself.
    policy: None: it has none.
    cors: rules, with names of headers in lower case.
    """

    acl: Acl | None = None
    ownership: Ownership | None = Ownership.BUCKET_OWNER_ENFORCED
    public_access: PublicAccessBlock = ALL_BLOCKED
    account_block: PublicAccessBlock = NOTHING_BLOCKED
    requester_pays: bool = False
    policy: Policy | None = None
    cors: CorsRules = ()


# Of a bucket of which none was ever set.
UNSET: Final = BucketDocuments()


class Target(NamedTuple):
    """What an action is about, beyond its ARN. Attributes:
    account_id: whose the bucket is; None: there is none (yet), the caller's own account is meant.
    object_owner: account id; None: the bucket's owner, or it is no object that is there.
    object_acl: None: private, its owner's; or it is no object that is there.
    is_new: it is an object that is not looked at, for the request makes it or takes it away.
    initiator: who began the upload that it is about, canonical id, account id or ARN; "":
        it is about none.
    expected_owner: the account that the caller says the bucket belongs to, or that it asks about;
        None: it does not say.
    is_paid: the caller says that it pays for the request.
    """

    account_id: str | None
    object_owner: str | None = None
    object_acl: Acl | None = None
    is_new: bool = False
    initiator: str = ""
    expected_owner: str | None = None
    is_paid: bool = False


OWN_ACCOUNT: Final = Target(None)
