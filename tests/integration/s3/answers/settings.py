"""What is set of buckets."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_NO_BUCKET: Final = "BucketName=o3-none"
_DIGEST: Final = {"Content-MD5": "md5"}
_NO_DIGEST: Final = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
_TAGGING: Final = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
_RULE: Final = (
    "<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status><Filter/>"
    "<Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>"
)
_LOCK: Final = (
    "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
    "</ObjectLockConfiguration>"
)
_ENCRYPTION: Final = (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
    "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
    "</ServerSideEncryptionConfiguration>"
)
_SSE_S3: Final = (
    "Rule(ApplyServerSideEncryptionByDefault(SSEAlgorithm=AES256) BucketKeyEnabled=false)"
)

ROWS: Final = (
    gives(
        "GetBucketVersioning",
        "never set",
        "GET /{plain}?versioning",
        200,
        {},
        "VersioningConfiguration=",
    ),
    gives(
        "GetBucketVersioning",
        "enabled",
        "GET /{versioned}?versioning",
        200,
        {},
        "VersioningConfiguration(Status=Enabled)",
    ),
    refuses(
        "GetBucketVersioning", "none", "GET /o3-none?versioning", "404 NoSuchBucket", _NO_BUCKET
    ),
    gives(
        "PutBucketVersioning",
        "enabled",
        "PUT /{busy}?versioning",
        200,
        body="<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    ),
    refuses(
        "PutBucketVersioning", "no body", "PUT /{busy}?versioning", "400 MissingRequestBodyError"
    ),
    refuses(
        "PutBucketVersioning",
        "bad status",
        "PUT /{busy}?versioning",
        "400 MalformedXML",
        body="<VersioningConfiguration><Status>On</Status></VersioningConfiguration>",
    ),
    refuses(
        "PutBucketVersioning",
        "suspended under Object Lock",
        "PUT /{locked}?versioning",
        "409 InvalidBucketState",
        body="<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
    ),
    gives(
        "GetBucketTagging",
        "tags",
        "GET /{tagged}?tagging",
        200,
        {},
        "Tagging(TagSet(Tag(Key=a Value=1)))",
    ),
    refuses(
        "GetBucketTagging",
        "none set",
        "GET /{plain}?tagging",
        "404 NoSuchTagSet",
        "BucketName={plain}",
    ),
    gives("PutBucketTagging", "tags", "PUT /{busy}?tagging", 204, body=_TAGGING, sent=_DIGEST),
    refuses(
        "PutBucketTagging",
        "no digest",
        "PUT /{busy}?tagging",
        "400 InvalidRequest",
        message=_NO_DIGEST,
        body=_TAGGING,
    ),
    refuses(
        "PutBucketTagging",
        "a key twice",
        "PUT /{busy}?tagging",
        "400 InvalidTag",
        "TagKey=a",
        message="Cannot provide multiple Tags with the same key",
        body=_TAGGING.replace("</TagSet>", "<Tag><Key>a</Key><Value/></Tag></TagSet>"),
        sent=_DIGEST,
    ),
    gives("DeleteBucketTagging", "a bucket", "DELETE /{busy}?tagging", 204),
    refuses(
        "DeleteBucketTagging", "none", "DELETE /o3-none?tagging", "404 NoSuchBucket", _NO_BUCKET
    ),
    gives(
        "GetBucketLifecycleConfiguration",
        "a rule",
        "GET /{tagged}?lifecycle",
        200,
        {"x-amz-transition-default-minimum-object-size": "all_storage_classes_128K"},
        "LifecycleConfiguration(Rule(ID=r Filter= Status=Enabled Expiration(Days=3)))",
    ),
    refuses(
        "GetBucketLifecycleConfiguration",
        "none set",
        "GET /{plain}?lifecycle",
        "404 NoSuchLifecycleConfiguration",
        "BucketName={plain}",
    ),
    gives(
        "PutBucketLifecycleConfiguration",
        "a rule",
        "PUT /{busy}?lifecycle",
        200,
        {"x-amz-transition-default-minimum-object-size": "all_storage_classes_128K"},
        body=_RULE,
        sent=_DIGEST,
    ),
    refuses(
        "PutBucketLifecycleConfiguration",
        "bad status",
        "PUT /{busy}?lifecycle",
        "400 MalformedXML",
        body=_RULE.replace("Enabled", "On"),
        sent=_DIGEST,
    ),
    refuses(
        "PutBucketLifecycleConfiguration",
        "an archive",
        "PUT /{busy}?lifecycle",
        "400 InvalidStorageClass",
        "StorageClassRequested=GLACIER",
        body=_RULE.replace(
            "</Rule>",
            "<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>",
        ),
        sent=_DIGEST,
    ),
    gives("DeleteBucketLifecycle", "a bucket", "DELETE /{busy}?lifecycle", 204),
    refuses(
        "DeleteBucketLifecycle", "none", "DELETE /o3-none?lifecycle", "404 NoSuchBucket", _NO_BUCKET
    ),
    gives(
        "GetBucketEncryption",
        "S3's own",
        "GET /{tagged}?encryption",
        200,
        {},
        f"ServerSideEncryptionConfiguration({_SSE_S3})",
    ),
    refuses(
        "GetBucketEncryption",
        "none",
        "GET /o3-none?encryption",
        "404 NoSuchBucket",
        _NO_BUCKET,
    ),
    gives(
        "PutBucketEncryption",
        "S3's own",
        "PUT /{busy}?encryption",
        200,
        body=_ENCRYPTION,
        sent=_DIGEST,
    ),
    refuses(
        "PutBucketEncryption",
        "an unknown algorithm",
        "PUT /{busy}?encryption",
        "400 MalformedXML",
        body=_ENCRYPTION.replace("AES256", "ROT13"),
        sent=_DIGEST,
    ),
    gives("DeleteBucketEncryption", "a bucket", "DELETE /{busy}?encryption", 204),
    refuses(
        "DeleteBucketEncryption",
        "none",
        "DELETE /o3-none?encryption",
        "404 NoSuchBucket",
        _NO_BUCKET,
    ),
    gives(
        "GetObjectLockConfiguration",
        "without a default",
        "GET /{locked}?object-lock",
        200,
        {},
        "ObjectLockConfiguration(ObjectLockEnabled=Enabled)",
    ),
    refuses(
        "GetObjectLockConfiguration",
        "no Object Lock",
        "GET /{plain}?object-lock",
        "404 ObjectLockConfigurationNotFoundError",
        "BucketName={plain}",
    ),
    gives(
        "PutObjectLockConfiguration",
        "without a default",
        "PUT /{locked}?object-lock",
        200,
        body=_LOCK,
        sent=_DIGEST,
    ),
    refuses(
        "PutObjectLockConfiguration",
        "no versions",
        "PUT /{plain}?object-lock",
        "409 InvalidBucketState",
        message="Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        body=_LOCK,
        sent=_DIGEST,
    ),
)
