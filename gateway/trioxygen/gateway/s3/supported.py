"""docs/reference/supported.md, "does it support X?", written from the table: `make docs`.

Whether an operation is here the table says; what a feature is, and what to do without it, is said
here. No operation may be in no feature, or in two."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from trioxygen.gateway.s3.operation import Operation
from trioxygen.gateway.s3.table import OPERATIONS

_HEAD: Final = """# Does it support X?

Written by `make docs` from the table that routes requests (`gateway/s3/table.py`): **yes** where
all operations of a feature are here, **no** where none is, **in part** where some are. What is not
here is never taken for something else, nor done by half: it is answered `501 NotImplemented`, and
changes nothing. Each operation by its name is in [s3-operations.md](s3-operations.md), how they
answer in [s3.md](s3.md). Of a request that fails though it is supported, `o3 explain` says why
([403 behind my proxy](../operations/proxies.md)).

## Features that have operations

| feature | here | what to know, and what to do without it |
|---|---|---|
"""
_BESIDE: Final = """
## Features beside the operations

| feature | here | what to know, and what to do without it |
|---|---|---|
"""


class Feature(NamedTuple):
    """Attributes: operations: their names. text: of Markdown."""

    name: str
    operations: str
    text: str


def _of(kinds: str, *names: str) -> str:
    """`_of("Get Put", "BucketAcl")`: GetBucketAcl PutBucketAcl"""
    return " ".join(kind + name for name in names for kind in kinds.split())


FEATURES: Final = (
    Feature(
        "buckets",
        "CreateBucket DeleteBucket HeadBucket ListBuckets GetBucketLocation",
        "path style and virtual-host style (`[s3] domains`)",
    ),
    Feature(
        "objects",
        "GetObject HeadObject PutObject DeleteObject DeleteObjects GetObjectAttributes CopyObject",
        "ranges, conditions of reads and [writes](s3.md#reads), appending, all checksums",
    ),
    Feature("rename", "RenameObject", "of keys and of [whole prefixes](s3.md#renaming)"),
    Feature(
        "lists", "ListObjects ListObjectsV2 ListObjectVersions", "in the order of S3, page by page"
    ),
    Feature(
        "multipart uploads",
        "CreateMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload"
        " AbortMultipartUpload ListMultipartUploads ListParts",
        "up to 10,000 parts; [what is done of parts](s3.md#parts-of-an-object)",
    ),
    Feature("versions", _of("Get Put", "BucketVersioning"), "no MFA delete: 501"),
    Feature(
        "Object Lock",
        _of("Get Put", "ObjectLockConfiguration", "ObjectRetention", "ObjectLegalHold"),
        "[both modes and legal holds](s3.md#object-lock); by two clocks",
    ),
    Feature(
        "tags", _of("Get Put Delete", "BucketTagging", "ObjectTagging"), "of buckets and of objects"
    ),
    Feature(
        "encryption at rest",
        _of("Get Put Delete", "BucketEncryption"),
        "SSE-S3, SSE-KMS (a keyring or Vault), SSE-C; no DSSE: 501",
    ),
    Feature(
        "changing the encryption of an object",
        "UpdateObjectEncryption",
        "copy the object onto itself",
    ),
    Feature(
        "lifecycle rules",
        "GetBucketLifecycleConfiguration PutBucketLifecycleConfiguration DeleteBucketLifecycle",
        "expiry, noncurrent versions, aborted uploads, [transitions](s3.md#lifecycle-rules)",
    ),
    Feature(
        "restore from an archive",
        "RestoreObject",
        "nothing is archived here: archive classes are [refused](s3.md#storage-classes)",
    ),
    Feature(
        "bucket policies",
        _of("Get Put Delete", "BucketPolicy") + " GetBucketPolicyStatus",
        "the whole language; `o3 can` tells what comes of one before a request does",
    ),
    Feature(
        "ACLs", _of("Get Put", "BucketAcl", "ObjectAcl"), "canned, grants, headers and documents"
    ),
    Feature(
        "object ownership, public access block",
        _of("Get Put Delete", "BucketOwnershipControls")
        + " "
        + _of("Get Put Delete", "PublicAccessBlock"),
        "as a new bucket of AWS: BucketOwnerEnforced, everything public blocked",
    ),
    Feature(
        "public access block of an account",
        _of("Get Put Delete", "AccountPublicAccessBlock"),
        "[S3 Control](s3.md#s3-control), `o3 account public-access`",
    ),
    Feature(
        "requester pays",
        _of("Get Put", "BucketRequestPayment"),
        "who does not say that it pays is refused; nobody is billed",
    ),
    Feature(
        "CORS",
        _of("Get Put Delete", "BucketCors") + " PreflightRequest",
        "[rules, preflights](s3.md#cors), and the headers of every answer",
    ),
    Feature(
        "uploads from HTML forms",
        "PostObject",
        "[policies](s3.md#browser-forms) with all conditions",
    ),
    Feature(
        "static website hosting",
        _of("Get Put Delete", "BucketWebsite"),
        "a web server in front that asks for `index.html`",
    ),
    Feature(
        "event notifications",
        _of("Get Put", "BucketNotificationConfiguration"),
        "a reader of the [access log](cli.md#access-log), one JSON line a request",
    ),
    Feature(
        "server access logs in a bucket",
        _of("Get Put", "BucketLogging"),
        "the [access log](cli.md#access-log) of each gateway",
    ),
    Feature(
        "replication to other buckets",
        _of("Get Put Delete", "BucketReplication"),
        "`rclone sync` from time to time; within a cluster each object is on several nodes anyway",
    ),
    Feature(
        "inventory, metrics, analytics",
        _of(
            "Get Put Delete",
            "BucketInventoryConfiguration",
            "BucketMetricsConfiguration",
            "BucketAnalyticsConfiguration",
        )
        + " ListBucketInventoryConfigurations ListBucketMetricsConfigurations"
        " ListBucketAnalyticsConfigurations",
        "listings; [metrics](../operations/observing.md) of gateways for Prometheus",
    ),
    Feature(
        "intelligent tiering",
        _of("Get Put Delete", "BucketIntelligentTieringConfiguration")
        + " ListBucketIntelligentTieringConfigurations",
        "lifecycle transitions to a class with an erasure code; the class's name is taken",
    ),
    Feature(
        "metadata tables, annotations",
        _of("Create Delete Get", "BucketMetadataConfiguration", "BucketMetadataTableConfiguration")
        + " "
        + _of(
            "UpdateBucketMetadata",
            "AnnotationTableConfiguration",
            "InventoryTableConfiguration",
            "JournalTableConfiguration",
        )
        + " "
        + _of("Get Put Delete", "ObjectAnnotation")
        + " ListObjectAnnotations",
        "tags, user metadata",
    ),
    Feature(
        "attribute-based access of buckets",
        _of("Get Put", "BucketAbac"),
        "policies by tags of objects and principals",
    ),
    Feature(
        "transfer acceleration",
        _of("Get Put", "BucketAccelerateConfiguration"),
        "more gateways, near to their clients",
    ),
    Feature(
        "S3 Select",
        "SelectObjectContent",
        "[of CSV and JSON](select.md); Parquet: DuckDB and the like read ranges",
    ),
    Feature("BitTorrent", "GetObjectTorrent", "AWS gave it up in 2022"),
    Feature(
        "directory buckets", "CreateSession", "general purpose buckets append and rename here too"
    ),
)

# Of what no operation is: (feature, here, text).
_OTHERS: Final = (
    (
        "Signature Version 4",
        "yes",
        "in headers and in queries, chunked bodies signed or not, trailers",
    ),
    (
        "Signature Version 4A",
        "no",
        "`501`, by its name; SDKs take it for multi-region access points alone",
    ),
    ("Signature Version 2", "in part", "presigned URLs; in headers no current SDK writes it"),
    (
        "anonymous requests",
        "yes",
        "where policy or ACL let everybody in, and the public access block does not forbid it",
    ),
    (
        "accounts, users, groups, roles",
        "yes",
        "`o3 account`, `o3 key`; policies, groups, boundaries and sessions count as in IAM",
    ),
    ("storage classes", "in part", "[which](s3.md#storage-classes); no archive"),
    ("checksums", "yes", "[ten algorithms](s3.md#checksums)"),
    ("HTTP/1.1, TLS", "yes", "`[s3] tls_certificate_file`"),
    ("HTTP/2, HTTP/3", "no", "a proxy in front speaks them; S3's SDKs do not ask for them"),
    ("access points, Object Lambda, Multi-Region Access Points", "no", "bucket policies; a proxy"),
    (
        "S3 Batch Operations, Storage Lens, S3 Tables, S3 Vectors",
        "no",
        "services of their own in AWS, not of its S3 endpoint",
    ),
    ("MFA delete", "no", "Object Lock"),
)


def status(feature: Feature, here: frozenset[str]) -> str:
    """Args: here: names of operations."""
    is_here = [name in here for name in feature.operations.split()]
    if all(is_here):
        return "yes"
    return "in part" if any(is_here) else "no"


def page(operations: Iterable[Operation] = OPERATIONS) -> str:
    here = frozenset(row.name for row in operations if row.handler is not None)
    rows = [(each.name, status(each, here), each.text) for each in FEATURES]
    return _HEAD + _table(rows) + _BESIDE + _table(_OTHERS)


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    return "".join(f"| {name} | {here} | {text} |\n" for name, here, text in rows)


if __name__ == "__main__":
    print(page(), end="")
