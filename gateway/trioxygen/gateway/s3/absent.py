"""S3 operations that are not here yet: what they are, so that they are refused by their names.

Only to whom it may concern: of a bucket that is not there, and to whom may not, S3 says the same
whatever is asked, and a bad argument is one of what is not here too.
Whoever implements one takes its line away and writes the row beside the handler."""

from dataclasses import replace
from typing import Final

from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.versions import read_version_id
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import S3Request

# (name, method, sub-resource, IAM action)
_OF_BUCKETS: Final = (
    ("GetBucketAbac", "GET", "abac", "s3:GetBucketAbac"),
    ("PutBucketAbac", "PUT", "abac", "s3:PutBucketAbac"),
    ("GetBucketAccelerateConfiguration", "GET", "accelerate", "s3:GetAccelerateConfiguration"),
    ("PutBucketAccelerateConfiguration", "PUT", "accelerate", "s3:PutAccelerateConfiguration"),
    ("ListBucketAnalyticsConfigurations", "GET", "analytics", "s3:GetAnalyticsConfiguration"),
    ("PutBucketAnalyticsConfiguration", "PUT", "analytics", "s3:PutAnalyticsConfiguration"),
    ("DeleteBucketAnalyticsConfiguration", "DELETE", "analytics", "s3:PutAnalyticsConfiguration"),
    (
        "ListBucketIntelligentTieringConfigurations",
        "GET",
        "intelligent-tiering",
        "s3:GetIntelligentTieringConfiguration",
    ),
    (
        "PutBucketIntelligentTieringConfiguration",
        "PUT",
        "intelligent-tiering",
        "s3:PutIntelligentTieringConfiguration",
    ),
    (
        "DeleteBucketIntelligentTieringConfiguration",
        "DELETE",
        "intelligent-tiering",
        "s3:PutIntelligentTieringConfiguration",
    ),
    ("ListBucketInventoryConfigurations", "GET", "inventory", "s3:GetInventoryConfiguration"),
    ("PutBucketInventoryConfiguration", "PUT", "inventory", "s3:PutInventoryConfiguration"),
    ("DeleteBucketInventoryConfiguration", "DELETE", "inventory", "s3:PutInventoryConfiguration"),
    ("GetBucketLogging", "GET", "logging", "s3:GetBucketLogging"),
    ("PutBucketLogging", "PUT", "logging", "s3:PutBucketLogging"),
    (
        "UpdateBucketMetadataAnnotationTableConfiguration",
        "PUT",
        "metadataAnnotationTable",
        "s3:UpdateBucketMetadataAnnotationTableConfiguration",
    ),
    (
        "CreateBucketMetadataConfiguration",
        "POST",
        "metadataConfiguration",
        "s3:CreateBucketMetadataTableConfiguration",
    ),
    (
        "GetBucketMetadataConfiguration",
        "GET",
        "metadataConfiguration",
        "s3:GetBucketMetadataTableConfiguration",
    ),
    (
        "DeleteBucketMetadataConfiguration",
        "DELETE",
        "metadataConfiguration",
        "s3:DeleteBucketMetadataTableConfiguration",
    ),
    (
        "UpdateBucketMetadataInventoryTableConfiguration",
        "PUT",
        "metadataInventoryTable",
        "s3:UpdateBucketMetadataInventoryTableConfiguration",
    ),
    (
        "UpdateBucketMetadataJournalTableConfiguration",
        "PUT",
        "metadataJournalTable",
        "s3:UpdateBucketMetadataJournalTableConfiguration",
    ),
    (
        "CreateBucketMetadataTableConfiguration",
        "POST",
        "metadataTable",
        "s3:CreateBucketMetadataTableConfiguration",
    ),
    (
        "GetBucketMetadataTableConfiguration",
        "GET",
        "metadataTable",
        "s3:GetBucketMetadataTableConfiguration",
    ),
    (
        "DeleteBucketMetadataTableConfiguration",
        "DELETE",
        "metadataTable",
        "s3:DeleteBucketMetadataTableConfiguration",
    ),
    ("ListBucketMetricsConfigurations", "GET", "metrics", "s3:GetMetricsConfiguration"),
    ("PutBucketMetricsConfiguration", "PUT", "metrics", "s3:PutMetricsConfiguration"),
    ("DeleteBucketMetricsConfiguration", "DELETE", "metrics", "s3:PutMetricsConfiguration"),
    ("GetBucketNotificationConfiguration", "GET", "notification", "s3:GetBucketNotification"),
    ("PutBucketNotificationConfiguration", "PUT", "notification", "s3:PutBucketNotification"),
    ("GetBucketReplication", "GET", "replication", "s3:GetReplicationConfiguration"),
    ("PutBucketReplication", "PUT", "replication", "s3:PutReplicationConfiguration"),
    ("DeleteBucketReplication", "DELETE", "replication", "s3:PutReplicationConfiguration"),
    ("CreateSession", "GET", "session", "s3express:CreateSession"),
    ("GetBucketWebsite", "GET", "website", "s3:GetBucketWebsite"),
    ("PutBucketWebsite", "PUT", "website", "s3:PutBucketWebsite"),
    ("DeleteBucketWebsite", "DELETE", "website", "s3:DeleteBucketWebsite"),
)

