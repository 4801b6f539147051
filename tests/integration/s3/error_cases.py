"""One row for each error that an operation of today answers: what is asked, and the document."""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.integration.endpoint import Keys

if TYPE_CHECKING:
    pass

ANY = "..."
NO_TEXT = "0123456789abcdef" * 2
COMPLETE = (
    "<CompleteMultipartUpload><Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
    "</CompleteMultipartUpload>"
)
INTEGRITY = {"Content-MD5": "md5"}


@dataclass(frozen=True)
class Case:
    """Attributes:
    asked: "METHOD target", with {bucket} and {upload} (of key `up`, with one part).
    details: the elements between Message and RequestId, in order.
    signing: arguments of `sign`.
    """

    asked: str
    status: int
    code: str
    message: str
    details: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    body: str = ""
    signing: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.code} {self.asked}"


def argument(
    asked: str, message: str, name: str, value: str, body: str = "", **fields: str
) -> Case:
    details = {"ArgumentName": name, "ArgumentValue": value}
    sent = {key.replace("_", "-"): text for key, text in fields.items()}
    return Case(asked, 400, "InvalidArgument", message, details, sent, body)


PART_NUMBER = "Part number must be an integer between 1 and 10000, inclusive"
NOT_ALLOWED = "The specified method is not allowed against this resource."
NOT_IMPLEMENTED = "A header you provided implies functionality that is not implemented"
MALFORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)
NO_BUCKET = "The specified bucket does not exist"
NO_UPLOAD = (
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been"
    " aborted or completed."
)
NO_PART = (
    "One or more of the specified parts could not be found.  The part may not have been uploaded,"
    " or the specified entity tag may not match the part's entity tag."
)
STRANGER = Keys("AKIANOBODY", "x" * 40)

