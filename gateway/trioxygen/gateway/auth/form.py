"""Who signed a POST form: Signature Version 4 or 2 of its policy, in its fields. Pure.

What is signed is the policy as it is sent, in base64.
Source: S3 API, "Authenticating requests: browser-based uploads using POST"; S3 user guide,
"Browser-based uploads using POST (AWS signature version 2)".
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.auth.claim import (
    ALGORITHM,
    ALGORITHM_V4A,
    SERVICE,
    UNSIGNED_PAYLOAD,
    Form,
    SignatureClaim,
    parse_iso_basic,
    read_scope,
    v4a_refused,
)
from trioxygen.gateway.auth.presigned_v2 import SignatureClaimV2
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.post_form import POLICY, missing_field

_ALGORITHM: Final = "x-amz-algorithm"
_CREDENTIAL: Final = "x-amz-credential"
_DATE: Final = "x-amz-date"
_SIGNATURE: Final = "x-amz-signature"
_TOKEN: Final = "x-amz-security-token"
_VERSION_4: Final = (POLICY, _ALGORITHM, _CREDENTIAL, _DATE, _SIGNATURE)
_ACCESS_KEY: Final = "awsaccesskeyid"
_SIGNATURE_V2: Final = "signature"
# As the documentation spells them.
_VERSION_2: Final = {_ACCESS_KEY: "AWSAccessKeyId", POLICY: POLICY, _SIGNATURE_V2: _SIGNATURE_V2}


@dataclass(frozen=True, slots=True)
class _CredentialField(Form):
    """How S3 names mistakes in the field."""

    credential: str

    def refused(self, problem: str, details: dict[str, str] | None = None) -> S3Error:
        return invalid_argument(problem, _CREDENTIAL, self.credential)


def read_form_claim(
    fields: Mapping[str, str], *, regions: Collection[str] | None
) -> SignatureClaim | SignatureClaimV2 | None:
    """What the form says about who signed it; None: nobody. Nothing is proved yet.

    Args:
        fields: by name in lower case.
        regions: see `sigv4.read_claim`.
    Raises: InvalidArgument, NotImplemented (SigV4A).
    """
    is_version_4 = any(name in fields for name in _VERSION_4[1:])
    if not is_version_4 and (_ACCESS_KEY in fields or _SIGNATURE_V2 in fields):
        return _read_version_2(fields)
    if is_version_4 or POLICY in fields:
        return _read_version_4(fields, regions)
    return None


def _read_version_2(fields: Mapping[str, str]) -> SignatureClaimV2:
    for name, shown in _VERSION_2.items():
        if name not in fields:
            raise missing_field(shown)
    return SignatureClaimV2(
        fields[_ACCESS_KEY],
        fields[_SIGNATURE_V2],
        (fields[POLICY].encode(),),
        fields.get(_TOKEN),
    )


def _read_version_4(fields: Mapping[str, str], regions: Collection[str] | None) -> SignatureClaim:
    algorithm = fields.get(_ALGORITHM)
    if algorithm == ALGORITHM_V4A:
        raise v4a_refused()
    for name in _VERSION_4:
        if name not in fields:
            raise missing_field(name)
    if algorithm != ALGORITHM:
        raise invalid_argument(f"Only {ALGORITHM} is supported", _ALGORITHM, algorithm or "")
    timestamp = fields[_DATE]
    timestamp_s = parse_iso_basic(timestamp)
    if timestamp_s is None:
        raise invalid_argument(
            "X-Amz-Date must be formated via ISO8601 Long format", _DATE, timestamp
        )
    credential = fields[_CREDENTIAL]
    access_key, date, region = read_scope(
        credential,
        _CredentialField("InvalidArgument", "", "X-Amz-Date", credential),
        timestamp=timestamp,
        regions=regions,
    )
    return SignatureClaim(
        access_key=access_key,
        date=date,
        region=region,
        service=SERVICE,
        signed_headers=(),
        signature=fields[_SIGNATURE],
        timestamp=timestamp,
        timestamp_s=timestamp_s,
        expires_seconds=None,
        payload_hash=UNSIGNED_PAYLOAD,
        session_token=fields.get(_TOKEN),
        presigned=False,
    )


def verify_form(claim: SignatureClaim, policy: str, signing_key: bytes) -> None:
    """Return if the claim's signature is the one `signing_key` gives for this policy.

    Raises: SignatureDoesNotMatch."""
    signed = policy.encode()
    signature = hmac.digest(signing_key, signed, "sha256").hex().encode()
    if hmac.compare_digest(signature, claim.signature.encode()):
        return
    raise S3Error(
        "SignatureDoesNotMatch",
        details={
            "AWSAccessKeyId": claim.access_key,
            "StringToSign": policy,
            "SignatureProvided": claim.signature,
            "StringToSignBytes": signed.hex(" "),
        },
    )
