"""Every S3 error the gateway can answer: code -> status, message, further elements. One table.

Nobody else names an HTTP status. Who raises one gives facts only; where they stand in the document,
and which the request itself tells, is decided here and in `error_response`.
Source: what AWS answers; its texts letter by letter, with a full stop only where it has one.
"""

from collections.abc import Mapping
from typing import Final

# code -> (status, message, names of the further elements in the order of the wire)
_TABLE: Final[dict[str, tuple[int, str, str]]] = {
    "AccessDenied": (
        403,
        "Access Denied",
        "X-Amz-Expires X-Amz-Date Expires ServerTime HeadersNotSigned",
    ),
    "AuthorizationHeaderMalformed": (400, "The authorization header is malformed", "Region"),
    "AuthorizationQueryParametersError": (
        400,
        "Error parsing the X-Amz-Credential parameter",
        "Region",
    ),
    "BadDigest": (
        400,
        "The Content-MD5 you specified did not match what we received.",
        "CalculatedDigest ExpectedDigest",
    ),
    "BadRequest": (400, "An error occurred when parsing the HTTP request.", ""),
    "BucketAlreadyExists": (
        409,
        "The requested bucket name is not available. The bucket namespace is shared by"
        " all users of the system. Please select a different name and try again.",
        "BucketName",
    ),
    "BucketAlreadyOwnedByYou": (
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
        "BucketName",
    ),
    "BucketNotEmpty": (409, "The bucket you tried to delete is not empty", "BucketName"),
    "ConditionalRequestConflict": (
        409,
        "The conditional request cannot succeed due to a conflicting operation against"
        " this resource.",
        "Condition Key",
    ),
    "EntityTooLarge": (
        400,
        "Your proposed upload exceeds the maximum allowed size",
        "ProposedSize MaxSizeAllowed",
    ),
    "EntityTooSmall": (
        400,
        "Your proposed upload is smaller than the minimum allowed size",
        "ProposedSize MinSizeAllowed PartNumber ETag",
    ),
    # RFC 9110, 15.6.6.
    "HttpVersionNotSupported": (505, "The HTTP version specified is not supported.", ""),
    "IllegalLocationConstraintException": (
        400,
        "The unspecified location constraint is incompatible for the region specific"
        " endpoint this request was sent to.",
        "",
    ),
    "IncompleteBody": (
        400,
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        "",
    ),
    # Not of AWS, whose disks are never full. No SDK takes 507 (RFC 4918) for transient: the caller
    # is told at once, not after a minute of retries.
    "InsufficientStorage": (
        507,
        "The store has no room for this. Delete something, or add storage, and try again.",
        "",
    ),
    "InternalError": (500, "We encountered an internal error. Please try again.", ""),
    "InvalidAccessKeyId": (
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
        "AWSAccessKeyId",
    ),
    "InvalidArgument": (400, "Invalid Argument", "ArgumentName ArgumentValue"),
    "InvalidBucketName": (400, "The specified bucket is not valid.", "BucketName"),
    "InvalidBucketOwnerAWSAccountID": (
        400,
        "The value of the expected bucket owner parameter must be an AWS account ID",
        "",
    ),
    "InvalidBucketState": (
        409,
        "An Object Lock configuration is present on this bucket, so the versioning state cannot be"
        " changed.",
        "",
    ),
    "InvalidDigest": (400, "The Content-MD5 you specified was invalid.", "Content-MD5"),
    "InvalidLocationConstraint": (
        400,
        "The specified location-constraint is not valid",
        "LocationConstraint",
    ),
    "InvalidObjectState": (
        403,
        "The operation is not valid for the object's storage class",
        "StorageClass",
    ),
    "InvalidPart": (
        400,
        "One or more of the specified parts could not be found.  The part may not have"
        " been uploaded, or the specified entity tag may not match the part's entity"
        " tag.",
        "UploadId PartNumber ETag",
    ),
    "InvalidPartNumber": (
        416,
        "The requested partnumber is not satisfiable",
        "ActualPartCount PartNumberRequested",
    ),
    "InvalidPartOrder": (
        400,
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
        "UploadId",
    ),
    "InvalidRange": (
        416,
        "The requested range is not satisfiable",
        "RangeRequested ActualObjectSize",
    ),
    "InvalidRedirectLocation": (
        400,
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
        "",
    ),
    "InvalidRequest": (400, "Invalid Request", ""),
    "InvalidStorageClass": (
        400,
        "The storage class you specified is not valid",
        "StorageClassRequested",
    ),
    "InvalidTag": (400, "The tag provided was not a valid tag.", "TagKey TagValue"),
    "InvalidURI": (400, "Couldn't parse the specified URI.", ""),
    # Of the KMS; S3 hands them on under these names.
    "KMS.DisabledException": (400, "The key is disabled", ""),
    "KMS.NotFoundException": (400, "The key does not exist", ""),
    "KeyTooLongError": (400, "Your key is too long", "Size MaxSizeAllowed"),
    "MalformedTrailerError": (
        400,
        "The request contained trailing data that was not well-formed or did not"
        " conform to our published schema.",
        "",
    ),
    "MalformedXML": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
        "",
    ),
    "MaxMessageLengthExceeded": (400, "Your request was too big.", "MaxMessageLengthBytes"),
    "MetadataTooLarge": (
        400,
        "Your metadata headers exceed the maximum allowed metadata size",
        "Size MaxSizeAllowed",
    ),
    "MethodNotAllowed": (
        405,
        "The specified method is not allowed against this resource.",
        "Method ResourceType",
    ),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header.", ""),
    "MissingRequestBodyError": (400, "Request Body is empty", ""),
    "MissingSecurityHeader": (
        400,
        "Your request was missing a required header",
        "MissingHeaderName",
    ),
    "NoSuchBucket": (404, "The specified bucket does not exist", "BucketName"),
    "NoSuchKey": (404, "The specified key does not exist.", "Key"),
    "NoSuchLifecycleConfiguration": (
        404,
        "The lifecycle configuration does not exist",
        "BucketName",
    ),
    "NoSuchObjectLockConfiguration": (
        404,
        "The specified object does not have a ObjectLock configuration",
        "",
    ),
    "NoSuchTagSet": (404, "The TagSet does not exist", "BucketName"),
    "NoSuchUpload": (
        404,
        "The specified upload does not exist. The upload ID may be invalid, or the"
        " upload may have been aborted or completed.",
        "UploadId",
    ),
    "NoSuchVersion": (404, "The specified version does not exist.", "Key VersionId"),
    "NotImplemented": (
        501,
        "A header you provided implies functionality that is not implemented",
        "Header additionalMessage",
    ),
    "ObjectLockConfigurationNotFoundError": (
        404,
        "Object Lock configuration does not exist for this bucket",
        "BucketName",
    ),
    "PreconditionFailed": (
        412,
        "At least one of the pre-conditions you specified did not hold",
        "Condition",
    ),
    "RequestHeaderSectionTooLarge": (
        400,
        "Your request header section exceeds the maximum allowed size.",
        "MaxSizeAllowed",
    ),
    "RequestTimeTooSkewed": (
        403,
        "The difference between the request time and the current time is too large.",
        "RequestTime ServerTime MaxAllowedSkewMilliseconds",
    ),
    "RequestTimeout": (
        400,
        "Your socket connection to the server was not read from or written to within"
        " the timeout period.",
        "",
    ),
    "ServiceUnavailable": (503, "Service is unable to handle request.", ""),
    "SignatureDoesNotMatch": (
        403,
        "The request signature we calculated does not match the signature you"
        " provided. Check your key and signing method.",
        "AWSAccessKeyId StringToSign SignatureProvided StringToSignBytes"
        " CanonicalRequest CanonicalRequestBytes",
    ),
    "SlowDown": (503, "Please reduce your request rate.", ""),
    "TooManyBuckets": (400, "You have attempted to create more buckets than allowed", ""),
    "UnexpectedContent": (400, "This request does not support content", ""),
    "XAmzContentSHA256Mismatch": (
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        "ClientComputedContentSHA256 S3ComputedContentSHA256",
    ),
}

