"""Derivation of the scoped signing key of AWS Signature Version 4.

The OM derives it from a stored secret and hands only the result to gateways; nothing else of SigV4
lives here. Source: AWS SigV4, "Create a signed AWS API request", derive the signing key.
"""

import hmac


def derive_signing_key(*, secret: str, date: str, region: str, service: str) -> bytes:
    """The 32-byte key that signs requests of one credential scope.

    Args:
        secret: the secret access key, any text; UTF-8 is what signers use.
        date: `YYYYMMDD`, UTC, as written in the credential scope.
        region: as written in the credential scope, for example `us-east-1`.
        service: as written in the credential scope, `s3` for S3.
    """
    key = hmac.digest(b"AWS4" + secret.encode(), date.encode(), "sha256")
    key = hmac.digest(key, region.encode(), "sha256")
    key = hmac.digest(key, service.encode(), "sha256")
    return hmac.digest(key, b"aws4_request", "sha256")
