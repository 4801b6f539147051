"""Which permission of an ACL an action of IAM needs. Pure.

Source: S3 user guide, "Access control list (ACL) overview": mapping of ACL permissions and access
policy permissions. What is in neither table no ACL allows.
"""

from collections.abc import Mapping
from typing import Final

from trioxygen.gateway.store.values.acls import Permission

# By the ACL of the bucket, also of actions on objects in it.
OF_BUCKET: Final[Mapping[str, Permission]] = {
    "s3:ListBucket": Permission.READ,
    "s3:ListBucketVersions": Permission.READ,
    "s3:ListBucketMultipartUploads": Permission.READ,
    "s3:PutObject": Permission.WRITE,
    "s3:DeleteObject": Permission.WRITE,
    "s3:GetBucketAcl": Permission.READ_ACP,
    "s3:PutBucketAcl": Permission.WRITE_ACP,
}
# By the ACL of the object. WRITE says nothing there.
OF_OBJECT: Final[Mapping[str, Permission]] = {
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
# By the ACL of the bucket, of an object that is made: who may write it, says what its ACL is.
OF_NEW_OBJECT: Final[Mapping[str, Permission]] = {"s3:PutObjectAcl": Permission.WRITE}
# Whoever owns a bucket or an object may read and write its ACL, whatever it grants.
OF_OWNER: Final = frozenset(
    action
    for table in (OF_BUCKET, OF_OBJECT)
    for action, permission in table.items()
    if permission in (Permission.READ_ACP, Permission.WRITE_ACP)
)
# Whoever began an upload may list its parts and abort it. Source: S3 user guide, "Multipart upload
# API and permissions".
OF_INITIATOR: Final = frozenset(("s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"))
# What the owner of a bucket may do to objects that another account owns; all else about an object
# its owner grants. Source: S3 user guide, "Access control list (ACL) overview", "How Amazon S3
# authorizes a request for an object operation".
OF_BUCKET_OWNER: Final = OF_INITIATOR | {
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObject",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:RestoreObject",
}
