"""What a request asks for besides the operation's own action, by its headers and its body."""

from typing import Final

from trioxygen.gateway.protocol.acl_headers import OWNERSHIP, asks_for_acl
from trioxygen.gateway.protocol.xml.tags import TAGGING_HEADER
from trioxygen.gateway.s3.operation import Access, Resource
from trioxygen.gateway.s3.request import S3Request

BYPASS: Final = "x-amz-bypass-governance-retention"
LOCK_ENABLED: Final = "x-amz-bucket-object-lock-enabled"
BYPASS_ACTION: Final = "s3:BypassGovernanceRetention"
_TAGGING: Final = (TAGGING_HEADER.encode(),)
_RETENTION: Final = (b"x-amz-object-lock-mode", b"x-amz-object-lock-retain-until-date")
_LEGAL_HOLD: Final = (b"x-amz-object-lock-legal-hold",)
_OWNERSHIP: Final = (OWNERSHIP.encode(),)


def asks_to_bypass(request: S3Request) -> bool:
    return (request.head.header(BYPASS) or "").lower() == "true"


def asks_for_lock(request: S3Request) -> bool:
    """Of a new bucket."""
    return (request.head.header(LOCK_ENABLED) or "").lower() == "true"


def bypasses_governance(request: S3Request) -> bool:
    """Whether GOVERNANCE is to be lifted, and may be."""
    return asks_to_bypass(request) and BYPASS_ACTION not in request.lacks


# Of what is written: PutObject, CopyObject, CreateMultipartUpload.
OF_WRITTEN: Final = (
    Access("s3:PutObjectAcl", Resource.OBJECT, when=lambda request: asks_for_acl(request.head)),
    Access(
        "s3:PutObjectTagging",
        Resource.OBJECT,
        when=lambda request: request.head.has_any(_TAGGING),
    ),
    Access(
        "s3:PutObjectRetention",
        Resource.OBJECT,
        when=lambda request: request.head.has_any(_RETENTION),
    ),
    Access(
        "s3:PutObjectLegalHold",
        Resource.OBJECT,
        when=lambda request: request.head.has_any(_LEGAL_HOLD),
    ),
)
# Many clients ask for it always; it matters where something is locked.
TO_BYPASS: Final = Access(BYPASS_ACTION, Resource.OBJECT, when=asks_to_bypass, is_optional=True)
OF_NEW_BUCKET: Final = (
    Access("s3:PutBucketAcl", Resource.NEW_BUCKET, when=lambda request: asks_for_acl(request.head)),
    Access(
        "s3:PutBucketOwnershipControls",
        Resource.NEW_BUCKET,
        when=lambda request: request.head.has_any(_OWNERSHIP),
    ),
    Access("s3:PutBucketObjectLockConfiguration", Resource.NEW_BUCKET, when=asks_for_lock),
    Access("s3:PutBucketVersioning", Resource.NEW_BUCKET, when=asks_for_lock),
    Access(
        "s3:TagResource",
        Resource.NEW_BUCKET,
        when=lambda request: "aws:tagkeys" in request.body_keys,
    ),
)
