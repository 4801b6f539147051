"""Tags, retention and legal hold of objects."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_KEY: Final = "Key=none"
_UNKNOWN: Final = "0000000000000bad"
_DIGEST: Final = {"Content-MD5": "md5"}
_NAMED_MARKER: Final = {
    "allow": "DELETE",
    "x-amz-delete-marker": "true",
    "x-amz-version-id": "{marker}",
    "last-modified": "@http-date",
}
_TAGGING: Final = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
_RETENTION: Final = (
    "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2090-01-01T00:00:00Z</RetainUntilDate>"
    "</Retention>"
)

# Which version was locked or looked at: S3's documents of locks do not name the header, as those of
# tags do.
ROWS: Final = (
    gives(
        "GetObjectTagging",
        "tags",
        "GET /{plain}/typed?tagging",
        200,
        {},
        "Tagging(TagSet(Tag(Key=colour Value=red)))",
    ),
    gives("GetObjectTagging", "none", "GET /{plain}/k?tagging", 200, {}, "Tagging(TagSet=)"),
    refuses("GetObjectTagging", "no key", "GET /{plain}/none?tagging", "404 NoSuchKey", _KEY),
    gives(
        "PutObjectTagging",
        "tags of a version",
        "PUT /{versioned}/k?tagging&versionId={v1}",
        200,
        {"x-amz-version-id": "{v1}"},
        body=_TAGGING,
    ),
    refuses(
        "PutObjectTagging",
        "no key",
        "PUT /{plain}/none?tagging",
        "404 NoSuchKey",
        _KEY,
        body=_TAGGING,
    ),
    refuses(
        "PutObjectTagging",
        "a marker",
        "PUT /{versioned}/gone?tagging&versionId={marker}",
        "405 MethodNotAllowed",
        "Method=PUT ResourceType=DeleteMarker",
        headers=_NAMED_MARKER,
        body=_TAGGING,
    ),
    refuses(
        "PutObjectTagging",
        "a system's tag",
        "PUT /{plain}/k?tagging",
        "400 InvalidTag",
        "TagKey=aws:a",
        message="System tags cannot be added/updated by requester",
        body=_TAGGING.replace("<Key>a", "<Key>aws:a"),
    ),
    gives("DeleteObjectTagging", "none", "DELETE /{plain}/k?tagging", 204),
    refuses(
        "DeleteObjectTagging",
        "no version",
        f"DELETE /{{versioned}}/k?tagging&versionId={_UNKNOWN}",
        "404 NoSuchVersion",
        f"Key=k VersionId={_UNKNOWN}",
    ),
    gives(
        "GetObjectRetention",
        "until a date",
        "GET /{locked}/held?retention",
        200,
        {"x-amz-version-id": "{held}"},
        "Retention(Mode=GOVERNANCE RetainUntilDate=2090-01-01T00:00:00.000Z)",
    ),
    refuses(
        "GetObjectRetention",
        "none",
        "GET /{locked}/open?retention",
        "404 NoSuchObjectLockConfiguration",
    ),
    refuses(
        "GetObjectRetention",
        "no Object Lock",
        "GET /{plain}/k?retention",
        "400 InvalidRequest",
        message="Bucket is missing Object Lock Configuration",
    ),
    gives(
        "PutObjectRetention",
        "until a date",
        "PUT /{locked}/free?retention",
        200,
        {"x-amz-version-id": "{free}"},
        body=_RETENTION,
        sent=_DIGEST,
    ),
    refuses(
        "PutObjectRetention",
        "in the past",
        "PUT /{locked}/free?retention",
        "400 InvalidArgument",
        "ArgumentName=RetainUntilDate ArgumentValue=2001-01-01T00:00:00Z",
        message="The retain until date must be in the future!",
        body=_RETENTION.replace("2090", "2001"),
        sent=_DIGEST,
    ),
    gives(
        "GetObjectLegalHold",
        "on",
        "GET /{locked}/held?legal-hold",
        200,
        {"x-amz-version-id": "{held}"},
        "LegalHold(Status=ON)",
    ),
    refuses(
        "GetObjectLegalHold",
        "none",
        "GET /{locked}/open?legal-hold",
        "404 NoSuchObjectLockConfiguration",
    ),
    gives(
        "PutObjectLegalHold",
        "off",
        "PUT /{locked}/free?legal-hold",
        200,
        {"x-amz-version-id": "{free}"},
        body="<LegalHold><Status>OFF</Status></LegalHold>",
        sent=_DIGEST,
    ),
    refuses(
        "PutObjectLegalHold",
        "neither on nor off",
        "PUT /{locked}/free?legal-hold",
        "400 MalformedXML",
        body="<LegalHold><Status>MAYBE</Status></LegalHold>",
        sent=_DIGEST,
    ),
)
