"""Names of buckets and keys, and where a request's path and host say they are. No lookups.

A key is any UTF-8 of 1 to 1,024 bytes: ``//``, ``..``, a trailing ``/``, ``+`` and ``%2F`` are
data, so paths are read from the raw bytes of the request line, each decoded exactly once.
Source: S3 user guide, "General purpose bucket naming rules", "Naming Amazon S3 objects".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.protocol.escapes import percent_decoded

KEY_SIZE_BYTES_MAX: Final = 1_024

_BUCKET_NAME: Final = re.compile(
    r"(?!xn--|sthree-|amzn-s3-demo-)"
    r"(?![0-9]{1,3}(?:\.[0-9]{1,3}){3}\Z)"
    r"(?=.{3,63}\Z)"
    r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
    r"(?<!-s3alias)(?<!--ol-s3)(?<!\.mrap)(?<!--x-s3)(?<!--table-s3)"
)
RENAME_SOURCE: Final = "x-amz-rename-source"
_PORT: Final = re.compile(r":[0-9]*\Z")


@dataclass(frozen=True, slots=True)
class Target:
    """What a request addresses: the service (no bucket), a bucket (no key) or an object."""

    bucket: str | None
    key: str | None
    is_bucket_in_host: bool = False


NO_BUCKET: Final = Target(None, None)


@dataclass(frozen=True, slots=True)
class CopySource:
    """The object a copy reads; without a version, the current one."""

    bucket: str
    key: str
    version_id: str | None


def is_bucket_name(name: str) -> bool:
    """Whether a general purpose bucket can be called so.

    Labels between dots begin and end with a letter or digit, which the pages no longer say but
    DNS and the public conformance suite do.
    """
    return _BUCKET_NAME.fullmatch(name) is not None


def check_bucket_name(name: str) -> None:
    """Raises S3Error InvalidBucketName (see `is_bucket_name`)."""
    if not is_bucket_name(name):
        raise S3Error("InvalidBucketName", details={"BucketName": name})


def check_key(key: str) -> None:
    """Refuse a key that is empty or longer than 1,024 bytes of UTF-8.

    Raises:
        S3Error: KeyTooLongError, InvalidArgument (empty).
    """
    size_bytes = len(key) if key.isascii() else len(key.encode())
    if size_bytes > KEY_SIZE_BYTES_MAX:
        raise S3Error(
            "KeyTooLongError",
            details={"Size": str(size_bytes), "MaxSizeAllowed": str(KEY_SIZE_BYTES_MAX)},
        )
    if not key:
        raise invalid_argument("An object key must not be empty.", "Key", key)


def bucket_in_host(host: str | None, domains: Sequence[str]) -> str | None:
    """The bucket a virtual-host style Host names, or None for path style.

    Args:
        host: the Host header, with or without a port.
        domains: configured endpoint domains, lower case, without port. A host that is one of
            them is path style; of several that match, the longest counts.
    """
    if not host or not domains:
        return None
    name = _PORT.sub("", host).lower().rstrip(".")
    if name in domains:
        return None
    suffixes = [domain for domain in domains if name.endswith("." + domain)]
    if not suffixes:
        return None
    return name[: -len(max(suffixes, key=len)) - 1]


def parse_target(raw_path: bytes, host: str | None, domains: Sequence[str]) -> Target:
    """Bucket and key from the request line and Host. Neither name is checked here.

    Args:
        raw_path: path as sent, still percent-encoded, without the query.
        domains: see `bucket_in_host`.
    Raises:
        S3Error: InvalidURI; InvalidBucketName for a path such as ``//key``, a host such as
            ``.s3.example``, and for a NUL.
    """
    if raw_path[:1] != b"/":
        raise S3Error("InvalidURI")
    virtual = bucket_in_host(host, domains)
    if virtual is not None:
        if not virtual:
            raise S3Error("InvalidBucketName", details={"BucketName": virtual})
        return Target(virtual, percent_decoded(raw_path[1:]) or None, is_bucket_in_host=True)
    if len(raw_path) == 1:
        return NO_BUCKET
    raw_bucket, _, raw_key = raw_path[1:].partition(b"/")
    bucket = percent_decoded(raw_bucket)
    if not bucket or "\0" in bucket:
        raise S3Error("InvalidBucketName", details={"BucketName": bucket})
    return Target(bucket, percent_decoded(raw_key) or None)


def parse_copy_source(value: str) -> CopySource:
    """The value of ``x-amz-copy-source``: ``[/]bucket/key[?versionId=id]``, percent-encoded.

    Args:
        value: as `RequestHeaders` gives it (ISO-8859-1).
    Raises:
        S3Error: InvalidArgument; NotImplemented for an access point's ARN.
    """
    if value.startswith("arn:"):
        raise not_implemented(
            "Access points are not implemented as a copy source.", header="x-amz-copy-source"
        )
    raw_path, marker, raw_version = value.encode("latin-1").partition(b"?versionId=")
    try:
        # Some clients encode the slashes around the bucket as well.
        path, version = percent_decoded(raw_path), percent_decoded(raw_version)
    except S3Error as error:
        raise _bad_copy_source("Invalid copy source encoding", value) from error
    bucket, _, key = path.removeprefix("/").partition("/")
    if not is_bucket_name(bucket):
        raise _bad_copy_source("Invalid copy source bucket name", value)
    if not key:
        raise _bad_copy_source("Invalid copy source object key", value)
    if marker and not version:
        raise _bad_copy_source("Version id cannot be the empty string", value)
    return CopySource(bucket, key, version if marker else None)


def parse_rename_source(value: str, bucket: str) -> str:
    """The key in ``x-amz-rename-source``: ``[/][bucket/]key``, percent-encoded, of the same bucket.

    A key that itself begins with the bucket's name and a slash needs the bucket before it.

    Raises:
        S3Error: InvalidArgument.
    """
    try:
        path = percent_decoded(value.encode("latin-1"))
    except S3Error as error:
        raise invalid_argument("Invalid rename source encoding", RENAME_SOURCE, value) from error
    key = path.removeprefix("/").removeprefix(f"{bucket}/")
    if not key:
        raise invalid_argument("Invalid rename source object key", RENAME_SOURCE, value)
    return key


def _bad_copy_source(message: str, value: str) -> S3Error:
    return invalid_argument(message, "x-amz-copy-source", value)
