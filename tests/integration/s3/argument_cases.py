"""More rows for the table of errors: arguments that S3 refuses, and the text it has for each."""

import hashlib

from tests.integration.s3.error_cases import COMPLETE, Case, argument

NO_BUCKET_NAME = "The specified bucket is not valid."
PAYLOAD = (
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER,"
    " STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER,"
    " STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
    " or a valid sha256 value."
)
PART_TAG = hashlib.md5(b"part").hexdigest()

ARGUMENT_CASES = [
    *(
        Case(
            f"{method} /{name}{rest}",
            400,
            "InvalidBucketName",
            NO_BUCKET_NAME,
            {"BucketName": name},
        )
        for name in ("No_Bucket", "ab", "..", "-a-")
        for method, rest in (("GET", ""), ("GET", "/k"), ("DELETE", "/k"), ("PUT", "/k"))
    ),
    argument(
        "GET /{bucket}?start-after=a",
        "startAfter only supported in REST.GET.BUCKET with list-type=2",
        "start-after",
        "a",
    ),
    argument(
        "GET /{bucket}?version-id-marker=a&versions=",
        "A version-id marker cannot be specified without a key marker.",
        "version-id-marker",
        "a",
    ),
    argument(
        "GET /?bucket-region=on%20the%20moon",
        "Argument value on the moon is not a valid AWS Region",
        "bucket-region",
        "on the moon",
    ),
    argument(
        "GET /{bucket}/k?response-etag=a",
        "response-etag is not in the set of overridable response headers",
        "response-etag",
        "a",
    ),
    argument(
        "PUT /{bucket}/k",
        "Invalid copy source encoding",
        "x-amz-copy-source",
        "bkt/%zz",
        x_amz_copy_source="bkt/%zz",
    ),
    argument(
        "PUT /{bucket}/k",
        "Invalid copy source bucket name",
        "x-amz-copy-source",
        "No_Bucket/k",
        x_amz_copy_source="No_Bucket/k",
    ),
    *(
        Case(
            "POST /{bucket}/up?uploadId={upload}",
            400,
            "InvalidRequest",
            f"Value for x-amz-mp-object-size header is {problem}: '{size}'",
            {},
            {"x-amz-mp-object-size": size},
            COMPLETE.format(number=1, tag=PART_TAG),
        )
        for size, problem in (
            ("-1", "less than zero"),
            ("-" + "9" * 400, "less than zero"),
            ("9" * 400, "invalid"),
            ("--5", "invalid"),
            ("", "invalid"),
        )
    ),
    *(
        argument("DELETE /{bucket}/k", message, name, "x", **{name.replace("-", "_"): "x"})
        for name, message in (
            ("x-amz-if-match-size", "The size to match must be a number of bytes."),
            ("x-amz-if-match-last-modified-time", "The time to match must be a date."),
        )
    ),
    *(
        Case(
            asked,
            400,
            "InvalidRequest",
            "The value of x-amz-content-sha256 header is invalid.",
            signing={"payload": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
        )
        for asked in ("GET /{bucket}/k", "DELETE /{bucket}/k", "GET /{bucket}", "GET /")
    ),
    *(
        Case(
            asked,
            400,
            "InvalidArgument",
            PAYLOAD,
            {"ArgumentName": "x-amz-content-sha256", "ArgumentValue": "0" * 63},
            signing={"payload": "0" * 63},
        )
        for asked in ("GET /{bucket}/k", "DELETE /{bucket}/k", "PUT /{bucket}/k")
    ),
]
