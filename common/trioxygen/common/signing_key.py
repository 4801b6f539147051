"""What is made of a secret access key: the scoped signing key of AWS Signature Version 4, and
signatures of Version 2.

The OM derives the key from a stored secret and hands only the result to gateways; nothing else of
SigV4 lives here. Source: AWS SigV4, "Create a signed AWS API request", derive the signing key.
"""

import hmac
from base64 import b64encode


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


def is_signature_v2(*, secret: str, string_to_sign: bytes, signature: str) -> bool:
    """Whether the base64 text is the HMAC-SHA1 of the string, in constant time.

    Source: S3 user guide, "Signing and authenticating REST requests (AWS signature version 2)".
    """
    made = b64encode(hmac.digest(secret.encode(), string_to_sign, "sha1"))
    return hmac.compare_digest(made, signature.encode())
