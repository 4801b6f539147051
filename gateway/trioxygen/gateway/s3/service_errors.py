"""Which S3 error a service's error is. The one table; operations only add what they know better.

Nothing of a service's text is handed on, and of its facts only what is the caller's own.
"""

from typing import Final

from trioxygen.common import errors
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.protocol.dates import http_date
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error, elements_of
from trioxygen.gateway.protocol.names import is_bucket_name
from trioxygen.gateway.protocol.versions import version_id

# By class; the nearest base decides.
_S3_CODES: Final[dict[type[TrioxygenError], str]] = {
    errors.InvalidRequest: "InvalidRequest",
    # S3 knows nothing of volumes.
    errors.NoSuchVolume: "NoSuchBucket",
    errors.NoSuchBucket: "NoSuchBucket",
    errors.BucketAlreadyExists: "BucketAlreadyExists",
    errors.BucketAlreadyOwned: "BucketAlreadyOwnedByYou",
    errors.BucketNotEmpty: "BucketNotEmpty",
    errors.TooManyBuckets: "TooManyBuckets",
    errors.NoSuchKey: "NoSuchKey",
    errors.NoSuchKeyVersion: "NoSuchVersion",
    errors.VersionIsMarker: "MethodNotAllowed",
    errors.NoSuchUpload: "NoSuchUpload",
    errors.InvalidPart: "InvalidPart",
    errors.InvalidPartOrder: "InvalidPartOrder",
    errors.PartTooSmall: "EntityTooSmall",
    errors.ObjectTooLarge: "EntityTooLarge",
    errors.ConditionFailed: "PreconditionFailed",
    errors.ConditionConflict: "ConditionalRequestConflict",
    errors.ObjectLocked: "AccessDenied",
    errors.WrongCustomerKey: "AccessDenied",
    errors.BucketState: "InvalidBucketState",
    errors.NoSuchKmsKey: "KMS.NotFoundException",
    errors.KmsKeyDisabled: "KMS.DisabledException",
    # The data was written but its lease ended before the commit: nothing is visible, a retry works.
    errors.LeaseExpired: "ServiceUnavailable",
    errors.BlockExists: "ServiceUnavailable",
    errors.ContainerNotOpen: "ServiceUnavailable",
    errors.NoSuchAccessKey: "InvalidAccessKeyId",
    errors.Overloaded: "SlowDown",
    errors.NoSpace: "InsufficientStorage",
    # Of others the client may try again; also of too few DataNodes, of which one may be restarting.
    errors.Unavailable: "ServiceUnavailable",
}

_CASES: Final[dict[type[TrioxygenError], Case]] = {
    errors.BucketAlreadyOwned: Case.BUCKET_IS_OWN,
    errors.WrongCustomerKey: Case.CUSTOMER_KEY_IS_ANOTHER,
}

_DETAILS: Final[dict[str, str]] = {
    "bucket": "BucketName",
    "condition": "Condition",
    "part": "PartNumber",
    "etag": "ETag",
    "size": "ProposedSize",
    "minimum": "MinSizeAllowed",
    "maximum": "MaxSizeAllowed",
    "upload_id": "UploadId",
}


def s3_error_of(error: TrioxygenError) -> S3Error | None:
    """None: a defect or bad data, to be answered as InternalError and logged."""
    code = next((_S3_CODES[cls] for cls in type(error).__mro__ if cls in _S3_CODES), None)
    if code is None:
        return None
    if code == "NoSuchBucket" and not is_bucket_name(error.facts.get("bucket", "")):
        # No bucket can be called so, which S3 says even of one that is only looked for.
        code = "InvalidBucketName"
    known = elements_of(code)
    details = {
        _DETAILS[name]: value for name, value in error.facts.items() if _DETAILS.get(name) in known
    }
    if isinstance(error, errors.VersionIsMarker):
        facts = error.facts
        return marker_not_allowed(int(facts["modified_ms"]), int(facts["object_id"]))
    return S3Error(code, _message_of(error), details=details, case=_CASES.get(type(error)))


def marker_not_allowed(modified_ms: int, version: int) -> S3Error:
    """What is answered of a delete marker that is named by its version."""
    headers = {
        "allow": "DELETE",
        "x-amz-delete-marker": "true",
        "x-amz-version-id": version_id(version),
        "last-modified": http_date(modified_ms // SECOND_MS).decode(),
    }
    return S3Error("MethodNotAllowed", details={"ResourceType": "DeleteMarker"}, headers=headers)


def _message_of(error: TrioxygenError) -> str | None:
    """Where more helps: no client's retry brings DataNodes, an operator may."""
    facts = error.facts
    if isinstance(error, errors.ObjectLocked):
        return "Access Denied because object protected by object lock."
    if isinstance(error, errors.NoSuchKmsKey | errors.KmsKeyDisabled) and "key_id" in facts:
        state = "does not exist" if isinstance(error, errors.NoSuchKmsKey) else "is disabled"
        return f"Key '{facts['key_id']}' {state}"
    if isinstance(error, errors.BucketNotEmpty) and "versioned" in facts:
        return (
            "The bucket you tried to delete is not empty. You must delete all versions in the"
            " bucket."
        )
    if isinstance(error, errors.NotEnoughDataNodes) and {"needed", "healthy"} <= facts.keys():
        return (
            f"The storage class needs {facts['needed']} DataNodes, and {facts['healthy']} can take"
            " data now. Please try again later."
        )
    return None
