"""Presigned requests of Signature Version 2, which the aws CLI and boto3 still write for us-east-1.

In the query string; in a header it is read by `header_v2`, where the store takes it. The key of
this signature is the secret itself, so the OM, which alone has it, compares.

The x-amz-* fields of the query are signed as headers (`query_headers`). What names the bucket is
written by clients in several ways, so a request has several strings that may have been signed; all
of them name the same bucket, key and operation.
Source: S3 user guide, "Signing and authenticating REST requests (AWS signature version 2)".
"""

from dataclasses import dataclass, field
from itertools import product
from typing import Final

from trioxygen.gateway.auth.canonical import without_customer_keys
from trioxygen.gateway.auth.claim import iso_extended
from trioxygen.gateway.auth.query_headers import signed_as_headers_v2
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.numbers import read_natural

# The query parameters that name what is asked for, and so are signed: those of the documentation
# and of botocore, and every newer one that chooses an operation.
_SIGNED_PARAMETERS: Final = frozenset(
    "accelerate acl analytics cors defaultObjectAcl delete encryption intelligent-tiering"
    " inventory legal-hold lifecycle location logging metrics notification object-lock"
    " ownershipControls partNumber policy policyStatus publicAccessBlock replication"
    " requestPayment restore retention select select-type storageClass tagging torrent uploadId"
    " uploads versionId versioning versions website response-cache-control"
    " response-content-disposition response-content-encoding response-content-language"
    " response-content-type response-expires".split()
)


@dataclass(frozen=True, slots=True)
class SignatureClaimV2:
    """A well-formed, timely, but not yet verified signature.

    Attributes:
        signature: base64, as sent.
        strings_to_sign: what the client may have signed, the likeliest first; 1 to 4.
        session_token: x-amz-security-token, which is signed as a header; None when absent.
    """

    access_key: str
    signature: str
    strings_to_sign: tuple[bytes, ...] = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def mismatch(self) -> S3Error:
        shown = without_customer_keys(self.strings_to_sign[0])
        return S3Error(
            "SignatureDoesNotMatch",
            details={
                "AWSAccessKeyId": self.access_key,
                "StringToSign": shown.decode(errors="replace"),
                "SignatureProvided": self.signature,
                "StringToSignBytes": shown.hex(" "),
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
        S3Error: AccessDenied (a parameter is missing, expired), InvalidArgument (a parameter that
            no header's name is).
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
    expires_s = read_natural(expires)
    if expires_s is None:
        raise S3Error("AccessDenied", f"Invalid date (should be seconds since epoch): {expires}")
    if now_s > expires_s:
        raise S3Error(
            "AccessDenied",
            "Request has expired",
            details={"Expires": iso_extended(expires_s), "ServerTime": iso_extended(now_s)},
        )
    signed = signed_as_headers_v2(head)
    return SignatureClaimV2(
        access_key,
        signature,
        strings_to_sign(signed, date=expires, bucket_in_host=bucket_in_host),
        signed.header("x-amz-security-token"),
    )


def strings_to_sign(
    signed: RequestHead, *, date: str, bucket_in_host: str | None
) -> tuple[bytes, ...]:
    """What the client may have signed of a request, the likeliest first; 1 to 4.

    Args:
        signed: the request, all that is signed as headers among its headers.
        date: of the line that is the Date header's, or the Expires of a presigned one.
    """
    intro = b"\n".join(
        (
            signed.method.encode("latin-1"),
            signed.raw_header(b"content-md5") or b"",
            signed.raw_header(b"content-type") or b"",
            date.encode("latin-1"),
            _amazon_headers(signed),
        )
    )
    readings = product(_paths(signed.raw_path, bucket_in_host), _sub_resources(signed))
    return tuple(intro + path + query for path, query in readings)


def _amazon_headers(head: RequestHead) -> bytes:
    lines = sorted(f"{name}:{value}\n" for name, value in head.headers_with_prefix("x-amz-"))
    return "".join(lines).encode("latin-1")


def _paths(raw_path: bytes, bucket_in_host: str | None) -> list[bytes]:
    """A bucket is signed with a slash at its end (boto3, whatever it sends) or as it is sent."""
    if bucket_in_host is not None:
        raw_path = b"/" + bucket_in_host.encode() + raw_path
    bucket = raw_path.rstrip(b"/")
    if raw_path not in (bucket, bucket + b"/") or b"/" in bucket[1:] or not bucket:
        return [raw_path]
    return [bucket + b"/", bucket]


def _sub_resources(head: RequestHead) -> list[bytes]:
    """A parameter without a value is written without "=", or with one if it was sent so."""
    if not head.raw_query:
        return [b""]
    parts = [part for part in head.raw_query.split(b"&") if part]
    plain: list[tuple[str, str]] = []
    as_sent: list[tuple[str, str]] = []
    for (name, value), part in zip(head.query_pairs, parts, strict=True):
        if name in _SIGNED_PARAMETERS:
            plain.append((name, f"={value}" if value else ""))
            as_sent.append((name, f"={value}" if b"=" in part else ""))
    # By name alone: "select" comes before "select-type".
    readings = [sorted(plain), sorted(as_sent)] if plain != as_sent else [sorted(plain)]
    return [
        b"?" + "&".join(name + value for name, value in reading).encode() if reading else b""
        for reading in readings
    ]
