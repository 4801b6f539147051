"""The texts that S3 has for its errors, where a code has one of its own."""

from typing import Final

MESSAGES: Final = {
    "AccessControlListNotSupported": "The bucket does not allow ACLs",
    "AccessDenied": "Access Denied",
    "AccessForbidden": "CORSResponse: This CORS request is not allowed. This is usually because the"
    " evalution of Origin, request method / Access-Control-Request-Method or"
    " Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
    "BadRequest": "An error occurred when parsing the HTTP request.",
    "BucketAlreadyExists": "The requested bucket name is not available. The bucket namespace is"
    " shared by all users of the system. Please select a different name and try again.",
    "BucketAlreadyOwnedByYou": "Your previous request to create the named bucket succeeded and you"
    " already own it.",
    "BucketNotEmpty": "The bucket you tried to delete is not empty",
    "EntityTooSmall": "Your proposed upload is smaller than the minimum allowed size",
    "InvalidBucketAclWithBlockPublicAccessError": "Bucket cannot have public ACLs set with"
    " BlockPublicAccess enabled",
    "InvalidBucketAclWithObjectOwnership": "Bucket cannot have ACLs set with ObjectOwnership's"
    " BucketOwnerEnforced setting",
    "InvalidBucketName": "The specified bucket is not valid.",
    "InvalidBucketOwnerAWSAccountID": "The value of the expected bucket owner parameter must be an"
    " AWS account ID",
    "InvalidBucketState": "An Object Lock configuration is present on this bucket, so the"
    " versioning state cannot be changed.",
    "InvalidDigest": "The Content-MD5 you specified was invalid.",
    "InvalidLocationConstraint": "The specified location-constraint is not valid",
    "InvalidPart": "One or more of the specified parts could not be found.  The part may not have"
    " been uploaded, or the specified entity tag may not match the part's entity tag.",
    "InvalidPartNumber": "The requested partnumber is not satisfiable",
    "InvalidPartOrder": "The list of parts was not in ascending order. Parts must be ordered by"
    " part number.",
    "InvalidRange": "The requested range is not satisfiable",
    "InvalidStorageClass": "The storage class you specified is not valid",
    "KeyTooLongError": "Your key is too long",
    "MalformedACLError": "The XML you provided was not well-formed or did not validate against our"
    " published schema",
    "MalformedXML": "The XML you provided was not well-formed or did not validate against our"
    " published schema",
    "MetadataTooLarge": "Your metadata headers exceed the maximum allowed metadata size",
    "MethodNotAllowed": "The specified method is not allowed against this resource.",
    "MissingRequestBodyError": "Request Body is empty",
    "MissingSecurityHeader": "Your request was missing a required header",
    "NoSuchBucket": "The specified bucket does not exist",
    "NoSuchBucketPolicy": "The bucket policy does not exist",
    "NoSuchCORSConfiguration": "The CORS configuration does not exist",
    "NoSuchKey": "The specified key does not exist.",
    "NoSuchLifecycleConfiguration": "The lifecycle configuration does not exist",
    "NoSuchObjectLockConfiguration": "The specified object does not have a ObjectLock"
    " configuration",
    "NoSuchPublicAccessBlockConfiguration": "The public access block configuration was not found",
    "NoSuchTagSet": "The TagSet does not exist",
    "NoSuchUpload": "The specified upload does not exist. The upload ID may be invalid, or the"
    " upload may have been aborted or completed.",
    "NoSuchVersion": "The specified version does not exist.",
    "NotImplemented": "A header you provided implies functionality that is not implemented",
    "ObjectLockConfigurationNotFoundError": "Object Lock configuration does not exist for this"
    " bucket",
    "OwnershipControlsNotFoundError": "The bucket ownership controls were not found",
    "PreconditionFailed": "At least one of the pre-conditions you specified did not hold",
    "UnexpectedContent": "This request does not support content",
}
