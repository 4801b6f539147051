"""Reads the claim of a presigned request: SigV4 in the query string.

Source: S3 API reference, "Authenticating Requests: Using Query Parameters (SigV4)".
"""

from collections.abc import Collection
from typing import Final

from trioxygen.gateway.auth.claim import (
    ALGORITHM,
    ALGORITHM_V4A,
    SERVICE,
    SIGNED_HEADERS,
    UNSIGNED_PAYLOAD,
    Form,
    SignatureClaim,
    check_headers_are_signed,
    iso_extended,
    parse_iso_basic,
    read_scope,
    v4a_refused,
)
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.numbers import read_integer

EXPIRES_SECONDS_MAX: Final = 7 * 86_400

_CODE: Final = "AuthorizationQueryParametersError"
_FORM: Final = Form(_CODE, "Error parsing the X-Amz-Credential parameter", "X-Amz-Date")
_REQUIRED: Final = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_OPTIONAL: Final = ("X-Amz-Security-Token", "X-Amz-Content-Sha256")
_KNOWN: Final = frozenset(_REQUIRED + _OPTIONAL)


def is_presigned(head: RequestHead) -> bool:
    """Whether the query string means to carry a SigV4 signature."""
    return (
        head.has_query("X-Amz-Signature")
        or head.has_query("X-Amz-Algorithm")
        or head.has_query("X-Amz-Credential")
    )


def read_presigned_claim(
    head: RequestHead,
    *,
    now_s: int,
    regions: Collection[str] | None,
    skew_seconds_max: int,
    service: str = SERVICE,
) -> SignatureClaim:
    """The claim of a request for which `is_presigned` holds.

    Raises:
        S3Error: AuthorizationQueryParametersError, AccessDenied (expired, not valid yet, expiry
            out of range, unsigned headers), NotImplemented (SigV4A).
    """
    query = _parameters(head)
    timestamp = query["X-Amz-Date"]
    timestamp_s = parse_iso_basic(timestamp)
    if timestamp_s is None:
        raise S3Error(
            _CODE, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        )
    access_key, date, region = read_scope(
        query["X-Amz-Credential"], _FORM, timestamp=timestamp, regions=regions, service=service
    )
    expires_seconds = _expires_seconds(query["X-Amz-Expires"])
    _check_time(timestamp_s, expires_seconds, now_s=now_s, skew_seconds_max=skew_seconds_max)
    if not SIGNED_HEADERS.fullmatch(query["X-Amz-SignedHeaders"]):
        raise S3Error(_CODE, "X-Amz-SignedHeaders must be lower-case names separated by ';'")
    signed_headers = tuple(query["X-Amz-SignedHeaders"].split(";"))
    check_headers_are_signed(head, signed_headers)
    payload_hash = query.get("X-Amz-Content-Sha256")
    if payload_hash is None and "x-amz-content-sha256" in signed_headers:
        payload_hash = head.header("x-amz-content-sha256")
    return SignatureClaim(
        access_key=access_key,
        date=date,
        region=region,
        service=service,
        signed_headers=signed_headers,
        signature=query["X-Amz-Signature"],
        timestamp=timestamp,
        timestamp_s=timestamp_s,
        expires_seconds=expires_seconds,
        payload_hash=payload_hash or UNSIGNED_PAYLOAD,
        session_token=query.get("X-Amz-Security-Token") or head.header("x-amz-security-token"),
        presigned=True,
    )


def _parameters(head: RequestHead) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in head.query_pairs:
        if name in _KNOWN:
            if name in query:
                raise S3Error(_CODE, f"The query parameter {name} was given more than once.")
            query[name] = value
    algorithm = query.get("X-Amz-Algorithm")
    if algorithm == ALGORITHM_V4A:
        raise v4a_refused()
    if algorithm and algorithm != ALGORITHM:
        raise S3Error(_CODE, f'X-Amz-Algorithm only supports "{ALGORITHM}"')
    if not all(query.get(name) for name in _REQUIRED):
        raise S3Error(
            _CODE,
            "Query-string authentication version 4 requires the X-Amz-Algorithm,"
            " X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and"
            " X-Amz-Expires parameters.",
        )
    return query


def _expires_seconds(text: str) -> int:
    expires_seconds = read_integer(text)
    if expires_seconds is None:
        raise S3Error(_CODE, "X-Amz-Expires should be a number")
    if expires_seconds < 0:
        raise S3Error(_CODE, "X-Amz-Expires must be non-negative", case=Case.EXPIRY_OUT_OF_RANGE)
    if expires_seconds > EXPIRES_SECONDS_MAX:
        raise S3Error(
            _CODE,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given"
            f" X-Amz-Expires must be less than {EXPIRES_SECONDS_MAX} seconds",
            case=Case.EXPIRY_OUT_OF_RANGE,
        )
    return expires_seconds


def _check_time(
    timestamp_s: int, expires_seconds: int, *, now_s: int, skew_seconds_max: int
) -> None:
    if timestamp_s > now_s + skew_seconds_max:
        raise S3Error(
            "AccessDenied",
            "Request is not valid yet",
            details={
                "X-Amz-Date": iso_extended(timestamp_s),
                "ServerTime": iso_extended(now_s),
            },
        )
    # What holds for no second is over at once, not at the end of the one it was signed in.
    if not expires_seconds or now_s > timestamp_s + expires_seconds:
        raise S3Error(
            "AccessDenied",
            "Request has expired",
            details={
                "X-Amz-Expires": str(expires_seconds),
                "Expires": iso_extended(timestamp_s + expires_seconds),
                "ServerTime": iso_extended(now_s),
            },
        )
