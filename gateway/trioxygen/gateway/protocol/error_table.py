"""The table of S3's errors: code -> status, message, further elements. Nothing else.

Texts are AWS's, letter by letter, with a full stop only where it has one. Of what AWS's texts are
not known (of a bucket's namespace, say) they are said in S3's manner.
"""

from typing import Final

# code -> (status, message, names of the further elements in the order of the wire)
TABLE: Final[dict[str, tuple[int, str, str]]] = {
    "AccessControlListNotSupported": (400, "The bucket does not allow ACLs", ""),
    "AccessDenied": (
        403,
        "Access Denied",
        "X-Amz-Expires X-Amz-Date Expires ServerTime HeadersNotSigned",
    ),
    "AccessForbidden": (
        403,
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution"
        " of Origin, request method / Access-Control-Request-Method or"
        " Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
        "Method ResourceType",
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
        "The requested bucket name is not available. The bucket namespace is shared by all"
        " users of the system. Please select a different name and try again.",
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
        "The conditional request cannot succeed due to a conflicting operation against this"
        " resource.",
        "Condition Key",
    ),
    "CrossLocationLoggingProhibited": (403, "Cross S3 location logging not allowed.", ""),
    "EntityTooLarge": (
        400,
        "Your proposed upload exceeds the maximum allowed size",
        "ProposedSize MaxSizeAllowed",
    ),
    "EncryptionTypeMismatch": (
        400,
        "The existing object was created with a different encryption type. Subsequent write"
        " requests must include the appropriate encryption parameters in the request or while"
        " creating the session.",
        "",
    ),
    "EntityTooSmall": (
        400,
        "Your proposed upload is smaller than the minimum allowed size",
        "ProposedSize MinSizeAllowed PartNumber ETag",
    ),
    "ExpiredToken": (400, "The provided token has expired.", "Token-0"),
    # RFC 9110, 15.6.6.
    "HttpVersionNotSupported": (505, "The HTTP version specified is not supported.", ""),
    "IdempotencyParameterMismatch": (
        400,
        "Parameters on this idempotent request are inconsistent with parameters used in previous"
        " request(s).",
        "",
    ),
    "IllegalLocationConstraintException": (
        400,
        "The unspecified location constraint is incompatible for the region specific endpoint"
        " this request was sent to.",
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
    "InvalidBucketAclWithBlockPublicAccessError": (
        400,
        "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
        "",
    ),
    "InvalidBucketAclWithObjectOwnership": (
        400,
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        "",
    ),
    "InvalidBucketName": (400, "The specified bucket is not valid.", "BucketName"),
    "InvalidBucketOwnerAWSAccountID": (
        400,
        "The value of the expected bucket owner parameter must be an AWS account ID",
        "",
    ),
    "InvalidBucketState": (
        409,
        "An Object Lock configuration is present on this bucket, so the versioning state cannot"
        " be changed.",
        "",
    ),
    "InvalidChunkSizeError": (
        400,
        "Only the last chunk is allowed to have a size less than 8192 bytes",
        "Chunk BadChunkSize",
    ),
    "InvalidDigest": (400, "The Content-MD5 you specified was invalid.", "Content-MD5"),
    "InvalidEncryptionAlgorithmError": (
        400,
        "The encryption request that you specified is not valid. The valid value is AES256.",
        "",
    ),
    "InvalidLocationConstraint": (
        400,
        "The specified location-constraint is not valid",
        "LocationConstraint",
    ),
    "InvalidNamespaceHeader": (
        400,
        "The bucket namespace that you specified does not go with the name of the bucket.",
        "",
    ),
    "InvalidObjectState": (
        403,
        "The operation is not valid for the object's storage class",
        "StorageClass",
    ),
    "InvalidPart": (
        400,
        "One or more of the specified parts could not be found.  The part may not have been"
        " uploaded, or the specified entity tag may not match the part's entity tag.",
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
    "InvalidPolicyDocument": (400, "Invalid Policy: Invalid JSON.", ""),
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
    # No code of S3's, but of its dialect of Ceph's.
    "InvalidRetentionPeriod": (400, "The retention period must be a positive integer.", ""),
    "InvalidRequest": (400, "Invalid Request", ""),
    "InvalidStorageClass": (
        400,
        "The storage class you specified is not valid",
        "StorageClassRequested",
    ),
    "InvalidTag": (400, "The tag provided was not a valid tag.", "TagKey TagValue"),
    "InvalidTargetBucketForLogging": (
        400,
        "The target bucket for logging does not exist",
        "TargetBucket",
    ),
    "InvalidToken": (400, "The provided token is malformed or otherwise invalid.", "Token-0"),
    "InvalidWriteOffset": (
        400,
        "The write offset value that you specified does not match the current object size.",
        "",
    ),
    "InvalidURI": (400, "Couldn't parse the specified URI.", ""),
    "KeyTooLongError": (400, "Your key is too long", "Size MaxSizeAllowed"),
    # Of the KMS; S3 hands them on under these names.
    "KMS.DisabledException": (400, "The key is disabled", ""),
    "KMS.NotFoundException": (400, "The key does not exist", ""),
    "MalformedACLError": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
        "",
    ),
    "MalformedPolicy": (400, "This policy contains invalid Json", ""),
    "MalformedPOSTRequest": (
        400,
        "The body of your POST request is not well-formed multipart/form-data.",
        "",
    ),
    "MalformedTrailerError": (
        400,
        "The request contained trailing data that was not well-formed or did not conform to our"
        " published schema.",
        "",
    ),
    "MalformedXML": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
        "",
    ),
    "MaxMessageLengthExceeded": (400, "Your request was too big.", "MaxMessageLengthBytes"),
    "MaxPostPreDataLengthExceededError": (
        400,
        "Your POST request fields preceding the upload file was too large.",
        "MaxPostPreDataLengthBytes",
    ),
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
    "NoSuchBucketPolicy": (404, "The bucket policy does not exist", "BucketName"),
    "NoSuchConfiguration": (404, "The specified configuration does not exist.", ""),
    "NoSuchCORSConfiguration": (404, "The CORS configuration does not exist", "BucketName"),
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
    "NoSuchPublicAccessBlockConfiguration": (
        404,
        "The public access block configuration was not found",
        "BucketName AccountId",
    ),
    "NoSuchTagSet": (404, "The TagSet does not exist", "BucketName"),
    "NoSuchUpload": (
        404,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may"
        " have been aborted or completed.",
        "UploadId",
    ),
    "NoSuchVersion": (404, "The specified version does not exist.", "Key VersionId"),
    "NoSuchWebsiteConfiguration": (
        404,
        "The specified bucket does not have a website configuration",
        "BucketName",
    ),
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
    "ObjectNotInActiveTierError": (
        403,
        "The source object of the COPY action is not in the active tier and is only stored in"
        " Amazon S3 Glacier.",
        "",
    ),
    "OwnershipControlsNotFoundError": (
        404,
        "The bucket ownership controls were not found",
        "BucketName",
    ),
    "PermanentRedirect": (
        301,
        "The bucket you are attempting to access must be addressed using the specified"
        " endpoint. Please send all future requests to this endpoint.",
        "Endpoint Bucket",
    ),
    "PreconditionFailed": (
        412,
        "At least one of the pre-conditions you specified did not hold",
        "Condition",
    ),
    "ReplicationConfigurationNotFoundError": (
        404,
        "The replication configuration was not found",
        "BucketName",
    ),
    "RequestHeaderSectionTooLarge": (
        400,
        "Your request header section exceeds the maximum allowed size.",
        "MaxSizeAllowed",
    ),
    "RequestTimeout": (
        400,
        "Your socket connection to the server was not read from or written to within the"
        " timeout period.",
        "",
    ),
    "RequestTimeTooSkewed": (
        403,
        "The difference between the request time and the current time is too large.",
        "RequestTime ServerTime MaxAllowedSkewMilliseconds",
    ),
    "RestoreAlreadyInProgress": (409, "Object restore is already in progress", ""),
    "ServerSideEncryptionConfigurationNotFoundError": (
        404,
        "The server side encryption configuration was not found",
        "BucketName",
    ),
    "ServiceUnavailable": (503, "Service is unable to handle request.", ""),
    "SignatureDoesNotMatch": (
        403,
        "The request signature we calculated does not match the signature you provided. Check"
        " your key and signing method.",
        "AWSAccessKeyId StringToSign SignatureProvided StringToSignBytes CanonicalRequest"
        " CanonicalRequestBytes",
    ),
    "SlowDown": (503, "Please reduce your request rate.", ""),
    "TemporaryRedirect": (
        307,
        "Please re-send this request to the specified temporary endpoint. Continue to use the"
        " original request endpoint for future requests.",
        "Endpoint Bucket",
    ),
    "TooManyParts": (
        400,
        "You have attempted to add more parts than the maximum of 10000 that are allowed for this"
        " object. You can use the CopyObject operation to copy this object to another and then add"
        " more data to the newly copied object.",
        "",
    ),
    "TooManyBuckets": (400, "You have attempted to create more buckets than allowed", ""),
    "UnexpectedContent": (400, "This request does not support content", ""),
    "UnresolvableGrantByEmailAddress": (
        400,
        "The email address you provided does not match any account on record.",
        "",
    ),
    "XAmzContentSHA256Mismatch": (
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        "ClientComputedContentSHA256 S3ComputedContentSHA256",
    ),
}
