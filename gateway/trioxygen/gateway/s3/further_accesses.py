"""What a request asks for besides the operation's own action, by its headers and its body."""

from typing import Final

from trioxygen.gateway.protocol.acl_headers import OWNERSHIP, asks_for_acl
from trioxygen.gateway.protocol.xml.tags import TAGGING_HEADER, replaces_tags
from trioxygen.gateway.s3.needs import KNOWN_BUCKET
from trioxygen.gateway.s3.operation import Access, Resource
from trioxygen.gateway.s3.request import S3Request

BYPASS: Final = "x-amz-bypass-governance-retention"
LOCK_ENABLED: Final = "x-amz-bucket-object-lock-enabled"
BYPASS_ACTION: Final = "s3:BypassGovernanceRetention"
_TAGGING: Final = (TAGGING_HEADER.encode(),)
_RETENTION: Final = (b"x-amz-object-lock-mode", b"x-amz-object-lock-retain-until-date")
_LEGAL_HOLD: Final = (b"x-amz-object-lock-legal-hold",)
_OWNERSHIP: Final = (OWNERSHIP.encode(),)
_OF_TAGS_THERE: Final = ("if-match", "if-none-match")
_OF_WHAT_IS_THERE: Final = (
    b"if-modified-since",
    b"if-unmodified-since",
    b"x-amz-if-match-last-modified-time",
    b"x-amz-if-match-size",
)
READ_ACTION: Final = "s3:GetObject"


def asks_to_bypass(request: S3Request) -> bool:
    return (request.head.header(BYPASS) or "").lower() == "true"


def asks_for_lock(request: S3Request) -> bool:
    """Of a new bucket."""
    return (request.head.header(LOCK_ENABLED) or "").lower() == "true"


def bypasses_governance(request: S3Request) -> bool:
    """Whether GOVERNANCE is to be lifted, and may be."""
    return asks_to_bypass(request) and BYPASS_ACTION not in request.lacks


def asks_what_is_there(request: S3Request) -> bool:
    """Whether the answer to a write or a deletion tells more of the object that is there than that
    it is there."""
    head = request.head
    return head.has_any(_OF_WHAT_IS_THERE) or any(
        head.header(name) not in (None, "*") for name in _OF_TAGS_THERE
    )


def copies_tags(request: S3Request) -> bool:
    """Of a copy whose source is known."""
    record = request.source.record
    return record is not None and bool(record.tags) and not replaces_tags(request.head)


# An ETag is not to be guessed by who may not read. Source: S3 user guide, "Enforce conditional
# deletes on Amazon S3 buckets"; "Conditional writes", permissions.
TO_MATCH: Final = Access(READ_ACTION, Resource.OBJECT, when=asks_what_is_there)
# Of what is written: PutObject, CopyObject, CreateMultipartUpload. An ACL sent with it needs
# an action of its own, `bucket-owner-full-control` too: where a policy allows s3:PutObject alone,
# nobody writes with one. Sources: S3 API, PutObject, "Permissions" (s3:PutObjectAcl, to change the
# object's ACL in a PutObject request); Service Authorization Reference, "API operations defined by
# Amazon S3"; AWS re:Post, "require that users grant me full control", whose policy allows both.
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
    TO_MATCH,
)
# Of a copy that has its source's tags, behind the access to that. Source: S3 user guide, "Managing
# object tags", "Object tagging and additional considerations".
OF_COPIED_TAGS: Final = (
    Access(
        "s3:GetObjectTagging",
        Resource.SOURCE,
        version_action="s3:GetObjectVersionTagging",
        when=copies_tags,
    ),
    Access("s3:PutObjectTagging", Resource.OBJECT, KNOWN_BUCKET, when=copies_tags),
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