CASES = [
    Case("GET /o3-none/k", 404, "NoSuchBucket", NO_BUCKET, {"BucketName": "o3-none"}),
    Case("PUT /o3-none/k", 404, "NoSuchBucket", NO_BUCKET, {"BucketName": "o3-none"}),
    Case("GET /o3-none?versions", 404, "NoSuchBucket", NO_BUCKET, {"BucketName": "o3-none"}),
    Case(
        "PUT /{bucket}/c",
        404,
        "NoSuchBucket",
        NO_BUCKET,
        {"BucketName": "o3-source"},
        {"x-amz-copy-source": "o3-source/k"},
    ),
    Case(
        "GET /{bucket}/a%20%C3%A4",
        404,
        "NoSuchKey",
        "The specified key does not exist.",
        {"Key": "a ä"},
    ),
    Case(
        "PUT /{bucket}/c",
        404,
        "NoSuchKey",
        "The specified key does not exist.",
        {"Key": "gone"},
        {"x-amz-copy-source": "{bucket}/gone"},
    ),
    Case(
        "GET /{bucket}/k?versionId=0000000000000bad",
        404,
        "NoSuchVersion",
        "The specified version does not exist.",
        {"Key": "k", "VersionId": "0000000000000bad"},
    ),
    Case(
        "PUT /{bucket}/c",
        404,
        "NoSuchVersion",
        "The specified version does not exist.",
        {"Key": "k", "VersionId": "0000000000000bad"},
        {"x-amz-copy-source": "{bucket}/k?versionId=0000000000000bad"},
    ),
    *(
        Case(
            f"{method} /{{bucket}}/up?{query}",
            404,
            "NoSuchUpload",
            NO_UPLOAD,
            {"UploadId": upload},
            body=body,
        )
        for upload in (NO_TEXT, "x")
        for method, query, body in (
            ("GET", f"uploadId={upload}", ""),
            ("DELETE", f"uploadId={upload}", ""),
            ("PUT", f"partNumber=1&uploadId={upload}", "part"),
            ("POST", f"uploadId={upload}", COMPLETE.format(number=1, tag="x")),
        )
    ),
    Case(
        "POST /{bucket}/up?uploadId={upload}",
        400,
        "InvalidPart",
        NO_PART,
        {"UploadId": "{upload}", "PartNumber": "7", "ETag": NO_TEXT},
        body=COMPLETE.format(number=7, tag=f'"{NO_TEXT}"'),
    ),
    Case(
        "POST /{bucket}/up?uploadId={upload}",
        400,
        "MalformedXML",
        MALFORMED,
        body="<CompleteMultipartUpload>",
    ),
    Case(
        "POST /{bucket}?delete", 400, "MalformedXML", MALFORMED, fields=INTEGRITY, body="<Delete/>"
    ),
    Case(
        "POST /{bucket}?delete",
        400,
        "InvalidRequest",
        "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
        body="<Delete/>",
    ),
    Case(
        "GET /{bucket}/k",
        416,
        "InvalidRange",
        "The requested range is not satisfiable",
        {"RangeRequested": "bytes=100-", "ActualObjectSize": "4"},
        {"Range": "bytes=100-"},
        headers={"content-range": "bytes */4"},
    ),
    Case(
        "GET /{bucket}/k?partNumber=2",
        416,
        "InvalidPartNumber",
        "The requested partnumber is not satisfiable",
        {"ActualPartCount": "1", "PartNumberRequested": "2"},
    ),
    argument("GET /{bucket}/k?partNumber=0", PART_NUMBER, "partNumber", "0"),
    argument(
        "PUT /{bucket}/up?partNumber=10001&uploadId={upload}", PART_NUMBER, "partNumber", "10001"
    ),
    argument(
        "PUT /{bucket}/k?partNumber=1",
        "This operation does not accept partNumber without uploadId",
        "partNumber",
        "1",
    ),
    argument(
        "POST /{bucket}/k?uploads&uploadId=1",
        "Conflicting query string parameters",
        "ResourceType",
        "uploads",
    ),
    argument(
        "PUT /{bucket}",
        "You can only specify a copy source header for copy requests.",
        "x-amz-copy-source",
        "b/k",
        x_amz_copy_source="b/k",
    ),
    argument(
        "PUT /{bucket}/k",
        "Invalid copy source object key",
        "x-amz-copy-source",
        "bkt",
        x_amz_copy_source="bkt",
    ),
    argument(
        "PUT /{bucket}/k",
        "Unknown metadata directive.",
        "x-amz-metadata-directive",
        "MOVE",
        x_amz_copy_source="{bucket}/k",
        x_amz_metadata_directive="MOVE",
    ),
    argument(
        "GET /{bucket}?list-type=2&continuation-token=%2A",
        "The continuation token provided is incorrect",
        "continuation-token",
        "*",
    ),
    argument(
        "GET /?continuation-token=x",
        "The continuation token provided is incorrect",
        "continuation-token",
        "x",
    ),
    argument(
        "GET /{bucket}?encoding-type=json",
        "Invalid Encoding Method specified in Request",
        "encoding-type",
        "json",
    ),
    argument(
        "GET /{bucket}/k?versionId=", "Version id cannot be the empty string", "versionId", ""
    ),
    argument("GET /{bucket}/k?versionId=v1", "Invalid version id specified", "versionId", "v1"),
    argument(
        "PUT /{bucket}/c",
        "Invalid version id specified",
        "versionId",
        "v1",
        x_amz_copy_source="{bucket}/k?versionId=v1",
    ),
    Case(
        "GET /{bucket}/k?versions",
        400,
        "InvalidRequest",
        "There is no such thing as the ?versions sub-resource for a key",
    ),
    Case(
        "GET /{bucket}/k?uploads",
        400,
        "InvalidRequest",
        "Key is not expected for the GET method ?uploads subresource",
    ),
    Case(
        "PUT /{bucket}/k",
        412,
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        {"Condition": "If-None-Match"},
        {"If-None-Match": "*"},
    ),
    Case(
        "GET /{bucket}/k",
        412,
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        {"Condition": "If-Match"},
        {"If-Match": '"x"'},
    ),
    Case(
        "PUT /{bucket}/k",
        501,
        "NotImplemented",
        NOT_IMPLEMENTED,
        {"Header": "x-amz-if-match-size", "additionalMessage": ANY},
        {"x-amz-if-match-size": "1"},
    ),
    Case(
        "GET /{bucket}?website", 501, "NotImplemented", NOT_IMPLEMENTED, {"additionalMessage": ANY}
    ),
    Case(
        "GET /{bucket}?policy",
        404,
        "NoSuchBucketPolicy",
        "The bucket policy does not exist",
        {"BucketName": "{bucket}"},
    ),
    Case(
        "POST /{bucket}",
        412,
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        {"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"},
    ),
    # S3 does not say what it thinks of it.
    Case(
        "POST /{bucket}",
        400,
        "InvalidRequest",
        "A form is signed in its fields, neither in headers nor in the query.",
        fields={"Content-Type": "multipart/form-data; boundary=b"},
    ),
    *(
        Case(
            f"{method} {target}",
            405,
            "MethodNotAllowed",
            NOT_ALLOWED,
            {"Method": method, "ResourceType": resource},
            headers={"allow": allow},
        )
        for method, target, resource, allow in (
            ("DELETE", "/", "SERVICE", "GET"),
            ("PATCH", "/{bucket}", "BUCKET", "GET, HEAD, PUT, POST, DELETE"),
            ("POST", "/{bucket}/k", "OBJECT", "GET, HEAD, PUT, DELETE"),
            ("DELETE", "/{bucket}?location", "BUCKET", "GET"),
            ("PUT", "/{bucket}/up?uploadId={upload}", "UPLOAD", "GET, POST, DELETE"),
        )
    ),
    Case(
        "PUT /No_Bucket",
        400,
        "InvalidBucketName",
        "The specified bucket is not valid.",
        {"BucketName": "No_Bucket"},
    ),
    Case(
        "DELETE /{bucket}",
        409,
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
        {"BucketName": "{bucket}"},
    ),
    Case(
        "PUT /{bucket}",
        409,
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        {"BucketName": "{bucket}"},
        body="<CreateBucketConfiguration><LocationConstraint>eu-west-3</LocationConstraint>"
        "</CreateBucketConfiguration>",
    ),
    Case(
        "PUT /o3-elsewhere",
        400,
        "InvalidLocationConstraint",
        "The specified location-constraint is not valid",
        {"LocationConstraint": "on the moon"},
        body="<CreateBucketConfiguration><LocationConstraint>on the moon</LocationConstraint>"
        "</CreateBucketConfiguration>",
    ),
    Case("GET /{bucket}/%zz", 400, "InvalidURI", "Couldn't parse the specified URI."),
    Case(
        "GET /{bucket}/k",
        403,
        "AccessDenied",
        "Access Denied",
        {},
        {"x-amz-expected-bucket-owner": "000000000000"},
    ),
    Case(
        "GET /{bucket}/k",
        400,
        "InvalidBucketOwnerAWSAccountID",
        "The value of the expected bucket owner parameter must be an AWS account ID",
        {},
        {"x-amz-expected-bucket-owner": "me"},
    ),
    Case(
        "GET /{bucket}",
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        {"AWSAccessKeyId": STRANGER.access},
        signing={"keys": STRANGER},
    ),
    Case(
        "GET /{bucket}",
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        {"RequestTime": ANY, "ServerTime": ANY, "MaxAllowedSkewMilliseconds": "900000"},
        signing={"skew_seconds": 3_600},
    ),
    Case(
        "POST /{bucket}/up?uploadId={upload}",
        400,
        "InvalidRequest",
        "The provided 'x-amz-mp-object-size' header value 9 does not match what was computed: 4",
        {},
        {"x-amz-mp-object-size": "9"},
        COMPLETE.format(number=1, tag=hashlib.md5(b"part").hexdigest()),
    ),
]
