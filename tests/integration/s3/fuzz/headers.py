"""Headers and arguments of queries that the fuzz sends, each with right values, and the operations
that are given any of them."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.integration.s3.fuzz.odd_values import BASE64, DATES, NUMBERS, TEXTS

CUSTOMER_KEY: Final = b"0123456789abcdef0123456789abcdef"
_KEY: Final = b64encode(CUSTOMER_KEY).decode()
_KEY_MD5: Final = b64encode(hashlib.md5(CUSTOMER_KEY, usedforsecurity=False).digest()).decode()
_OTHER_KEY: Final = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
_SUMS: Final = ("crc32", "crc32c", "crc64nvme", "sha1", "sha256", "sha512", "md5", "xxhash64")
_ALL_SUMS: Final = (*_SUMS, "xxhash3", "xxhash128")


@dataclass(frozen=True, slots=True)
class Field:
    """Attributes:
    right: values that S3 takes, with names of the place in braces.
    odd: what it is asked with otherwise.
    """

    name: str
    right: Sequence[str]
    odd: Sequence[str] = TEXTS


def _customer_fields(prefix: str) -> list[Field]:
    return [
        Field(f"{prefix}customer-algorithm", ["AES256"]),
        Field(f"{prefix}customer-key", [_KEY, _KEY, _OTHER_KEY], BASE64),
        Field(f"{prefix}customer-key-MD5", [_KEY_MD5], BASE64),
    ]


# Of base64: {}; {"a":"b"}; {"a":1}; []; {"a":"\ud800"}; {"a":{"a":...}}; not JSON.
_CONTEXTS: Final = (
    *("e30=", "eyJhIjoiYiJ9", "eyJhIjoxfQ==", "W10=", "eyJhIjoiXHVkODAwIn0=", "e3t7", "bnVsbA=="),
    *("//57AH0A", "7w==", "W1tb" * 2_000, "eyJhIjpOYU59", "OTk5" * 2_000, *BASE64),
)
_CUSTOMER: Final = tuple(_customer_fields("x-amz-server-side-encryption-"))
_SOURCE_CUSTOMER: Final = tuple(_customer_fields("x-amz-copy-source-server-side-encryption-"))
_MASTER_KEY: Final = (
    Field("x-amz-server-side-encryption", ["aws:kms"]),
    Field("x-amz-server-side-encryption-aws-kms-key-id", ["s3"]),
    Field("x-amz-server-side-encryption-context", ["eyJhIjoiYiJ9"], _CONTEXTS),
    Field("x-amz-server-side-encryption-bucket-key-enabled", ["true", "false"]),
)
_LOCK: Final = (
    Field("x-amz-object-lock-mode", ["GOVERNANCE", "COMPLIANCE"]),
    Field("x-amz-object-lock-retain-until-date", ["2090-01-01T00:00:00Z"], DATES),
    Field("x-amz-object-lock-legal-hold", ["ON", "OFF"]),
)
# What is asked for by several headers.
TOGETHER: Final = (_CUSTOMER, _SOURCE_CUSTOMER, _MASTER_KEY, _LOCK)
_ALL_USERS: Final = 'id={owner}, uri="http://acs.amazonaws.com/groups/global/AllUsers"'
_ETAGS: Final = ("*", '"a"', "{etag}", '"{etag}", "b"', 'W/"a"', '"a', "a,b,,", '"*"', *TEXTS)

FIELDS: Final[tuple[Field, ...]] = (
    *_CUSTOMER,
    *_SOURCE_CUSTOMER,
    Field("x-amz-server-side-encryption", ["AES256", "aws:kms:dsse"]),
    *_MASTER_KEY,
    *_LOCK,
    Field("x-amz-bypass-governance-retention", ["true"]),
    Field("x-amz-bucket-object-lock-enabled", ["true", "false"]),
    Field("x-amz-tagging", ["a=b", "a=b&c=d", "a"]),
    Field("x-amz-tagging-directive", ["COPY", "REPLACE"]),
    Field("x-amz-metadata-directive", ["COPY", "REPLACE"]),
    Field("x-amz-expected-bucket-owner", ["{owner}"]),
    Field("x-amz-source-expected-bucket-owner", ["{owner}"]),
    Field("x-amz-acl", ["private", "public-read", "bucket-owner-full-control"]),
    *[
        Field(f"x-amz-grant-{name}", ['id="{owner}"', _ALL_USERS, "emailAddress=a@example.com"])
        for name in ("read", "write", "read-acp", "write-acp", "full-control")
    ],
    Field("x-amz-object-ownership", ["BucketOwnerEnforced", "ObjectWriter"]),
    Field("x-amz-mfa", ["arn:aws:iam::1:mfa/a 123456"]),
    Field("x-amz-request-payer", ["requester"]),
    *[Field(f"x-amz-checksum-{name}", ["AAAAAA=="], BASE64) for name in _ALL_SUMS],
    Field("x-amz-checksum-algorithm", [name.upper() for name in _ALL_SUMS]),
    Field("x-amz-sdk-checksum-algorithm", [name.upper() for name in _ALL_SUMS]),
    Field("x-amz-checksum-type", ["FULL_OBJECT", "COMPOSITE"]),
    Field("x-amz-checksum-mode", ["ENABLED"]),
    Field("x-amz-trailer", [f"x-amz-checksum-{name}" for name in _ALL_SUMS]),
    Field("x-amz-decoded-content-length", ["4"], NUMBERS),
    Field("x-amz-mp-object-size", ["4"], NUMBERS),
    Field("x-amz-write-offset-bytes", ["0", "4"], NUMBERS),
    Field("x-amz-rename-source", ["/{versioned}/k", "k"]),
    Field("x-amz-client-token", ["token"]),
    Field("x-o3-rename-prefix", ["true", "false"]),
    *[Field(f"x-amz-rename-source-if-{name}match", ["*"], _ETAGS) for name in ("", "none-")],
    Field("x-amz-rename-source-if-modified-since", ["Thu, 01 Jan 1970 00:00:00 GMT"], DATES),
    Field("x-amz-rename-source-if-unmodified-since", ["Fri, 01 Jan 2090 00:00:00 GMT"], DATES),
    Field("x-amz-copy-source", ["/{versioned}/k", "{plain}/c", "{versioned}/k?versionId=null"]),
    Field("x-amz-copy-source-range", ["bytes=0-3"], ["bytes=-1", "bytes=3-0", "0-1", *NUMBERS]),
    Field("x-amz-copy-source-if-match", ["{etag}"], _ETAGS),
    Field("x-amz-copy-source-if-none-match", ['"a"'], _ETAGS),
    Field("x-amz-copy-source-if-modified-since", ["Thu, 01 Jan 1970 00:00:00 GMT"], DATES),
    Field("x-amz-copy-source-if-unmodified-since", ["Fri, 01 Jan 2090 00:00:00 GMT"], DATES),
    Field("If-Match", ["{etag}", "*"], _ETAGS),
    Field("If-None-Match", ['"a"', "*"], _ETAGS),
    Field("If-Modified-Since", ["Thu, 01 Jan 1970 00:00:00 GMT"], DATES),
    Field("If-Unmodified-Since", ["Fri, 01 Jan 2090 00:00:00 GMT"], DATES),
    Field("x-amz-if-match-size", ["4"], NUMBERS),
    Field("x-amz-if-match-last-modified-time", ["Fri, 01 Jan 2090 00:00:00 GMT"], DATES),
    Field("Range", ["bytes=0-1"], ["bytes=-0", "bytes=9-", "bytes=0-0,1-1", "x=0-1", *NUMBERS]),
    Field("x-amz-object-attributes", ["ETag,ObjectSize", "Checksum,ObjectParts,StorageClass"]),
    Field("x-amz-max-parts", ["2"], NUMBERS),
    Field("x-amz-part-number-marker", ["1"], NUMBERS),
    Field("x-amz-storage-class", ["STANDARD", "REDUCED_REDUNDANCY"]),
    Field("x-amz-transition-default-minimum-object-size", ["all_storage_classes_128K"]),
    Field("x-amz-optional-object-attributes", ["RestoreStatus"]),
    Field("x-amz-meta-a", ["b", "=?utf-8?q?=E4?="]),
    Field("Content-MD5", ["hBotaJrYa9FhFEdFPCLG/A=="], BASE64),
    Field("Content-Type", ["text/plain"]),
    Field("Content-Encoding", ["gzip", "aws-chunked", "aws-chunked,gzip"]),
    Field("Expires", ["Fri, 01 Jan 2090 00:00:00 GMT"], DATES),
    Field("Expect", ["100-continue"]),
)
QUERY: Final[tuple[Field, ...]] = (
    Field("versionId", ["null", "{version}", "0123456789abcdef"]),
    Field("key-marker", ["k", "a"]),
    Field("version-id-marker", ["null", "{version}"]),
    Field("prefix", ["k", ""]),
    Field("delimiter", ["/", ""]),
    Field("max-keys", ["1", "0", "1000"], NUMBERS),
    Field("max-uploads", ["1"], NUMBERS),
    Field("max-parts", ["1"], NUMBERS),
    Field("part-number-marker", ["1"], NUMBERS),
    Field("partNumber", ["1", "2"], NUMBERS),
    Field("encoding-type", ["url"]),
    Field("start-after", ["a"]),
    Field("continuation-token", ["a"]),
    Field("upload-id-marker", ["a"]),
    Field("fetch-owner", ["true"]),
    Field("response-expires", ["Fri, 01 Jan 2090 00:00:00 GMT"], DATES),
    Field("response-content-type", ["text/plain"]),
    Field("x-id", ["GetObject"]),
    Field("uploadId", ["{upload}"]),
    Field("tagging", [""]),
    Field("attributes", [""]),
    Field("versions", [""]),
)
# Method and target, and which headers make it what it is.
OPERATIONS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("PUT /{plain}/p", ()),
    ("PUT /{versioned}/p", ()),
    ("PUT /{locked}/p", ()),
    ("PUT /{plain}/a", ("x-amz-write-offset-bytes",)),
    ("PUT /{plain}/to", ("x-amz-copy-source",)),
    ("PUT /{versioned}/to", ("x-amz-copy-source",)),
    ("PUT /{plain}/renamed?renameObject", ("x-amz-rename-source",)),
    ("POST /{versioned}/upload?uploads", ()),
    ("POST /{locked}/upload?uploads", ()),
    ("PUT /{versioned}/upload?partNumber=2&uploadId={upload}", ()),
    ("PUT /{versioned}/upload?partNumber=3&uploadId={upload}", ("x-amz-copy-source",)),
    ("POST /{versioned}/upload?uploadId={upload}", ()),
    ("GET /{versioned}/upload?uploadId={upload}", ()),
    ("GET /{versioned}/k", ()),
    ("GET /{versioned}/c", ()),
    ("HEAD /{versioned}/k", ()),
    ("HEAD /{versioned}/c", ()),
    ("GET /{versioned}/m", ()),
    ("GET /{versioned}/k?attributes", ("x-amz-object-attributes",)),
    ("DELETE /{versioned}/d", ()),
    ("DELETE /{plain}/d", ()),
    ("DELETE /{locked}/p", ()),
    ("GET /{locked}/k?retention", ()),
    ("GET /{locked}/k?legal-hold", ()),
    ("GET /{versioned}/k?tagging", ()),
    ("PUT /{shared}/p", ("x-amz-acl",)),
    ("PUT /{shared}/p", ("x-amz-grant-read",)),
    ("PUT /{shared}/k?acl", ("x-amz-acl",)),
    ("PUT /{shared}/k?acl", ("x-amz-grant-full-control",)),
    ("PUT /{shared}?acl", ("x-amz-acl",)),
    ("PUT /{shared}?acl", ("x-amz-grant-read",)),
    ("GET /{shared}/k?acl", ()),
    ("PUT /{fresh}", ("x-amz-acl", "x-amz-object-ownership")),
    ("DELETE /{versioned}/k?tagging", ()),
    ("POST /{versioned}/k?restore", ()),
    ("GET /{versioned}?versions", ()),
    ("GET /{versioned}?versions", ()),
    ("GET /{versioned}?list-type=2", ()),
    ("GET /{versioned}", ()),
    ("GET /{versioned}?uploads", ()),
    ("GET /{settings}?lifecycle", ()),
    ("GET /{settings}?encryption", ()),
    ("GET /{settings}?object-lock", ()),
    ("PUT /{fresh}", ()),
    ("HEAD /{versioned}", ()),
    ("GET /", ()),
)
