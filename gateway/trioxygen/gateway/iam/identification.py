"""Who signed a request of IAM or STS.

Nothing of it is remembered: what was changed is in force on the next request."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.auth.sigv4 import read_claim, verify
from trioxygen.gateway.credentials import Credentials
from trioxygen.gateway.iam.action import Signer
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.request import S3Request

_STS: Final = "sts"
_IAM: Final = "iam"
_SCOPE_OF_STS: Final = (b"/sts/aws4_request", b"%2Fsts%2Faws4_request")


class Identification:
    """Args: skew_seconds_max: how far a client's clock may be off."""

    def __init__(self, credentials: Credentials, clock: Clock, *, skew_seconds_max: int) -> None:
        self._credentials, self._clock = credentials, clock
        self._skew_seconds_max = skew_seconds_max

    async def identify(self, request: S3Request, body: bytes) -> Signer | None:
        """None: nobody signed. Raises: S3Errors of signatures; TrioxygenErrors."""
        head = request.head
        claim = read_claim(
            head,
            now_s=self._clock.wall_ms() // 1_000,
            # IAM is of no region: clients sign for the first of a partition.
            regions=None,
            skew_seconds_max=self._skew_seconds_max,
            service=_service_named(head),
        )
        if claim is None:
            return None
        # Whatever a header says of it.
        claim = replace(claim, payload_hash=sha256(body).hexdigest())
        # Also of a signature that is wrong: an explanation needs the body's digest.
        request.claim = claim
        credential = await self._credentials.renewed(claim, revision=None)
        verify(claim, head, credential.signing_key)
        request.account = credential.account
        request.caller = credential.caller
        return Signer(
            account=credential.account,
            caller=credential.caller,
            permissions=credential.permissions,
            is_session=credential.expires_ms is not None,
        )


def _service_named(head: RequestHead) -> str:
    """In the credential's scope: clients sign requests of STS for STS."""
    named = head.raw_header(b"authorization") or head.raw_query
    return _STS if any(scope in named for scope in _SCOPE_OF_STS) else _IAM


def keys_of_request(
    request: S3Request, claim: SignatureClaim | None, now_s: int, now_text: str
) -> dict[str, Sequence[str]]:
    """Condition keys of the request itself."""
    head = request.head
    keys: dict[str, Sequence[str]] = {
        "aws:securetransport": ("true" if request.scheme == "https" else "false",),
        "aws:currenttime": (now_text,),
        "aws:epochtime": (str(now_s),),
    }
    if request.peer:
        keys["aws:sourceip"] = (request.peer,)
    for name, key in (("user-agent", "aws:useragent"), ("referer", "aws:referer")):
        value = head.header(name)
        if value is not None:
            keys[key] = (value,)
    if claim is not None:
        keys["aws:requestedregion"] = (claim.region,)
    return keys
