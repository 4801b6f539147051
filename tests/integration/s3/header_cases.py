"""Rows for the table of errors: what a request says of its body, its key and its headers."""

import hashlib
from base64 import b64encode

from tests.integration.s3.error_cases import ANY, Case

HEADER_CASES = [
    Case(
        "PUT /{bucket}/k",
        400,
        "BadDigest",
        "The Content-MD5 you specified did not match what we received.",
        {
            "CalculatedDigest": b64encode(hashlib.md5(b"body").digest()).decode(),
            "ExpectedDigest": b64encode(bytes(16)).decode(),
        },
        {"Content-MD5": b64encode(bytes(16)).decode()},
        "body",
    ),
    Case(
        "PUT /{bucket}/k",
        400,
        "BadDigest",
        "The CRC32 you specified did not match the calculated checksum.",
        {},
        {"x-amz-checksum-crc32": "AAAAAA=="},
        "body",
    ),
    Case(
        "PUT /{bucket}/k",
        400,
        "InvalidDigest",
        "The Content-MD5 you specified was invalid.",
        {"Content-MD5": "short"},
        {"Content-MD5": "short"},
    ),
    Case(
        "PUT /{bucket}/k",
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        {
            "ClientComputedContentSHA256": "0" * 64,
            "S3ComputedContentSHA256": hashlib.sha256(b"body").hexdigest(),
        },
        body="body",
        signing={"payload": "0" * 64},
    ),
    Case(
        "GET /{bucket}/" + "k" * 1025,
        400,
        "KeyTooLongError",
        "Your key is too long",
        {"Size": "1025", "MaxSizeAllowed": "1024"},
    ),
    Case(
        "PUT /{bucket}/k",
        400,
        "MetadataTooLarge",
        "Your metadata headers exceed the maximum allowed metadata size",
        {"Size": "2049", "MaxSizeAllowed": "2048"},
        {"x-amz-meta-a": "v" * 2048},
    ),
    Case(
        "PUT /{bucket}/k",
        400,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        {"ProposedSize": str(6 << 30), "MaxSizeAllowed": str(5 << 30)},
        {"Content-Length": str(6 << 30)},
    ),
    Case(
        "POST /{bucket}?delete",
        400,
        "MaxMessageLengthExceeded",
        "Your request was too big.",
        {"MaxMessageLengthBytes": ANY},
        {"Content-Length": str(1 << 30), "Content-MD5": b64encode(bytes(16)).decode()},
    ),
    Case(
        "PUT /{bucket}/k",
        400,
        "InvalidStorageClass",
        "The storage class you specified is not valid",
        {"StorageClassRequested": "COLDEST"},
        {"x-amz-storage-class": "COLDEST"},
    ),
    Case(
        "PUT /{bucket}/k",
        400,
        "InvalidRedirectLocation",
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
        {},
        {"x-amz-website-redirect-location": "ftp://a"},
    ),
]
