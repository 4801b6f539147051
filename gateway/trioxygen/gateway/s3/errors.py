"""Every S3 error the gateway can answer: code -> (HTTP status, message), one table.

Nobody else names an HTTP status. The XML document is written by `s3.xml`.
Source: S3 API reference, "Error responses".
"""

from typing import Final

_TABLE: Final[dict[str, tuple[int, str]]] = {
    "AccessDenied": (403, "Access Denied"),
    "AuthorizationHeaderMalformed": (
        400,
        "The authorization header that you provided is not valid.",
    ),
    "AuthorizationQueryParametersError": (400, "Error parsing the authorization query parameters."),
    "BadDigest": (
        400,
        "The Content-MD5 or checksum value that you specified did not match what the server"
        " received.",
    ),
    "BucketAlreadyExists": (
        409,
        "The requested bucket name is not available. The bucket namespace is shared by all users"
        " of the system. Specify a different name and try again.",
    ),
    "BucketAlreadyOwnedByYou": (
        409,
        "The bucket that you tried to create already exists, and you own it.",
    ),
    "BucketNotEmpty": (409, "The bucket that you tried to delete is not empty."),
    "ConditionalRequestConflict": (
        409,
        "A conflicting operation occurred during the request. Fetch the object's ETag and retry.",
    ),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed object size."),
    "EntityTooSmall": (
        400,
        "Your proposed upload is smaller than the minimum allowed object size.",
    ),
    "ExpiredToken": (400, "The provided token has expired."),
    "IllegalLocationConstraintException": (
        400,
        "The specified location constraint is incompatible with this endpoint's region.",
    ),
    "IncompleteBody": (
        400,
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    ),
    "InternalError": (500, "An internal error occurred. Try again."),
    "InvalidAccessKeyId": (
        403,
        "The access key ID that you provided does not exist in our records.",
    ),
    "InvalidArgument": (400, "Invalid Argument"),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidDigest": (400, "The Content-MD5 or checksum value that you specified is not valid."),
    "InvalidLocationConstraint": (400, "The specified location constraint is not valid."),
    "InvalidObjectState": (403, "The operation is not valid for the current state of the object."),
    "InvalidPart": (
        400,
        "One or more of the specified parts could not be found. The part might not have been"
        " uploaded, or the specified entity tag might not have matched the part's entity tag.",
    ),
    "InvalidPartNumber": (416, "The requested partnumber is not satisfiable."),
    "InvalidPartOrder": (
        400,
        "The list of parts was not in ascending order. The parts list must be specified in"
        " order by part number.",
    ),
    "InvalidRange": (416, "The requested range is not satisfiable."),
    "InvalidRedirectLocation": (
        400,
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    ),
    "InvalidRequest": (400, "Invalid Request"),
    "InvalidStorageClass": (400, "The storage class that you specified is not valid."),
    "InvalidURI": (400, "Couldn't parse the specified URI."),
    "KeyTooLongError": (400, "Your key is too long."),
    "MalformedTrailerError": (
        400,
        "The request contained trailing data that was not well-formed or did not conform.",
    ),
    "MalformedXML": (
        400,
        "The XML that you provided was not well formed or did not validate against our"
        " published schema.",
    ),
    "MaxMessageLengthExceeded": (400, "Your request was too large."),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size."),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
    "MissingRequestBodyError": (400, "Request body is empty."),
    "MissingSecurityHeader": (400, "Your request is missing a required header."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchBucketPolicy": (404, "The bucket policy does not exist."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchUpload": (
        404,
        "The specified multipart upload does not exist. The upload ID may be invalid, or the"
        " upload may have been aborted or completed.",
    ),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "NotImplemented": (
        501,
        "A header or operation that you provided implies functionality that is not implemented.",
    ),
    "NotModified": (304, "Not Modified"),
    "PreconditionFailed": (412, "At least one of the preconditions you specified did not hold."),
    "RequestHeaderSectionTooLarge": (
        400,
        "Your request header and metadata exceed the maximum allowed size.",
    ),
    "RequestTimeTooSkewed": (
        403,
        "The difference between the request time and the server's time is too large.",
    ),
    "RequestTimeout": (
        400,
        "Your socket connection to the server was not read from or written to within the"
        " timeout period.",
    ),
    "ServiceUnavailable": (503, "Service is unable to handle the request. Try again."),
    "SignatureDoesNotMatch": (
        403,
        "The request signature that the server calculated does not match the signature that you"
        " provided. Check your secret access key and signing method.",
    ),
    "SlowDown": (503, "Please reduce your request rate."),
    "TooManyBuckets": (400, "You have attempted to create more buckets than are allowed."),
    "UnexpectedContent": (400, "This request contains unsupported content."),
    "XAmzContentChecksumMismatch": (
        400,
        "The provided checksum does not match what was computed from the request body.",
    ),
    "XAmzContentSHA256Mismatch": (
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
}


class S3Error(Exception):
    """An answer from the table above.

    Args:
        code: a code of the table; an unknown one is a programming error.
        message: replaces the table's message where more is known.
        details: further elements of the error document, in order (for example
            ``{"BucketName": "b"}``); never secrets.
        headers: extra response headers.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        details: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        assert code in _TABLE, f"unknown S3 error code {code}"
        self.code = code
        self.status, default = _TABLE[code]
        self.message = message or default
        self.details = details or {}
        self.headers = headers or {}
        super().__init__(f"{code}: {self.message}")


def status_of(code: str) -> int:
    """HTTP status of a code of the table."""
    return _TABLE[code][0]
