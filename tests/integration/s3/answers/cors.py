"""What browsers ask, and what pages of other origins are told."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_NO_BUCKET: Final = "BucketName=o3-none"
_DIGEST: Final = {"Content-MD5": "md5"}
_RULES: Final = (
    "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example</AllowedOrigin>"
    "<AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>"
    "<AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>"
    "<MaxAgeSeconds>30</MaxAgeSeconds></CORSRule></CORSConfiguration>"
)
_PAGE: Final = {"Origin": "https://a.example"}
_ASKED: Final = {
    **_PAGE,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "X-Amz-Date, x-amz-meta-a",
}
_TOLD: Final = {
    "access-control-allow-origin": "https://a.example",
    "access-control-allow-methods": "GET, PUT",
    "access-control-expose-headers": "ETag",
    "access-control-max-age": "30",
    "access-control-allow-credentials": "true",
    "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
}

ROWS: Final = (
    gives(
        "GetBucketCors",
        "rules",
        "GET /{tagged}?cors",
        200,
        {},
        "CORSConfiguration(CORSRule(AllowedOrigin=https://*.example AllowedMethod=GET"
        " AllowedMethod=PUT AllowedHeader=x-amz-* ExposeHeader=ETag MaxAgeSeconds=30))",
    ),
    refuses(
        "GetBucketCors",
        "none set",
        "GET /{plain}?cors",
        "404 NoSuchCORSConfiguration",
        "BucketName={plain}",
    ),
    gives("PutBucketCors", "rules", "PUT /{busy}?cors", 200, body=_RULES, sent=_DIGEST),
    refuses(
        "PutBucketCors",
        "a method that is none",
        "PUT /{busy}?cors",
        "400 InvalidRequest",
        message="Found unsupported HTTP method in CORS config. Unsupported method is PATCH",
        body=_RULES.replace("PUT", "PATCH"),
        sent=_DIGEST,
    ),
    gives("DeleteBucketCors", "a bucket", "DELETE /{busy}?cors", 204),
    refuses("DeleteBucketCors", "none", "DELETE /o3-none?cors", "404 NoSuchBucket", _NO_BUCKET),
    gives(
        "PreflightRequest",
        "allowed",
        "OPTIONS /{tagged}/k?uploads",
        200,
        {**_TOLD, "access-control-allow-headers": "x-amz-date, x-amz-meta-a"},
        sent=_ASKED,
        signer="nobody",
    ),
    refuses(
        "PreflightRequest",
        "a header that is not allowed",
        "OPTIONS /{tagged}/k",
        "403 AccessForbidden",
        "Method=OPTIONS ResourceType=OBJECT",
        sent=_ASKED | {"Access-Control-Request-Headers": "range"},
        signer="nobody",
    ),
    refuses(
        "PreflightRequest",
        "no rules",
        "OPTIONS /{plain}",
        "403 AccessForbidden",
        "Method=OPTIONS ResourceType=BUCKET",
        message="CORSResponse: CORS is not enabled for this bucket.",
        sent=_ASKED,
        signer="nobody",
    ),
    refuses(
        "PreflightRequest",
        "no bucket",
        "OPTIONS /o3-none/k",
        "404 NoSuchBucket",
        _NO_BUCKET,
        sent=_ASKED,
        signer="nobody",
    ),
    refuses(
        "PreflightRequest",
        "no origin",
        "OPTIONS /{tagged}/k",
        "400 BadRequest",
        message="Insufficient information. Origin request header needed.",
        signer="nobody",
    ),
    refuses(
        "PreflightRequest",
        "no method",
        "OPTIONS /{tagged}/k",
        "400 BadRequest",
        message="Invalid Access-Control-Request-Method: null",
        sent=_PAGE,
        signer="nobody",
    ),
    refuses(
        "PreflightRequest",
        "a header that is none",
        "OPTIONS /{tagged}/k",
        "400 BadRequest",
        message='Access-Control-Request-Headers "a b" contains invalid character.',
        sent=_ASKED | {"Access-Control-Request-Headers": "range,a b"},
        signer="nobody",
    ),
    gives(
        "GetBucketTagging",
        "to a page",
        "GET /{tagged}?tagging",
        200,
        _TOLD,
        "Tagging(TagSet(Tag(Key=a Value=1)))",
        sent=_PAGE,
    ),
    gives(
        "GetBucketLocation",
        "to a page of another origin",
        "GET /{tagged}?location",
        200,
        {},
        "LocationConstraint=",
        sent={"Origin": "https://example"},
    ),
)
