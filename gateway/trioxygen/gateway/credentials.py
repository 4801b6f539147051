"""Who signed a request: asks the OM for the derived signing key, and remembers it for some seconds.

The secret never leaves the OM: what is cached is scoped to a day, a region and a service."""

from collections import OrderedDict
from dataclasses import dataclass

from trioxygen.common.clock import Clock
from trioxygen.common.errors import NoSuchAccessKey
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.auth.presigned_v2 import SignatureClaimV2
from trioxygen.gateway.backend import ObjectBackend
from trioxygen.gateway.s3.errors import S3Error
from trioxygen.proto.v1.om_pb2 import (
    DeriveSigningKeyReply,
    DeriveSigningKeyRequest,
    VerifySignatureV2Reply,
    VerifySignatureV2Request,
)
from trioxygen.proto.v1.types_pb2 import Account


@dataclass(frozen=True, slots=True)
class Credential:
    signing_key: bytes
    account: Account
    fetched_ms: float


class Credentials:
    """Args:
    kept_ms: for how long a revoked key may still be accepted; at most 60,000.
    entries_max: the least recently used go first."""

    def __init__(
        self, backend: ObjectBackend, clock: Clock, *, kept_ms: float, entries_max: int = 10_000
    ) -> None:
        assert kept_ms <= 60_000, "keys are remembered too long"
        self._backend, self._clock = backend, clock
        self._kept_ms, self._entries_max = kept_ms, entries_max
        self._known: OrderedDict[tuple[str, str, str], Credential] = OrderedDict()

    async def find(self, claim: SignatureClaim) -> Credential:
        """Raises S3Error InvalidAccessKeyId."""
        scope = (claim.access_key, claim.date, claim.region)
        known = self._known.get(scope)
        now_ms = self._clock.monotonic_ms()
        if known is not None and now_ms - known.fetched_ms < self._kept_ms:
            return known
        self._known.pop(scope, None)
        _check_access_key(claim.access_key)
        request = DeriveSigningKeyRequest(
            access_key=claim.access_key, date=claim.date, region=claim.region, service=claim.service
        )
        try:
            reply = await self._backend.call(request, DeriveSigningKeyReply)
        except NoSuchAccessKey as error:
            raise _unknown(claim.access_key) from error
        found = Credential(reply.signing_key, reply.account, now_ms)
        self._known[scope] = found
        if len(self._known) > self._entries_max:
            self._known.popitem(last=False)
        return found

    async def verify_v2(self, claim: SignatureClaimV2) -> Account:
        """Whose signature it is. Nothing is remembered: the OM compares each one.

        Raises S3Error InvalidAccessKeyId, SignatureDoesNotMatch."""
        _check_access_key(claim.access_key)
        for string_to_sign in claim.strings_to_sign:
            request = VerifySignatureV2Request(
                access_key=claim.access_key,
                string_to_sign=string_to_sign,
                signature=claim.signature,
            )
            try:
                reply = await self._backend.call(request, VerifySignatureV2Reply)
            except NoSuchAccessKey as error:
                raise _unknown(claim.access_key) from error
            if reply.valid:
                return reply.account
        raise claim.mismatch()


def _check_access_key(access_key: str) -> None:
    """What a query can carry and no record can hold is not even asked for."""
    if "\0" in access_key:
        raise _unknown(access_key)


def _unknown(access_key: str) -> S3Error:
    return S3Error("InvalidAccessKeyId", details={"AWSAccessKeyId": access_key})
