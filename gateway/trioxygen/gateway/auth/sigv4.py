"""Signature Version 4 for S3: read what a request claims, then verify it with the scoped key.

Pure: the time and the signing key are arguments. Policies, accounts and the look-up of keys are
elsewhere; signatures inside an aws-chunked body are in `streaming`.
Source: S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
"""

import hmac
import re
from collections.abc import Collection, Iterator
from typing import Final

from trioxygen.gateway.auth.canonical import (
    canonical_headers,
    canonical_path,
    canonical_query,
    without_customer_keys,
)
from trioxygen.gateway.auth.claim import (
    ALGORITHM,
    ALGORITHM_V4A,
    HEADER_TOKEN,
    SERVICE,
    SIGNED_HEADERS,
    Form,
    SignatureClaim,
    check_headers_are_signed,
    iso_extended,
    parse_http_date,
    parse_iso_basic,
    read_scope,
    v4a_refused,
)
from trioxygen.gateway.auth.payload import (
    PayloadMode,
    declared_payload_hash,
    payload_mode,
    read_mode,
)
from trioxygen.gateway.auth.presigned import is_presigned, read_presigned_claim
from trioxygen.gateway.auth.presigned_v2 import is_presigned_v2
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.head import RequestHead

__all__ = [
    "PayloadMode",
    "SignatureClaim",
    "declared_payload_hash",
    "payload_mode",
    "read_claim",
    "verify",
]

SKEW_SECONDS_MAX: Final = 900

_FORM: Final = Form(
    "AuthorizationHeaderMalformed", "The authorization header is malformed", "X-Amz-Date"
)
_USUAL_HEADER: Final = re.compile(
    rf"{ALGORITHM} +Credential=([^,\s]+), *"
    rf"SignedHeaders=({HEADER_TOKEN}(?:;{HEADER_TOKEN})*), *Signature=([0-9a-f]{{64}})"
)


def read_claim(
    head: RequestHead,
    *,
    now_s: int,
    regions: Collection[str] | None,
    skew_seconds_max: int = SKEW_SECONDS_MAX,
    service: str = SERVICE,
) -> SignatureClaim | None:
    """What the request says about who signed it; None: it is anonymous, or presigned with Version
    2 (see `presigned_v2`). Nothing is proved yet.

    Args:
        now_s: the server's time, seconds since 1970.
        regions: acceptable regions, the first is named in errors; None accepts any region.
        skew_seconds_max: how far a request's time may be from `now_s`.
        service: whom it has to be signed for; IAM and STS have names of their own.
    Raises:
        S3Error: AuthorizationHeaderMalformed, AuthorizationQueryParametersError, AccessDenied
            (no date, expired, unsigned headers), RequestTimeTooSkewed, InvalidArgument,
            InvalidRequest (SigV2, no x-amz-content-sha256), NotImplemented (SigV4A), InvalidURI.
    """
    authorization = head.raw_header(b"authorization")
    if head.raw_query:
        presigned = is_presigned(head)
        presigned_v2 = is_presigned_v2(head)
        if authorization is not None and (presigned or presigned_v2) or presigned and presigned_v2:
            raise invalid_argument(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter,"
                " Signature query string parameter or the Authorization header should be specified",
                "Authorization",
                (authorization or b"").decode("latin-1"),
            )
        if presigned_v2:
            return None
        if presigned:
            return read_presigned_claim(
                head,
                now_s=now_s,
                regions=regions,
                skew_seconds_max=skew_seconds_max,
                service=service,
            )
    if authorization is None:
        return None
    return _read_header_claim(
        head,
        authorization.decode("latin-1"),
        now_s=now_s,
        regions=regions,
        skew_seconds_max=skew_seconds_max,
        service=service,
    )


def verify(
    claim: SignatureClaim,
    head: RequestHead,
    signing_key: bytes,
    *,
    host_aliases: Collection[str] = (),
) -> None:
    """Return if the claim's signature is the one `signing_key` gives for this request.

    Args:
        signing_key: `derive_signing_key` of the claim's access key and scope.
        host_aliases: further values of Host to try, for trusted proxies that rewrite it.
    Raises:
        S3Error: SignatureDoesNotMatch, with the canonical request as the server saw it.
    """
    path = canonical_path(head.raw_path)
    query = canonical_query(head, without_signature=claim.presigned)
    method = head.method.encode("latin-1")
    tail = f"\n{';'.join(claim.signed_headers)}\n{claim.payload_hash}".encode()
    provided = claim.signature.encode()
    seen: tuple[bytes, bytes] | None = None
    for path_seen, host in _readings(path, host_aliases):
        headers = canonical_headers(head, claim.signed_headers, host=host)
        request = b"%b\n%b\n%b\n%b%b" % (method, path_seen, query, headers, tail)
        string_to_sign = claim.string_to_sign(request)
        signature = hmac.digest(signing_key, string_to_sign, "sha256").hex().encode()
        if hmac.compare_digest(signature, provided):
            return
        seen = seen or (string_to_sign, request)
    assert seen is not None
    string_to_sign, request = seen[0], without_customer_keys(seen[1])
    raise S3Error(
        "SignatureDoesNotMatch",
        details={
            "AWSAccessKeyId": claim.access_key,
            "StringToSign": string_to_sign.decode(errors="replace"),
            "SignatureProvided": claim.signature,
            "StringToSignBytes": string_to_sign.hex(" "),
            "CanonicalRequest": request.decode(errors="replace"),
            "CanonicalRequestBytes": request.hex(" "),
        },
    )