_ELEMENTS: Final = {code: tuple(row[2].split()) for code, row in _TABLE.items()}
CODES: Final = frozenset(_TABLE)


class S3Error(Exception):
    """An answer from the table above.

    Args:
        code: a code of the table; an unknown one is a programming error.
        message: replaces the table's message where more is known.
        details: further elements of the error document, by name; the table has to know them, and
            gives them their order. Never secrets. What the request itself tells (bucket, key,
            upload, method) need not be given.
        headers: extra response headers.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        details: Mapping[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        assert code in _TABLE, f"unknown S3 error code {code}"
        self.code = code
        self.status, default, _ = _TABLE[code]
        self.message = message or default
        self.details = dict(details or {})
        assert self.details.keys() <= set(_ELEMENTS[code]), f"{code} has no {set(self.details)}"
        self.headers = headers or {}
        super().__init__(f"{code}: {self.message}")


def invalid_argument(message: str, name: str, value: str) -> S3Error:
    """InvalidArgument always says of what, and what was sent."""
    return S3Error(
        "InvalidArgument", message, details={"ArgumentName": name, "ArgumentValue": value}
    )


def not_implemented(what: str, *, header: str | None = None) -> S3Error:
    """Args:
    what: a sentence: what is not there.
    header: whose value asked for it, if one did.
    """
    details = {} if header is None else {"Header": header}
    return S3Error("NotImplemented", details={**details, "additionalMessage": what})


def elements_of(code: str) -> tuple[str, ...]:
    """Names of the further elements of its document, in order."""
    return _ELEMENTS[code]
