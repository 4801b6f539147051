"""Signature Version 2 in the Authorization header, for a store that is told to take it.

S3 takes it of no bucket made since June 2020, and neither does this store unless its configuration
says so: it does not sign the body, and its key is the secret itself.
Source: S3 user guide, "Signing and authenticating REST requests (AWS signature version 2)".
"""

import re
from typing import Final

from trioxygen.gateway.auth.claim import iso_extended, parse_http_date, parse_iso_basic
from trioxygen.gateway.auth.presigned import is_presigned
from trioxygen.gateway.auth.presigned_v2 import (
    SignatureClaimV2,
    is_presigned_v2,
    strings_to_sign,
)
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.head import RequestHead

_SCHEME: Final = b"AWS "
_HEADER: Final = re.compile(r"AWS ([^\s:]+):(\S+)")


def is_signed_v2(head: RequestHead) -> bool:
    """Whether the Authorization header means to carry a Signature Version 2, and the query none of
    any version."""
    authorization = head.raw_header(b"authorization")
    if authorization is None or not authorization.startswith(_SCHEME):
        return False
    return not head.raw_query or not (is_presigned(head) or is_presigned_v2(head))


def read_signed_v2(
    head: RequestHead, *, now_s: int, skew_seconds_max: int, bucket_in_host: str | None
) -> SignatureClaimV2:
    """The claim of a request for which `is_signed_v2` holds.

    Args:
        now_s: the server's time, seconds since 1970.
        skew_seconds_max: how far the request's time may be from it.
    Raises:
        S3Error: InvalidArgument (the header is ill-formed), AccessDenied (no date, or none of this
            era), RequestTimeTooSkewed.
    """
    authorization = (head.raw_header(b"authorization") or b"").decode("latin-1")
    match = _HEADER.fullmatch(authorization)
    if match is None:
        raise invalid_argument(
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            "Authorization",
            authorization,
        )
    access_key, signature = match.groups()
    amazon_date = head.header("x-amz-date")
    date = head.header("date") or ""
    _check_time(
        date if amazon_date is None else amazon_date,
        now_s=now_s,
        skew_seconds_max=skew_seconds_max,
    )
    return SignatureClaimV2(
        access_key,
        signature,
        # Where x-amz-date is sent it is signed as a header, and the line of Date is empty.
        strings_to_sign(
            head, date=date if amazon_date is None else "", bucket_in_host=bucket_in_host
        ),
        head.header("x-amz-security-token"),
    )


def _check_time(text: str, *, now_s: int, skew_seconds_max: int) -> None:
    moment = parse_http_date(text)
    seconds = parse_iso_basic(text) if moment is None else moment[1]
    if seconds is None:
        raise S3Error(
            "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"
        )
    if abs(now_s - seconds) > skew_seconds_max:
        raise S3Error(
            "RequestTimeTooSkewed",
            details={
                "RequestTime": text,
                "ServerTime": iso_extended(now_s),
                "MaxAllowedSkewMilliseconds": str(skew_seconds_max * 1000),
            },
        )
