"""Bucket policies and who pays; and what is answered to those whom policies let in."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses
from tests.integration.s3.answers.place import POLICY

_NO_BUCKET: Final = "BucketName=o3-none"
_PUBLIC: Final = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*",'
    ' "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{busy}/*"}}'
)
_OWN: Final = POLICY.replace("{paid}", "{busy}")
_PAYMENT: Final = (
    "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"
)
_PAYS: Final = {"x-amz-request-payer": "requester"}
_CHARGED: Final = {"x-amz-request-charged": "requester"}

ROWS: Final = (
    gives(
        "GetBucketPolicy",
        "as it was put",
        "GET /{paid}?policy",
        200,
        {"content-type": "application/json"},
        content=POLICY,
    ),
    refuses(
        "GetBucketPolicy",
        "none set",
        "GET /{plain}?policy",
        "404 NoSuchBucketPolicy",
        "BucketName={plain}",
    ),
    refuses(
        "GetBucketPolicy", "another's", "GET /{plain}?policy", "403 AccessDenied", signer="other"
    ),
    refuses(
        "GetBucketPolicy",
        "allowed to another account",
        "GET /{paid}?policy",
        "405 MethodNotAllowed",
        "Method=GET ResourceType=BUCKETPOLICY",
        signer="other",
        sent=_PAYS,
        headers={"allow": ""},
    ),
    gives("PutBucketPolicy", "of this bucket", "PUT /{busy}?policy", 204, body=_OWN),
    refuses("PutBucketPolicy", "no body", "PUT /{busy}?policy", "400 MissingRequestBodyError"),
    *(
        refuses(
            "PutBucketPolicy",
            situation,
            "PUT /{busy}?policy",
            "400 MalformedPolicy",
            message=message,
            body=body,
        )
        for situation, message, body in (
            (
                "no object",
                "Policies must be valid JSON and the first byte must be @quote{@quote",
                "[]",
            ),
            ("not JSON", "This policy contains invalid Json", "{"),
            ("no statement", "Missing required field Statement", '{"Version": "2012-10-17"}'),
            (
                "a principal that is none",
                "Invalid principal in policy",
                _OWN.replace("{other}", "x"),
            ),
            ("another bucket's", "Policy has invalid resource", POLICY),
            (
                "no action",
                "Policy has invalid action",
                _OWN.replace("s3:GetObject", "s3:GetNothing"),
            ),
            (
                "an action that none of its resources has",
                "Action does not apply to any resource(s) in statement",
                _OWN.replace("{busy}/*", "{busy}"),
            ),
            ("no effect", "Invalid effect: Maybe", _OWN.replace("Allow", "Maybe")),
        )
    ),
    refuses(
        "PutBucketPolicy",
        "public, which is blocked",
        "PUT /{busy}?policy",
        "403 AccessDenied",
        message="User: arn:aws:iam::@any:root is not authorized to perform: s3:PutBucketPolicy on"
        ' resource: "arn:aws:s3:::{busy}" because public policies are blocked by the'
        " BlockPublicPolicy block public access setting.",
        body=_PUBLIC,
    ),
    gives("DeleteBucketPolicy", "a bucket", "DELETE /{busy}?policy", 204),
    refuses("DeleteBucketPolicy", "none", "DELETE /o3-none?policy", "404 NoSuchBucket", _NO_BUCKET),
    gives(
        "GetBucketPolicyStatus",
        "of one account",
        "GET /{paid}?policyStatus",
        200,
        {},
        "PolicyStatus(IsPublic=false)",
    ),
    refuses(
        "GetBucketPolicyStatus",
        "of a bucket without a policy, open to all by its ACL",
        "GET /{shared}?policyStatus",
        "404 NoSuchBucketPolicy",
        "BucketName={shared}",
    ),
    refuses(
        "GetBucketPolicyStatus",
        "none",
        "GET /o3-none?policyStatus",
        "404 NoSuchBucket",
        _NO_BUCKET,
    ),
    # ---- who pays ----
    gives(
        "GetBucketRequestPayment",
        "a new bucket",
        "GET /{plain}?requestPayment",
        200,
        {},
        "RequestPaymentConfiguration(Payer=BucketOwner)",
    ),
    gives(
        "GetBucketRequestPayment",
        "the requester",
        "GET /{paid}?requestPayment",
        200,
        {},
        "RequestPaymentConfiguration(Payer=Requester)",
    ),
    refuses(
        "GetBucketRequestPayment",
        "none",
        "GET /o3-none?requestPayment",
        "404 NoSuchBucket",
        _NO_BUCKET,
    ),
    gives("PutBucketRequestPayment", "the owner", "PUT /{busy}?requestPayment", 200, body=_PAYMENT),
    refuses(
        "PutBucketRequestPayment",
        "nobody",
        "PUT /{busy}?requestPayment",
        "400 MalformedXML",
        body=_PAYMENT.replace("BucketOwner", "Nobody"),
    ),
    gives(
        "GetObject",
        "another account pays",
        "GET /{paid}/k",
        200,
        {
            "last-modified": "@http-date",
            "etag": '"{tag}"',
            "accept-ranges": "bytes",
            "content-type": "binary/octet-stream",
            **_CHARGED,
        },
        content="body",
        signer="other",
        sent=_PAYS,
    ),
    refuses(
        "GetObject",
        "another account does not say that it pays",
        "GET /{paid}/k",
        "403 AccessDenied",
        signer="other",
    ),
    refuses(
        "GetObject",
        "no key, of which only those are told that may list",
        "GET /{paid}/none",
        "403 AccessDenied",
        signer="other",
        sent=_PAYS,
    ),
)
