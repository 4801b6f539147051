"""Which permission of an ACL covers which action. Pure.

Source: S3 user guide, "Access control list (ACL) overview", "Mapping of ACL permissions and access
policy permissions"."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trioxygen.gateway.access.acl import Permission

# Of a bucket's ACL. Who may write into it may also take away, and go on with what it has begun.
BUCKET_ACTIONS: Final[Mapping[str, Permission]] = MappingProxyType(
    {
        "s3:ListBucket": Permission.READ,
        "s3:ListBucketVersions": Permission.READ,
        "s3:ListBucketMultipartUploads": Permission.READ,
        "s3:PutObject": Permission.WRITE,
        "s3:DeleteObject": Permission.WRITE,
        "s3:AbortMultipartUpload": Permission.WRITE,
        "s3:ListMultipartUploadParts": Permission.WRITE,
        "s3:GetBucketAcl": Permission.READ_ACP,
        "s3:PutBucketAcl": Permission.WRITE_ACP,
    }
)

# Of an object's own ACL.
OBJECT_ACTIONS: Final[Mapping[str, Permission]] = MappingProxyType(
    {
        "s3:GetObject": Permission.READ,
        "s3:GetObjectVersion": Permission.READ,
        "s3:GetObjectAttributes": Permission.READ,
        "s3:GetObjectVersionAttributes": Permission.READ,
        "s3:GetObjectTorrent": Permission.READ,
        "s3:GetObjectAcl": Permission.READ_ACP,
        "s3:GetObjectVersionAcl": Permission.READ_ACP,
        "s3:PutObjectAcl": Permission.WRITE_ACP,
        "s3:PutObjectVersionAcl": Permission.WRITE_ACP,
    }
)

_ACP: Final = (Permission.READ_ACP, Permission.WRITE_ACP)
# What an object's owner may do whatever its ACL says.
OBJECT_OWNER_ACTIONS: Final = frozenset(
    action for action, permission in OBJECT_ACTIONS.items() if permission in _ACP
)

# What a bucket's owner may do to objects that are not its own. All else about an object that is
# there its owner grants. Source: "Access control list (ACL) overview"; "How Amazon S3 authorizes a
# request for an object operation".
BUCKET_OWNER_ACTIONS: Final = frozenset(
    (
        "s3:AbortMultipartUpload",
        "s3:BypassGovernanceRetention",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "s3:PutObjectLegalHold",
        "s3:PutObjectRetention",
        "s3:RestoreObject",
    )
)
