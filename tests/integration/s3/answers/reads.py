"""Objects that are read."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_NO_BUCKET: Final = "BucketName=o3-none"
_KEY: Final = "Key=none"
_UNKNOWN: Final = "0000000000000bad"
_READ: Final = {
    "last-modified": "@http-date",
    "etag": '"{tag}"',
    "accept-ranges": "bytes",
    "content-type": "binary/octet-stream",
}
_TYPED: Final = {
    **_READ,
    "content-type": "text/plain",
    "cache-control": "no-cache",
    "content-disposition": "inline",
    "content-encoding": "gzip",
    "content-language": "de",
    "expires": "Sun, 01 Jan 2090 00:00:00 GMT",
    "x-amz-website-redirect-location": "/x",
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-meta-a": "1",
    "x-amz-tagging-count": "1",
}
_CHECKSUM: Final = {"x-amz-checksum-crc64nvme": "@crc64", "x-amz-checksum-type": "FULL_OBJECT"}
_HELD: Final = {
    "x-amz-version-id": "{held}",
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-object-lock-retain-until-date": "2090-01-01T00:00:00.000Z",
    "x-amz-object-lock-legal-hold": "ON",
}
_MARKER: Final = {"x-amz-delete-marker": "true", "x-amz-version-id": "{marker}"}
_NAMED_MARKER: Final = {
    "allow": "DELETE",
    "x-amz-delete-marker": "true",
    "x-amz-version-id": "{marker}",
    "last-modified": "@http-date",
}
_VERSION_FORM: Final = "Invalid version id specified"

ROWS: Final = (
    gives("GetObject", "a plain one", "GET /{plain}/k", 200, _READ, content=b"body"),
    gives("GetObject", "with all its headers", "GET /{plain}/typed", 200, _TYPED, content=b"body"),
    gives(
        "GetObject",
        "with its checksum",
        "GET /{plain}/k",
        200,
        {**_READ, **_CHECKSUM},
        content=b"body",
        sent={"x-amz-checksum-mode": "ENABLED"},
    ),
    gives(
        "GetObject",
        "with an argument of listings",
        "GET /{plain}/k?list-type=2",
        200,
        _READ,
        content=b"body",
    ),
    gives(
        "GetObject",
        "a range",
        "GET /{plain}/k",
        206,
        {**_READ, "content-range": "bytes 1-2/4"},
        content=b"od",
        sent={"Range": "bytes=1-2"},
    ),
    gives(
        "GetObject",
        "a part",
        "GET /{plain}/parts?partNumber=2",
        206,
        {
            **_READ,
            "etag": '"@tag-2"',
            "content-range": "bytes 5242880-5242883/5242884",
            "x-amz-mp-parts-count": "2",
        },
        content=b"body",
    ),
    gives(
        "GetObject",
        "not modified",
        "GET /{plain}/k",
        304,
        {"etag": '"{tag}"', "last-modified": "@http-date"},
        sent={"If-None-Match": '"{tag}"'},
    ),
    gives(
        "GetObject",
        "headers of the query",
        "GET /{plain}/k?response-content-type=a%2Fb",
        200,
        {**_READ, "content-type": "a/b"},
        content=b"body",
    ),
    gives(
        "GetObject",
        "a version",
        "GET /{versioned}/k?versionId={v1}",
        200,
        {**_READ, "x-amz-version-id": "{v1}"},
        content=b"body",
    ),
    gives(
        "GetObject",
        "the null version",
        "GET /{versioned}/old",
        200,
        {**_READ, "x-amz-version-id": "null"},
        content=b"body",
    ),
    gives(
        "GetObject", "a locked one", "GET /{locked}/held", 200, {**_READ, **_HELD}, content=b"body"
    ),
    refuses("GetObject", "no key", "GET /{plain}/none", "404 NoSuchKey", _KEY),
    refuses("GetObject", "no bucket", "GET /o3-none/k", "404 NoSuchBucket", _NO_BUCKET),
    refuses("GetObject", "another's", "GET /{plain}/none", "403 AccessDenied", signer="other"),
    refuses("GetObject", "nobody signs", "GET /{plain}/k", "403 AccessDenied", signer="nobody"),
    refuses(
        "GetObject",
        "deleted",
        "GET /{versioned}/gone",
        "404 NoSuchKey",
        "Key=gone",
        headers=_MARKER,
    ),
    refuses(
        "GetObject",
        "a marker",
        "GET /{versioned}/gone?versionId={marker}",
        "405 MethodNotAllowed",
        "Method=GET ResourceType=DeleteMarker",
        headers=_NAMED_MARKER,
    ),
    refuses(
        "GetObject",
        "no version",
        f"GET /{{versioned}}/k?versionId={_UNKNOWN}",
        "404 NoSuchVersion",
        f"Key=k VersionId={_UNKNOWN}",
    ),
    refuses(
        "GetObject",
        "no version id",
        "GET /{versioned}/k?versionId=x",
        "400 InvalidArgument",
        "ArgumentName=versionId ArgumentValue=x",
        message=_VERSION_FORM,
    ),
    refuses(
        "GetObject",
        "behind the end",
        "GET /{plain}/k",
        "416 InvalidRange",
        "RangeRequested='bytes=9-' ActualObjectSize=4",
        headers={"content-range": "bytes */4"},
        sent={"Range": "bytes=9-"},
    ),
    refuses(
        "GetObject",
        "no such part",
        "GET /{plain}/k?partNumber=2",
        "416 InvalidPartNumber",
        "ActualPartCount=1 PartNumberRequested=2",
    ),
    refuses(
        "GetObject",
        "other than expected",
        "GET /{plain}/k",
        "412 PreconditionFailed",
        "Condition=If-Match",
        sent={"If-Match": '"x"'},
    ),
    gives("HeadObject", "a plain one", "HEAD /{plain}/k", 200, {**_READ, "content-length": "4"}),
    gives(
        "HeadObject",
        "with all its headers",
        "HEAD /{plain}/typed",
        200,
        {**_TYPED, "content-length": "4"},
    ),
    refuses("HeadObject", "no key", "HEAD /{plain}/none", "404 NoSuchKey"),
    refuses(
        "HeadObject",
        "a marker",
        "HEAD /{versioned}/gone?versionId={marker}",
        "405 MethodNotAllowed",
        headers=_NAMED_MARKER,
    ),
    gives(
        "GetObjectAttributes",
        "a plain one",
        "GET /{plain}/k?attributes",
        200,
        {"last-modified": "@http-date"},
        "GetObjectAttributesResponse(ETag={tag}"
        " Checksum(ChecksumCRC64NVME=@crc64 ChecksumType=FULL_OBJECT)"
        " StorageClass=STANDARD ObjectSize=4)",
        sent={"x-amz-object-attributes": "ETag,Checksum,ObjectParts,StorageClass,ObjectSize"},
    ),
    gives(
        "GetObjectAttributes",
        "one of parts",
        "GET /{plain}/parts?attributes",
        200,
        {"last-modified": "@http-date"},
        "GetObjectAttributesResponse(ETag=@tag-2"
        " Checksum(ChecksumSHA256=@sha256 ChecksumType=COMPOSITE)"
        " ObjectParts(PartsCount=2 PartNumberMarker=0 NextPartNumberMarker=1 MaxParts=1"
        " IsTruncated=true Part(PartNumber=1 Size=5242880 ChecksumSHA256=@sha256)))",
        sent={"x-amz-object-attributes": "ETag,Checksum,ObjectParts", "x-amz-max-parts": "1"},
    ),
    refuses(
        "GetObjectAttributes",
        "none named",
        "GET /{plain}/k?attributes",
        "400 InvalidRequest",
        message="The x-amz-object-attributes header specifying the attributes to be retrieved is"
        " either missing or empty",
    ),
    refuses(
        "GetObjectAttributes",
        "an unknown one",
        "GET /{plain}/k?attributes",
        "400 InvalidArgument",
        "ArgumentName=x-amz-object-attributes ArgumentValue=Colour",
        message="Invalid attribute name specified.",
        sent={"x-amz-object-attributes": "Colour"},
    ),
)