# One of several: the query names it by its id; without, they are listed.
_ONE_OF_BUCKETS: Final = (
    ("GetBucketAnalyticsConfiguration", "GET", "analytics", "s3:GetAnalyticsConfiguration"),
    (
        "GetBucketIntelligentTieringConfiguration",
        "GET",
        "intelligent-tiering",
        "s3:GetIntelligentTieringConfiguration",
    ),
    ("GetBucketInventoryConfiguration", "GET", "inventory", "s3:GetInventoryConfiguration"),
    ("GetBucketMetricsConfiguration", "GET", "metrics", "s3:GetMetricsConfiguration"),
)

_OF_OBJECTS: Final = (
    ("ListObjectAnnotations", "GET", "annotation", "s3:ListObjectAnnotations"),
    ("PutObjectAnnotation", "PUT", "annotation", "s3:PutObjectAnnotation"),
    ("DeleteObjectAnnotation", "DELETE", "annotation", "s3:DeleteObjectAnnotation"),
    ("UpdateObjectEncryption", "PUT", "encryption", "s3:UpdateObjectEncryption"),
)


_WITH_BODY: Final = ("PUT", "POST")


def _require_arguments(request: S3Request) -> None:
    """Raises what S3 says of those that all operations have."""
    head = request.head
    if request.key is not None:
        read_version_id(head.query_value("versionId"))
    if head.method in _WITH_BODY:
        checksums.read_content_md5(head)
        checksums.read_checksum_request(head)


_ARGUMENTS: Final = replace(BUCKET, require=_require_arguments)


def _row(
    level: Level,
    name: str,
    method: str,
    sub: str,
    action: str,
    query: str = "",
    absent_as: Case | None = None,
) -> Operation:
    resource = Resource.BUCKET if level is Level.BUCKET else Resource.OBJECT
    return Operation(
        name=name,
        route=Route(method, level, sub, query=query),
        accesses=(Access(action, resource, _ARGUMENTS),),
        reads_body=method in _WITH_BODY,
        absent_as=absent_as,
    )


ROWS: Final = (
    *(_row(Level.BUCKET, *line, query="id") for line in _ONE_OF_BUCKETS),
    *(_row(Level.BUCKET, *line) for line in _OF_BUCKETS),
    _row(
        Level.OBJECT,
        "GetObjectAnnotation",
        "GET",
        "annotation",
        "s3:GetObjectAnnotation",
        query="annotationName",
    ),
    *(_row(Level.OBJECT, *line) for line in _OF_OBJECTS),
    # It will not be here: S3 has ended BitTorrent on 29 April 2022, and says nowhere what it has
    # answered since.
    _row(
        Level.OBJECT,
        "GetObjectTorrent",
        "GET",
        "torrent",
        "s3:GetObjectTorrent",
        absent_as=Case.TORRENT_IS_NOT_MADE,
    ),
)