def _readings(path: bytes, host_aliases: Collection[str]) -> Iterator[tuple[bytes, bytes | None]]:
    """(path, replacement of Host) as the client may have signed them, the plain reading first.

    A client that escapes the slashes of a key signs them escaped or plain; both name one object.
    """
    yield path, None
    paths = [path, path.replace(b"%2F", b"/")] if b"%2F" in path else [path]
    for path_seen in paths:
        if path_seen is not path:
            yield path_seen, None
        for alias in host_aliases:
            yield path_seen, alias.encode()


def _read_header_claim(
    head: RequestHead,
    authorization: str,
    *,
    now_s: int,
    regions: Collection[str] | None,
    skew_seconds_max: int,
    service: str,
) -> SignatureClaim:
    match = _USUAL_HEADER.fullmatch(authorization)
    if match is not None:
        credential, signed, signature = match.groups()
    else:
        credential, signed, signature = _parse_unusual_header(authorization)
    timestamp, timestamp_s = _request_time(head)
    access_key, date, region = read_scope(
        credential, _FORM, timestamp=timestamp, regions=regions, service=service
    )
    if abs(now_s - timestamp_s) > skew_seconds_max:
        raise S3Error(
            "RequestTimeTooSkewed",
            details={
                "RequestTime": timestamp,
                "ServerTime": iso_extended(now_s),
                "MaxAllowedSkewMilliseconds": str(skew_seconds_max * 1000),
            },
        )
    signed_headers = tuple(signed.split(";"))
    check_headers_are_signed(head, signed_headers)
    payload_hash = head.header("x-amz-content-sha256")
    if service != SERVICE:
        payload_hash = payload_hash or ""
    elif payload_hash is None:
        raise S3Error(
            "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"
        )
    else:
        # Whether the request has a body or not.
        read_mode(payload_hash)
    return SignatureClaim(
        access_key=access_key,
        date=date,
        region=region,
        service=service,
        signed_headers=signed_headers,
        signature=signature,
        timestamp=timestamp,
        timestamp_s=timestamp_s,
        expires_seconds=None,
        payload_hash=payload_hash,
        session_token=head.header("x-amz-security-token"),
        presigned=False,
    )


def _parse_unusual_header(authorization: str) -> tuple[str, str, str]:
    """(credential, signed headers, signature) in any order and spacing, or the fitting error."""
    scheme, _, rest = authorization.strip().partition(" ")
    if not scheme:
        raise S3Error("AccessDenied")
    if not rest:
        raise invalid_argument(
            "Authorization header is invalid -- one and only one ' ' (space) required.",
            "Authorization",
            authorization,
        )
    if scheme == "AWS":
        if ":" not in rest:
            raise invalid_argument(
                "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
                "Authorization",
                authorization,
            )
        raise _v2_refused()
    if scheme == ALGORITHM_V4A:
        raise v4a_refused()
    if scheme != ALGORITHM:
        raise invalid_argument("Unsupported Authorization Type", "Authorization", authorization)
    fields: dict[str, str] = {}
    for field in rest.split(","):
        name, _, value = field.strip().partition("=")
        if name in fields:
            raise _FORM.refused(f"{name} was given more than once.")
        fields[name] = value
    credential = fields.get("Credential")
    signed = fields.get("SignedHeaders")
    signature = fields.get("Signature")
    if not credential or not signed or not signature:
        raise _FORM.refused(
            "the authorization header requires three components: Credential, SignedHeaders,"
            " and Signature."
        )
    if not SIGNED_HEADERS.fullmatch(signed):
        raise _FORM.refused("SignedHeaders must be lower-case names separated by ';'.")
    return credential, signed, signature


def _request_time(head: RequestHead) -> tuple[str, int]:
    """(`YYYYMMDDTHHMMSSZ`, seconds since 1970) from x-amz-date or, failing that, Date."""
    value = (head.raw_header(b"x-amz-date") or head.raw_header(b"date") or b"").decode("latin-1")
    seconds = parse_iso_basic(value)
    if seconds is not None:
        return value, seconds
    moment = parse_http_date(value)
    if moment is None:
        raise S3Error(
            "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"
        )
    return moment


def _v2_refused() -> S3Error:
    return S3Error(
        "InvalidRequest",
        f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}.",
    )
