"""Who signed a request: asks the store for the derived signing key, and remembers it for a while.

The secret never leaves the store: what is cached is scoped to a day, a region and a service."""

from collections import OrderedDict
from dataclasses import dataclass, field

from trioxygen.common.clock import Clock
from trioxygen.common.errors import NoSuchAccessKey
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.auth.presigned_v2 import SignatureClaimV2
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.store.port import Accounts
from trioxygen.gateway.store.values.accounts import Account


@dataclass(frozen=True, slots=True)
class Credential:
    signing_key: bytes = field(repr=False)
    account: Account
    fetched_ms: float


class Credentials:
    """Args:
    kept_ms: for how long a revoked key may still be accepted; at most 60,000.
    entries_max: those that were fetched first go first."""

    def __init__(
        self, accounts: Accounts, clock: Clock, *, kept_ms: float, entries_max: int = 10_000
    ) -> None:
        assert kept_ms <= 60_000, "keys are remembered too long"
        self._accounts, self._clock = accounts, clock
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
        try:
            derived = await self._accounts.derive_signing_key(
                access_key=claim.access_key,
                date=claim.date,
                region=claim.region,
                service=claim.service,
            )
        except NoSuchAccessKey as error:
            raise _unknown(claim.access_key) from error
        credential = Credential(derived.key, derived.account, now_ms)
        self._known[scope] = credential
        if len(self._known) > self._entries_max:
            self._known.popitem(last=False)
        return credential

    async def verify_v2(self, claim: SignatureClaimV2) -> Account:
        """Whose signature it is. Nothing is remembered: the store compares each one.

        Raises S3Error InvalidAccessKeyId, SignatureDoesNotMatch."""
        _check_access_key(claim.access_key)
        for string_to_sign in claim.strings_to_sign:
            try:
                signer = await self._accounts.verify_signature_v2(
                    access_key=claim.access_key,
                    string_to_sign=string_to_sign,
                    signature=claim.signature,
                )
            except NoSuchAccessKey as error:
                raise _unknown(claim.access_key) from error
            if signer is not None:
                return signer.account
        raise claim.mismatch()


def _check_access_key(access_key: str) -> None:
    """What a query can carry and no record can hold is not even asked for."""
    if "\0" in access_key:
        raise _unknown(access_key)


def _unknown(access_key: str) -> S3Error:
    return S3Error("InvalidAccessKeyId", details={"AWSAccessKeyId": access_key})
