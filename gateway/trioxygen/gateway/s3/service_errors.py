"""Which S3 error a service's error is. The one table; operations only add what they know better.

Nothing of a service's text is handed on, and of its facts only what is the caller's own.
"""

from typing import Final

from trioxygen.common.errors import ErrorCode, TrioxygenError
from trioxygen.gateway.s3.errors import S3Error, elements_of
from trioxygen.gateway.s3.names import is_bucket_name
from trioxygen.proto.v1 import types_pb2

_S3_CODES: Final[dict[ErrorCode, str]] = {
    types_pb2.INVALID_REQUEST: "InvalidRequest",
    types_pb2.NO_SUCH_BUCKET: "NoSuchBucket",
    types_pb2.BUCKET_ALREADY_EXISTS: "BucketAlreadyExists",
    types_pb2.BUCKET_ALREADY_OWNED: "BucketAlreadyOwnedByYou",
    types_pb2.BUCKET_NOT_EMPTY: "BucketNotEmpty",
    types_pb2.TOO_MANY_BUCKETS: "TooManyBuckets",
    types_pb2.NO_SUCH_KEY: "NoSuchKey",
    types_pb2.NO_SUCH_VERSION: "NoSuchVersion",
    types_pb2.NO_SUCH_UPLOAD: "NoSuchUpload",
    types_pb2.INVALID_PART: "InvalidPart",
    types_pb2.INVALID_PART_ORDER: "InvalidPartOrder",
    types_pb2.PART_TOO_SMALL: "EntityTooSmall",
    types_pb2.OBJECT_TOO_LARGE: "EntityTooLarge",
    types_pb2.CONDITION_FAILED: "PreconditionFailed",
    types_pb2.CONDITION_CONFLICT: "ConditionalRequestConflict",
    types_pb2.CHECKSUM_MISMATCH: "InternalError",
    # The data was written but its lease ended before the commit: nothing is visible, a retry works.
    types_pb2.LEASE_EXPIRED: "ServiceUnavailable",
    types_pb2.BLOCK_EXISTS: "ServiceUnavailable",
    types_pb2.CONTAINER_NOT_OPEN: "ServiceUnavailable",
    types_pb2.NO_SUCH_ACCESS_KEY: "InvalidAccessKeyId",
    types_pb2.OVERLOADED: "SlowDown",
    types_pb2.NO_SPACE: "InsufficientStorage",
}

_DETAILS: Final[dict[str, str]] = {
    "bucket": "BucketName",
    "condition": "Condition",
    "part": "PartNumber",
    "etag": "ETag",
    "size": "ProposedSize",
    "minimum": "MinSizeAllowed",
    "upload_id": "UploadId",
}


def s3_error_of(error: TrioxygenError) -> S3Error | None:
    """None: a defect or bad data, to be answered as InternalError and logged."""
    code = _S3_CODES.get(error.code)
    if code is None:
        # Every other Unavailable error: the client may try again.
        if types_pb2.NOT_LEADER <= error.code < types_pb2.CHECKSUM_MISMATCH:
            return S3Error("ServiceUnavailable")
        return None
    if code == "InternalError":
        return None
    if code == "NoSuchBucket" and not is_bucket_name(error.facts.get("bucket", "")):
        # No bucket can be called so, which S3 says even of one that is only looked for.
        code = "InvalidBucketName"
    known = elements_of(code)
    details = {
        _DETAILS[name]: value for name, value in error.facts.items() if _DETAILS.get(name) in known
    }
    return S3Error(code, details=details)
