"""Presigned requests of Signature Version 2, which the aws CLI and boto3 still write for us-east-1.

Only in the query string: every client can sign its other requests with Version 4. The key of this
signature is the secret itself, so the OM, which alone has it, compares.
Source: S3 user guide, "Signing and authenticating REST requests (AWS signature version 2)".
"""

import re
from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.auth.claim import iso_extended
from trioxygen.gateway.head import RequestHead
from trioxygen.gateway.s3.errors import S3Error

# The query parameters that name what is asked for, and so are signed.
_SIGNED_PARAMETERS: Final = frozenset(
    "accelerate acl analytics cors delete encryption intelligent-tiering inventory legal-hold"
    " lifecycle location logging metrics notification object-lock ownershipControls partNumber"
    " policy policyStatus publicAccessBlock replication requestPayment restore retention select"
    " select-type tagging torrent uploadId uploads versionId versioning versions website"
    " response-cache-control response-content-disposition response-content-encoding"
    " response-content-language response-content-type response-expires".split()
)
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class SignatureClaimV2:
    """A well-formed, timely, but not yet verified signature. `signature` is base64, as sent."""

    access_key: str
    signature: str
    string_to_sign: bytes

    def mismatch(self) -> S3Error:
        return S3Error(
            "SignatureDoesNotMatch",
            details={
                "AWSAccessKeyId": self.access_key,
                "StringToSign": self.string_to_sign.decode(errors="replace"),
                "SignatureProvided": self.signature,
                "StringToSignBytes": self.string_to_sign.hex(" "),
            },
        )


def is_presigned_v2(head: RequestHead) -> bool:
    """Whether the query string means to carry a Signature Version 2."""
    return head.has_query("AWSAccessKeyId") or head.has_query("Signature")


def read_presigned_v2(
    head: RequestHead, *, now_s: int, bucket_in_host: str | None
) -> SignatureClaimV2:
    """The claim of a request for which `is_presigned_v2` holds.

    Raises:
        S3Error: AccessDenied (a parameter is missing, expired).
    """
    access_key, signature, expires = (
        head.query_value(name) for name in ("AWSAccessKeyId", "Signature", "Expires")
    )
    if not access_key or not signature or not expires:
        raise S3Error(
            "AccessDenied",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId"
            " parameters",
        )
    if not _NUMBER.fullmatch(expires):
        raise S3Error("AccessDenied", f"Invalid date (should be seconds since epoch): {expires}")
    if now_s > int(expires):
        raise S3Error(
            "AccessDenied",
            "Request has expired",
            details={"Expires": expires, "ServerTime": iso_extended(now_s)},
        )
    fields = (
        head.method.encode("latin-1"),
        head.raw_header(b"content-md5") or b"",
        head.raw_header(b"content-type") or b"",
        expires.encode(),
        _amazon_headers(head) + _resource(head, bucket_in_host),
    )
    return SignatureClaimV2(access_key, signature, b"\n".join(fields))


def _amazon_headers(head: RequestHead) -> bytes:
    lines = sorted(f"{name}:{value}\n" for name, value in head.headers_with_prefix("x-amz-"))
    return "".join(lines).encode("latin-1")


def _resource(head: RequestHead, bucket_in_host: str | None) -> bytes:
    bucket = b"" if bucket_in_host is None else b"/" + bucket_in_host.encode()
    signed = sorted(
        # A name without a value is written without "=".
        f"{name}={value}" if value else name
        for name, value in head.query_pairs
        if name in _SIGNED_PARAMETERS
    )
    query = b"?" + "&".join(signed).encode() if signed else b""
    return bucket + head.raw_path + query
