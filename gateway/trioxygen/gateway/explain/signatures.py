"""What is wrong with a signature: which part of the request is another one than was signed, and
what a proxy may have made of it. Pure: the key is an argument, and never shown."""

import binascii
import hmac
from base64 import b64decode
from itertools import islice
from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.auth.sigv4 import read_claim
from trioxygen.gateway.explain.canonical_request import CanonicalRequest, as_arrived, parsed
from trioxygen.gateway.explain.difference import differences, first_difference
from trioxygen.gateway.explain.explanation import SignatureView
from trioxygen.gateway.explain.hosts import Surroundings
from trioxygen.gateway.explain.masking import masked
from trioxygen.gateway.explain.rewrites import rewrites
from trioxygen.gateway.explain.signing_clock import signed_time_s
from trioxygen.gateway.protocol.head import RequestHead

CLIENTS_REQUEST: Final = "x-o3-canonical-request"
# Signatures that are worked out for one explanation, and bytes that are hashed for them.
TRIES_MAX: Final = 160
TRIED_BYTES_MAX: Final = 512 * KIB


def claim_again(head: RequestHead) -> SignatureClaim | None:
    """What a refused request claims, whatever its time and its region; None: it is not signed.

    Raises: S3Error: it cannot be read as Version 4."""
    return read_claim(head, now_s=signed_time_s(head) or 0, regions=None)


def signature_view(
    claim: SignatureClaim,
    head: RequestHead,
    signing_key: bytes | None,
    surroundings: Surroundings,
    *,
    is_right: bool,
) -> tuple[SignatureView, list[str]]:
    """What is shown, and findings.

    Args:
        signing_key: None: there is no such key, or it cannot be asked for now.
        is_right: it was verified. Of what was refused before that, it is looked at here.
    """
    arrived = as_arrived(claim, head)
    text = arrived.text()
    missing = [name for name in claim.signed_headers if head.raw_header(name.encode()) is None]
    client, findings = _clients_request(head)
    parts = [] if client is None else differences(arrived, client)
    findings += [part.sentence for part in parts]
    if signing_key is not None:
        is_right = is_right or _is_signed_by(claim, arrived, signing_key)
    key_is_right: bool | None = True if is_right else None
    if not is_right:
        findings = [_missing_header(name) for name in missing] + findings
        if signing_key is not None:
            key_is_right, said = _tried(claim, head, arrived, client, signing_key, surroundings)
            findings = said + findings
    view = SignatureView(
        version="4",
        access_key=claim.access_key,
        is_right=is_right,
        key_is_right=key_is_right,
        scope=claim.scope,
        signed_headers=claim.signed_headers,
        missing_headers=missing,
        canonical_request=masked(text),
        string_to_sign=masked(claim.string_to_sign(text)),
        differs_at=None if client is None else first_difference(arrived, client),
        differences=parts,
    )
    return view, findings


def _clients_request(head: RequestHead) -> tuple[CanonicalRequest | None, list[str]]:
    """What the client says that it signed, and what is wrong with that."""
    encoded = head.raw_header(CLIENTS_REQUEST.encode())
    if encoded is None:
        return None, []
    try:
        client = parsed(b64decode(encoded, validate=True))
    except binascii.Error:
        return None, [f"{CLIENTS_REQUEST} is not base64."]
    return client, [] if client else [f"{CLIENTS_REQUEST} is no canonical request in base64."]


def _tried(
    claim: SignatureClaim,
    head: RequestHead,
    arrived: CanonicalRequest,
    client: CanonicalRequest | None,
    signing_key: bytes,
    surroundings: Surroundings,
) -> tuple[bool | None, list[str]]:
    """(whether the client has the right secret; None: it cannot be said; findings)."""
    if client is not None:
        if _is_signed_by(claim, client, signing_key):
            return True, [
                "The secret key is right: the signature is that of the canonical request that the"
                " client says it signed. What differs was changed on the way."
            ]
        if client == arrived:
            return False, [
                "The secret key is another one: the client has signed what arrived, and its"
                " signature differs."
            ]
    sentence = _right_rewrite(claim, head, arrived, signing_key, surroundings)
    if sentence is not None:
        return True, [f"The secret key is right. {sentence}"]
    return None, [
        "The signature is right for no rewriting that was tried: the secret key is another one, or"
        " a proxy has changed something else. Give the endpoint that the client uses"
        f" (x-o3-explain: URL), or what it has signed ({CLIENTS_REQUEST}, base64)."
    ]


def _right_rewrite(
    claim: SignatureClaim,
    head: RequestHead,
    arrived: CanonicalRequest,
    signing_key: bytes,
    surroundings: Surroundings,
) -> str | None:
    guesses = rewrites(arrived, head, surroundings)
    size = len(arrived.text())
    for guess in islice(guesses, min(TRIES_MAX, 1 + TRIED_BYTES_MAX // size)):
        if _is_signed_by(claim, guess.signed, signing_key):
            return guess.sentence
    return None


def _is_signed_by(claim: SignatureClaim, request: CanonicalRequest, signing_key: bytes) -> bool:
    signature = hmac.digest(signing_key, claim.string_to_sign(request.text()), "sha256").hex()
    return hmac.compare_digest(signature.encode(), claim.signature.encode())


def _missing_header(name: str) -> str:
    return (
        f"The header {name} is signed and did not arrive: a proxy has taken it away, or renamed it."
    )
