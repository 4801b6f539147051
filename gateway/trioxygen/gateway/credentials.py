"""Who signed a request: asks the store for the derived signing key, and remembers it for a while.

The secret never leaves the store: what is cached is scoped to a day, a region and a service."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

from trioxygen.common.clock import Clock
from trioxygen.common.errors import ExpiredToken, InvalidToken, NoSuchAccessKey
from trioxygen.gateway.access.caller import Caller
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.auth.claim import SERVICE, SignatureClaim
from trioxygen.gateway.auth.presigned_v2 import SignatureClaimV2
from trioxygen.gateway.identities import ReadPolicy, caller_of, permissions_of
from trioxygen.gateway.key_uses import KeyUses
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.store.port import Accounts
from trioxygen.gateway.store.values.accounts import Account, SigningKey

# Of a session token: long enough that nobody finds another one of the same.
_Scope = tuple[str, bytes, str, str, str]


@dataclass(frozen=True, slots=True)
class Credential:
    """revision: of all identities, when this one was read. expires_ms: wall time; None: never."""

    signing_key: bytes = field(repr=False)
    account: Account
    caller: Caller
    permissions: Permissions
    revision: int
    expires_ms: int | None
    fetched_ms: float


class Credentials:
    """Args:
    read_policy: of an identity; remembers what it has read.
    uses: notes which keys are used.
    kept_ms: for how long a revoked key may still be accepted; at most 60,000.
    entries_max: those that were fetched first go first."""

    def __init__(
        self,
        accounts: Accounts,
        clock: Clock,
        read_policy: ReadPolicy,
        uses: KeyUses,
        *,
        kept_ms: float,
        entries_max: int = 10_000,
    ) -> None:
        assert kept_ms <= 60_000, "keys are remembered too long"
        self._accounts, self._clock = accounts, clock
        self._read_policy, self._uses = read_policy, uses
        self._kept_ms, self._entries_max = kept_ms, entries_max
        self._known: OrderedDict[_Scope, Credential] = OrderedDict()

    async def find(self, claim: SignatureClaim) -> Credential:
        """Raises S3Error InvalidAccessKeyId, InvalidToken, ExpiredToken."""
        scope = _scope_of(claim)
        known = self._known.get(scope)
        if known is None or self._clock.monotonic_ms() - known.fetched_ms >= self._kept_ms:
            return await self._fetch(claim, scope)
        self._check_time(known, claim)
        return known

    async def renewed(self, claim: SignatureClaim, *, revision: int | None) -> Credential:
        """One that was read when identities had that revision; None: as they are now.

        Raises as `find`."""
        scope = _scope_of(claim)
        known = self._known.get(scope)
        if known is not None and revision is not None and known.revision == revision:
            return known
        return await self._fetch(claim, scope)

    async def _fetch(self, claim: SignatureClaim, scope: _Scope) -> Credential:
        self._known.pop(scope, None)
        _check_access_key(claim.access_key)
        fetched_ms = self._clock.monotonic_ms()
        with _as_s3_says(claim.access_key, claim.session_token):
            derived = await self._accounts.derive_signing_key(
                access_key=claim.access_key,
                date=claim.date,
                region=claim.region,
                service=claim.service,
                session_token=claim.session_token,
            )
        credential = self._credential(derived, fetched_ms)
        self._known[scope] = credential
        if len(self._known) > self._entries_max:
            self._known.popitem(last=False)
        self._uses.note(claim.access_key, claim.service, claim.region)
        return credential

    def _credential(self, derived: SigningKey, fetched_ms: float) -> Credential:
        identity = derived.identity
        return Credential(
            derived.key,
            derived.account,
            caller_of(derived.account, identity),
            permissions_of(identity, self._read_policy),
            identity.revision,
            identity.expires_ms,
            fetched_ms,
        )

    def _check_time(self, credential: Credential, claim: SignatureClaim) -> None:
        expires_ms = credential.expires_ms
        if expires_ms is not None and self._clock.wall_ms() >= expires_ms:
            raise _of_token("ExpiredToken", claim.session_token)

    async def verify_v2(self, claim: SignatureClaimV2) -> Credential:
        """Whose signature it is. Nothing is remembered: the store compares each one.

        Raises S3Error InvalidAccessKeyId, SignatureDoesNotMatch, ExpiredToken."""
        _check_access_key(claim.access_key)
        for string_to_sign in claim.strings_to_sign:
            with _as_s3_says(claim.access_key, claim.session_token):
                signer = await self._accounts.verify_signature_v2(
                    access_key=claim.access_key,
                    string_to_sign=string_to_sign,
                    signature=claim.signature,
                    session_token=claim.session_token,
                )
            if signer is not None:
                self._uses.note(claim.access_key, SERVICE, "")
                return self._credential(SigningKey(b"", signer.account, signer.identity), 0.0)
        raise claim.mismatch()


def _scope_of(claim: SignatureClaim) -> _Scope:
    token = claim.session_token
    digest = b"" if token is None else sha256(token.encode()).digest()
    return claim.access_key, digest, claim.date, claim.region, claim.service


@contextmanager
def _as_s3_says(access_key: str, session_token: str | None) -> Iterator[None]:
    """As S3 says what the store refuses."""
    try:
        yield
    except NoSuchAccessKey as error:
        raise _unknown(access_key) from error
    except InvalidToken as error:
        raise _of_token("InvalidToken", session_token) from error
    except ExpiredToken as error:
        raise _of_token("ExpiredToken", session_token) from error


def _of_token(code: str, session_token: str | None) -> S3Error:
    return S3Error(code, details={"Token-0": session_token or ""})


def _check_access_key(access_key: str) -> None:
    """What a query can carry and no record can hold is not even asked for."""
    if "\0" in access_key:
        raise _unknown(access_key)


def _unknown(access_key: str) -> S3Error:
    return S3Error("InvalidAccessKeyId", details={"AWSAccessKeyId": access_key})
