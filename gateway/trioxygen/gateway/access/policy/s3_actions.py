"""S3's actions, what each is about, and which condition keys it has: the one table of them.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple


class ResourceType(Enum):
    """OTHER: an account, or something that is not here (access points, jobs, Storage Lens)."""

    BUCKET = "bucket"
    OBJECT = "object"
    OTHER = "other"


class S3Action(NamedTuple):
    """Attributes:
    name: with `s3:`.
    keys: of condition, those of S3 that not every action has; in lower case; a key that ends in `/`
        is one for each name of a tag.
    """

    name: str
    resource: ResourceType
    keys: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(f"s3:{word}" for word in text.split())


# Of every action. Some are never in a request here: there are no access points.
COMMON_KEYS: Final = _words(
    """authtype signatureage signatureversion x-amz-content-sha256 tlsversion resourceaccount
    dataaccesspointarn dataaccesspointaccount accesspointnetworkorigin accesspointtag/
    accessgrantsinstancearn buckettag/"""
)
_LISTS: Final = _words("prefix delimiter max-keys")
_GRANTS: Final = _words(
    """x-amz-acl x-amz-grant-full-control x-amz-grant-read x-amz-grant-read-acp x-amz-grant-write
    x-amz-grant-write-acp"""
)
_VERSION: Final = _words("versionid")
_EXISTING_TAGS: Final = _words("existingobjecttag/")
_NEW_TAGS: Final = _words("requestobjecttag/ requestobjecttagkeys")
_ENCRYPTION: Final = _words(
    """x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id
    x-amz-server-side-encryption-customer-algorithm"""
)
_RETENTION: Final = _words(
    "object-lock-mode object-lock-retain-until-date object-lock-remaining-retention-days"
)
_LEGAL_HOLD: Final = _words("object-lock-legal-hold")
_CLASS: Final = _words("x-amz-storage-class")
_WRITES: Final = (
    _GRANTS
    | _NEW_TAGS
    | _ENCRYPTION
    | _CLASS
    | _words("x-amz-copy-source x-amz-metadata-directive x-amz-website-redirect-location")
)
_IF_MATCH: Final = _words("if-match")

# (actions, their keys)
_Rows = tuple[tuple[str, frozenset[str]], ...]
_OF_BUCKETS: Final[_Rows] = (
    (
        """DeleteBucket DeleteBucketPolicy DeleteBucketWebsite
        CreateBucketMetadataTableConfiguration DeleteBucketMetadataTableConfiguration
        GetBucketMetadataTableConfiguration UpdateBucketMetadataAnnotationTableConfiguration
        UpdateBucketMetadataInventoryTableConfiguration
        UpdateBucketMetadataJournalTableConfiguration
        GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl
        GetBucketCORS GetBucketLocation GetBucketLogging GetBucketNotification
        GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy
        GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging
        GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration
        GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
        GetMetricsConfiguration GetReplicationConfiguration ListBucketMultipartUploads
        ListTagsForResource
        PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketCORS
        PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration
        PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
        PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite
        PutEncryptionConfiguration PutIntelligentTieringConfiguration PutLifecycleConfiguration
        PutMetricsConfiguration TagResource UntagResource""",
        frozenset(),
    ),
    ("ListBucket ListBucketVersions", _LISTS),
    (
        "CreateBucket",
        _GRANTS | _words("locationconstraint x-amz-object-ownership x-amz-bucket-namespace"),
    ),
    ("PutBucketAcl", _GRANTS),
    ("PutInventoryConfiguration", _words("inventoryaccessibleoptionalfields")),
    ("PutReplicationConfiguration", _words("isreplicationpauserequest")),
    ("PauseReplication", _words("destinationregion")),
)
_OF_OBJECTS: Final[_Rows] = (
    (
        """AbortMultipartUpload GetObjectLegalHold GetObjectRetention GetObjectTorrent
        GetObjectVersionForReplication InitiateReplication ListMultipartUploadParts
        ObjectOwnerOverrideToBucketOwner ReplicateDelete ReplicateTags RestoreObject
        GetObjectAnnotation PutObjectAnnotation DeleteObjectAnnotation
        ListObjectAnnotations""",
        frozenset(),
    ),
    ("GetObject GetObjectAcl GetObjectAttributes GetObjectTagging", _EXISTING_TAGS),
    (
        "GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionTagging",
        _EXISTING_TAGS | _VERSION,
    ),
    ("GetObjectVersionTorrent DeleteObjectVersion", _VERSION),
    (
        "PutObject",
        _WRITES
        | _RETENTION
        | _LEGAL_HOLD
        | _IF_MATCH
        | _words("if-none-match objectcreationoperation"),
    ),
    ("BypassGovernanceRetention", _WRITES),
    ("PutObjectAcl", _EXISTING_TAGS | _GRANTS | _CLASS),
    ("PutObjectVersionAcl", _EXISTING_TAGS | _GRANTS | _CLASS | _VERSION),
    ("PutObjectLegalHold", _LEGAL_HOLD),
    ("PutObjectRetention", _RETENTION),
    ("PutObjectTagging", _EXISTING_TAGS | _NEW_TAGS),
    ("PutObjectVersionTagging", _EXISTING_TAGS | _NEW_TAGS | _VERSION),
    ("DeleteObject", _IF_MATCH),
    ("DeleteObjectTagging", _EXISTING_TAGS),
    ("DeleteObjectVersionTagging", _EXISTING_TAGS | _VERSION),
    ("ReplicateObject UpdateObjectEncryption", _ENCRYPTION),
)
_OTHERS: Final[_Rows] = (
    (
        """CreateAccessPoint CreateJob CreateMultiRegionAccessPoint CreateStorageLensGroup
        DeleteAccessPoint DeleteAccessPointPolicy DeleteJobTagging DeleteMultiRegionAccessPoint
        DeleteStorageLensConfiguration DeleteStorageLensConfigurationTagging
        DeleteStorageLensGroup DescribeJob DescribeMultiRegionAccessPointOperation GetAccessPoint
        GetAccessPointPolicy GetAccessPointPolicyStatus GetAccountPublicAccessBlock GetJobTagging
        GetMultiRegionAccessPoint GetMultiRegionAccessPointPolicy
        GetMultiRegionAccessPointPolicyStatus GetMultiRegionAccessPointRoutes
        GetStorageLensConfiguration GetStorageLensConfigurationTagging GetStorageLensDashboard
        GetStorageLensGroup ListAccessPoints ListAllMyBuckets ListJobs ListMultiRegionAccessPoints
        ListStorageLensConfigurations ListStorageLensGroups PutAccessPointPolicy
        PutAccessPointPublicAccessBlock PutAccountPublicAccessBlock PutJobTagging
        PutMultiRegionAccessPointPolicy PutStorageLensConfiguration
        PutStorageLensConfigurationTagging SubmitMultiRegionAccessPointRoutes UpdateJobPriority
        UpdateJobStatus UpdateStorageLensGroup CreateAccessGrant CreateAccessGrantsInstance
        CreateAccessGrantsLocation DeleteAccessGrant DeleteAccessGrantsInstance
        DeleteAccessGrantsInstanceResourcePolicy DeleteAccessGrantsLocation GetAccessGrant
        GetAccessGrantsInstance GetAccessGrantsInstanceForPrefix
        GetAccessGrantsInstanceResourcePolicy GetAccessGrantsLocation GetDataAccess
        ListAccessGrants ListAccessGrantsInstances ListAccessGrantsLocations
        ListCallerAccessGrants PutAccessGrantsInstanceResourcePolicy UpdateAccessGrantsLocation
        AssociateAccessGrantsIdentityCenter DissociateAccessGrantsIdentityCenter
        CreateAccessPointForObjectLambda DeleteAccessPointForObjectLambda
        DeleteAccessPointPolicyForObjectLambda GetAccessPointConfigurationForObjectLambda
        GetAccessPointForObjectLambda GetAccessPointPolicyForObjectLambda
        GetAccessPointPolicyStatusForObjectLambda ListAccessPointsForObjectLambda
        PutAccessPointConfigurationForObjectLambda PutAccessPointPolicyForObjectLambda""",
        frozenset(),
    ),
)


def _table() -> dict[str, S3Action]:
    table: dict[str, S3Action] = {}
    for resource, rows in (
        (ResourceType.BUCKET, _OF_BUCKETS),
        (ResourceType.OBJECT, _OF_OBJECTS),
        (ResourceType.OTHER, _OTHERS),
    ):
        for names, keys in rows:
            for name in sorted(_words(names)):
                assert name.lower() not in table, f"{name} is there twice"
                table[name.lower()] = S3Action(name, resource, keys)
    return table


# By the name in lower case.
S3_ACTIONS: Final[Mapping[str, S3Action]] = MappingProxyType(_table())
