"""What a signed request claims: the value, and the checks its two written forms share.

Reading the Authorization header is in `sigv4`, reading the query string in `presigned`. Nothing
here knows a key; a claim proves nothing until `sigv4.verify` has accepted it.
Source: S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error, named_as_not_implemented
from trioxygen.gateway.protocol.head import RequestHead

ALGORITHM: Final = "AWS4-HMAC-SHA256"
ALGORITHM_V4A: Final = "AWS4-ECDSA-P256-SHA256"
SERVICE: Final = "s3"
TERMINATOR: Final = "aws4_request"
_REGION_DEFAULT: Final = "us-east-1"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
# What the names of all chunked forms of a body begin with.
STREAMING: Final = "STREAMING-"

HEADER_TOKEN: Final = r"[a-z0-9!#$%&'*+.^_`|~-]+"
SIGNED_HEADERS: Final = re.compile(rf"{HEADER_TOKEN}(?:;{HEADER_TOKEN})*")

_MEANING: Final = (b"x-amz-", b"x-o3-")
# Unsigned. What an explanation shows hangs on it (`explain.explainer`), nothing else.
_NEVER_MATTER: Final = ("x-amz-content-sha256", "x-o3-canonical-request", "x-o3-explain")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"[0-9]{8}")
_ISO_BASIC: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
_HTTP_DATE_LENGTH_MAX: Final = 64
_EXPECTED_CREDENTIAL: Final = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureClaim:
    """A well-formed, timely, but not yet verified SigV4 signature.

    Args:
        access_key: access key id.
        date: `YYYYMMDD` of the credential scope, equal to the first 8 characters of `timestamp`.
        region: region of the scope.
        service: whom the request is for, `s3`.
        signed_headers: lower-case names in the client's order; contains `host`.
        signature: as sent, 64 hex digits if honest.
        timestamp: `YYYYMMDDTHHMMSSZ`, as it is written in the string to sign.
        timestamp_s: the same, in seconds since 1970.
        expires_seconds: 1 to 604800 for a presigned request, None otherwise.
        payload_hash: the last line of the canonical request; "": the client did not say it, as
            those of other services than S3 do, and it is the body's.
        session_token: X-Amz-Security-Token, None when absent.
        presigned: signed in the query string.
    """

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    timestamp_s: int
    expires_seconds: int | None
    payload_hash: str
    session_token: str | None = field(repr=False)
    presigned: bool

    @property
    def scope(self) -> str:
        """The credential scope, `date/region/service/aws4_request`."""
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"

    def string_to_sign(self, canonical_request: bytes) -> bytes:
        intro = f"{ALGORITHM}\n{self.timestamp}\n{self.scope}\n".encode()
        return intro + sha256(canonical_request).hexdigest().encode()


@dataclass(frozen=True, slots=True)
class Form:
    """How one written form of a signature names its mistakes."""

    code: str
    prefix: str
    date_name: str

    def refused(self, problem: str, details: dict[str, str] | None = None) -> S3Error:
        """The error for a malformed credential."""
        # Clients that asked at a wrong place look for the right one in this header.
        headers = {"x-amz-bucket-region": details["Region"]} if details else None
        return S3Error(self.code, f"{self.prefix}; {problem}", details=details, headers=headers)


def read_scope(
    credential: str,
    form: Form,
    *,
    timestamp: str,
    regions: Collection[str] | None,
    service: str = SERVICE,
) -> tuple[str, str, str]:
    """Split and check `AKID/YYYYMMDD/REGION/SERVICE/aws4_request`.

    Args:
        timestamp: the request's, `YYYYMMDDTHHMMSSZ`; its day must be the scope's.
        regions: acceptable ones, the first is the one named in the error; None accepts any.
        service: whom the request is for.
    Returns:
        (access key id, date, region).
    Raises:
        S3Error: `form.code`, with AWS's words.
    """
    parts = credential.rsplit("/", 4)
    if len(parts) != 5:
        raise form.refused(f"the Credential is mal-formed; expecting {_EXPECTED_CREDENTIAL}.")
    access_key, date, region, named, terminator = parts
    if not access_key:
        raise form.refused("a non-empty Access Key (AKID) must be provided in the credential.")
    if date != timestamp[:8]:
        if not _DATE.fullmatch(date):
            raise form.refused(
                f'incorrect date format "{date}".'
                ' This date in the credential must be in the format "yyyyMMdd".'
            )
        raise form.refused(
            f'Invalid credential date "{date}".'
            f' This date is not the same as {form.date_name}: "{timestamp[:8]}".'
        )
    if regions is not None and region not in regions:
        expected = next(iter(regions), "")
        raise form.refused(
            f"the region '{region}' is wrong; expecting '{expected}'", {"Region": expected}
        )
    # IAM and STS are of no region, and some clients sign for none.
    if not region and service == SERVICE:
        # Clients ask again, for the region that is named.
        expected = next(iter(regions or ()), _REGION_DEFAULT)
        raise form.refused(
            "a non-empty region must be provided in the credential.", {"Region": expected}
        )
    if named != service:
        raise form.refused(f'incorrect service "{named}". This endpoint belongs to "{service}".')
    if terminator != TERMINATOR:
        raise form.refused(f'incorrect terminal "{terminator}". This endpoint uses "{TERMINATOR}".')
    return access_key, date, region


def check_headers_are_signed(head: RequestHead, signed_headers: tuple[str, ...]) -> None:
    """Refuse a request in which a header that changes its meaning is not signed.

    `host` and every `x-amz-*` header must be (an unsigned x-amz-copy-source would turn a presigned
    upload into a copy), and of ours all but those that only ask for an explanation.
    x-amz-content-sha256 is exempt: its value is part of what is signed, or it constrains nothing
    but the body, which a presigned request leaves open.

    Raises:
        S3Error: AccessDenied with HeadersNotSigned, as AWS.
    """
    unsigned = [
        text
        for name, _ in head.headers
        if name.startswith(_MEANING)
        and (text := name.decode("latin-1")) not in signed_headers
        and text not in _NEVER_MATTER
    ]
    if "host" not in signed_headers:
        unsigned.insert(0, "host")
    if unsigned:
        raise S3Error(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            details={"HeadersNotSigned": ", ".join(dict.fromkeys(unsigned))},
        )


def v4a_refused(named: str = ALGORITHM_V4A, *, header: str | None = None) -> S3Error:
    """The answer to Signature Version 4A, wherever it is named.

    Args:
        named: how.
        header: in which, if in one that is not the signature's own.
    """
    return named_as_not_implemented(
        f"Signature Version 4A ({named}) is not supported. Sign with Version 4 ({ALGORITHM}), for"
        " one region: without a region set, and not for a multi-region access point.",
        header=header,
    )


def parse_iso_basic(text: str) -> int | None:
    """Seconds since 1970 of `YYYYMMDDTHHMMSSZ`; None if it is not that, or before 1970."""
    match = _ISO_BASIC.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        since = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _EPOCH
    except ValueError:
        return None
    seconds = since.days * 86_400 + since.seconds
    return seconds if seconds >= 0 else None


def parse_http_date(text: str) -> tuple[str, int] | None:
    """(`YYYYMMDDTHHMMSSZ`, seconds since 1970) of an RFC 9110 date; None if it is not one."""
    if not text or len(text) > _HTTP_DATE_LENGTH_MAX:
        return None
    try:
        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    since = moment - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    if seconds < 0:
        return None
    # Not strftime: %Y has no leading zeros before the year 1000 on glibc, and this is plainer.
    stamp = moment.replace(microsecond=0, tzinfo=None).isoformat()
    return stamp.replace("-", "").replace(":", "") + "Z", seconds


def iso_extended(seconds: int) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, as S3 writes times into error documents."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
