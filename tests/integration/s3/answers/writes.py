"""Objects that are written or copied."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_NO_BUCKET: Final = "BucketName=o3-none"
_KEY: Final = "Key=none"
_CHECKSUM: Final = {"x-amz-checksum-crc64nvme": "@crc64", "x-amz-checksum-type": "FULL_OBJECT"}
_WRITTEN: Final = {"etag": '"{tag}"', **_CHECKSUM}
_ONTO_ITSELF: Final = (
    "This copy request is illegal because it is trying to copy an object to itself without changing"
    " the object's metadata, storage class, website redirect location or encryption attributes."
)

ROWS: Final = (
    gives("PutObject", "a plain one", "PUT /{plain}/new-1", 200, _WRITTEN, body="body"),
    gives(
        "PutObject",
        "with a checksum",
        "PUT /{plain}/new-2",
        200,
        {
            "etag": '"{tag}"',
            "x-amz-checksum-crc32": "26gLsg==",
            "x-amz-checksum-type": "FULL_OBJECT",
        },
        body="body",
        sent={"x-amz-checksum-crc32": "26gLsg=="},
    ),
    gives(
        "PutObject",
        "a version",
        "PUT /{versioned}/new",
        200,
        {**_WRITTEN, "x-amz-version-id": "@version"},
        body="body",
    ),
    refuses("PutObject", "no bucket", "PUT /o3-none/k", "404 NoSuchBucket", _NO_BUCKET, body="b"),
    refuses(
        "PutObject",
        "key too long",
        "PUT /{plain}/" + "k" * 1025,
        "400 KeyTooLongError",
        "Size=1025 MaxSizeAllowed=1024",
        body="body",
    ),
    refuses(
        "PutObject",
        "no class",
        "PUT /{plain}/k",
        "400 InvalidStorageClass",
        "StorageClassRequested=COLD",
        body="body",
        sent={"x-amz-storage-class": "COLD"},
    ),
    refuses(
        "PutObject",
        "no digest",
        "PUT /{plain}/k",
        "400 InvalidDigest",
        "Content-MD5=x",
        body="body",
        sent={"Content-MD5": "x"},
    ),
    refuses(
        "PutObject",
        "another digest",
        "PUT /{plain}/k",
        "400 BadDigest",
        "CalculatedDigest={md5} ExpectedDigest=AAAAAAAAAAAAAAAAAAAAAA==",
        message="The Content-MD5 you specified did not match what we received.",
        body="body",
        sent={"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="},
    ),
    refuses(
        "PutObject",
        "another checksum",
        "PUT /{plain}/k",
        "400 BadDigest",
        message="The CRC32 you specified did not match the calculated checksum.",
        body="body",
        sent={"x-amz-checksum-crc32": "AAAAAA=="},
    ),
    refuses(
        "PutObject",
        "metadata too large",
        "PUT /{plain}/k",
        "400 MetadataTooLarge",
        "Size=2049 MaxSizeAllowed=2048",
        body="body",
        sent={"x-amz-meta-a": "v" * 2048},
    ),
    refuses(
        "PutObject",
        "there already",
        "PUT /{plain}/k",
        "412 PreconditionFailed",
        "Condition=If-None-Match",
        body="body",
        sent={"If-None-Match": "*"},
    ),
    refuses(
        "PutObject",
        "not there",
        "PUT /{plain}/none",
        "404 NoSuchKey",
        _KEY,
        body="body",
        sent={"If-Match": "*"},
    ),
    refuses(
        "PutObject",
        "lock, and no Object Lock",
        "PUT /{plain}/k",
        "400 InvalidRequest",
        message="Bucket is missing ObjectLockConfiguration",
        body="body",
        sent={"x-amz-object-lock-legal-hold": "ON"},
    ),
    gives(
        "CopyObject",
        "a plain one",
        "PUT /{plain}/new-3",
        200,
        {},
        'CopyObjectResult(LastModified=@date ETag="{tag}" ChecksumCRC64NVME=@crc64'
        " ChecksumType=FULL_OBJECT)",
        sent={"x-amz-copy-source": "{plain}/k"},
    ),
    gives(
        "CopyObject",
        "of a version, to one",
        "PUT /{versioned}/copy",
        200,
        {"x-amz-version-id": "@version", "x-amz-copy-source-version-id": "{v1}"},
        'CopyObjectResult(LastModified=@date ETag="{tag}" ChecksumCRC64NVME=@crc64'
        " ChecksumType=FULL_OBJECT)",
        sent={"x-amz-copy-source": "{versioned}/k?versionId={v1}"},
    ),
    refuses(
        "CopyObject",
        "no source",
        "PUT /{plain}/c",
        "404 NoSuchKey",
        _KEY,
        sent={"x-amz-copy-source": "{plain}/none"},
    ),
    refuses(
        "CopyObject",
        "no bucket of a source",
        "PUT /{plain}/c",
        "404 NoSuchBucket",
        _NO_BUCKET,
        sent={"x-amz-copy-source": "o3-none/k"},
    ),
    refuses(
        "CopyObject",
        "onto itself",
        "PUT /{plain}/same",
        "400 InvalidRequest",
        message=_ONTO_ITSELF,
        sent={"x-amz-copy-source": "{plain}/same"},
    ),
    refuses(
        "CopyObject",
        "source other than expected",
        "PUT /{plain}/c",
        "412 PreconditionFailed",
        "Condition=x-amz-copy-source-If-Match",
        sent={"x-amz-copy-source": "{plain}/k", "x-amz-copy-source-if-match": "x"},
    ),
    refuses(
        "CopyObject",
        "no name of a bucket",
        "PUT /{plain}/c",
        "400 InvalidArgument",
        "ArgumentName=x-amz-copy-source ArgumentValue=No_Name/k",
        message="Invalid copy source bucket name",
        sent={"x-amz-copy-source": "No_Name/k"},
    ),
    refuses(
        "CopyObject",
        "unknown directive",
        "PUT /{plain}/c",
        "400 InvalidArgument",
        "ArgumentName=x-amz-metadata-directive ArgumentValue=MOVE",
        message="Unknown metadata directive.",
        sent={"x-amz-copy-source": "{plain}/k", "x-amz-metadata-directive": "MOVE"},
    ),
    refuses(
        "CopyObject",
        "unknown directive of tags",
        "PUT /{plain}/c",
        "400 InvalidArgument",
        "ArgumentName=x-amz-tagging-directive ArgumentValue=MOVE",
        message="Unknown tagging directive.",
        sent={"x-amz-copy-source": "{plain}/k", "x-amz-tagging-directive": "MOVE"},
    ),
    refuses(
        "Unrouted",
        "no such method of an object",
        "POST /{plain}/k",
        "405 MethodNotAllowed",
        "Method=POST ResourceType=OBJECT",
        headers={"allow": "GET, HEAD, PUT, DELETE"},
    ),
)
