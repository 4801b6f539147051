"""Public keys of OpenID Connect providers, as they were last fetched."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from trioxygen.common.blocking import Blocking
from trioxygen.common.clock import Clock
from trioxygen.common.units import HOUR_MS, SECOND_MS
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.oidc.tokens import Jwk

_KEPT_MS: Final = HOUR_MS
# A key that is not there may have come since; who sends nonsense does not have it asked each time.
_AGAIN_MS: Final = 30 * SECOND_MS
_AFTER_FAILURE_MS: Final = 5 * SECOND_MS
_ISSUERS_MAX: Final = 256
# Of the pool's threads, which disks wait for as well.
_AT_ONCE: Final = 2
# Of requests: an issuer that is slow has those for others wait, but not any number of them.
_WAITING_MAX: Final = 100


class _Issuer:
    """Attributes: keys: None: there are none that may be used. failure: of the last try; None: it
    was none."""

    __slots__ = ("failure", "fetched_ms", "fetching", "keys", "tried_ms")

    def __init__(self) -> None:
        self.fetching = asyncio.Lock()
        self.keys: Sequence[Jwk] | None = None
        self.failure: IamError | None = None
        self.fetched_ms = self.tried_ms = 0.0


class SigningKeys:
    """Args: fetch: blocks; by an issuer's URL. Raises IamError."""

    def __init__(
        self, fetch: Callable[[str], Sequence[Jwk]], blocking: Blocking, clock: Clock
    ) -> None:
        self._fetch, self._blocking, self._clock = fetch, blocking, clock
        self._issuers: OrderedDict[str, _Issuer] = OrderedDict()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def find(self, issuer: str, kid: str | None) -> Sequence[Jwk]:
        """Of the issuer, fetched again where there is none of that id.

        Raises: IamError IDPCommunicationError: also when too many wait."""
        if self._waiting >= _WAITING_MAX:
            raise IamError(
                "IDPCommunicationError", "Too many requests wait for identity providers."
            )
        self._waiting += 1
        try:
            return await self._find(issuer, kid)
        finally:
            self._waiting -= 1

    async def _find(self, issuer: str, kid: str | None) -> Sequence[Jwk]:
        known = self._issuers.get(issuer)
        if known is None:
            known = self._issuers[issuer] = _Issuer()
            if len(self._issuers) > _ISSUERS_MAX:
                self._issuers.popitem(last=False)
        async with known.fetching:
            if self._is_due(known, kid):
                await self._renew(issuer, known)
            if known.keys is None:
                assert known.failure is not None, "neither keys nor why there are none"
                raise known.failure
            return known.keys

    def _is_due(self, known: _Issuer, kid: str | None) -> bool:
        now_ms = self._clock.monotonic_ms()
        since_try_ms = now_ms - known.tried_ms
        if known.keys is None or now_ms - known.fetched_ms >= _KEPT_MS:
            return known.failure is None or since_try_ms >= _AFTER_FAILURE_MS
        is_there = kid is None or any(key.get("kid") in (None, kid) for key in known.keys)
        return not is_there and since_try_ms >= _AGAIN_MS

    async def _renew(self, issuer: str, known: _Issuer) -> None:
        """Old keys are not kept beyond their time because their issuer does not answer."""
        async with self._at_once:
            try:
                known.keys = await self._blocking.run(self._fetch, issuer)
            except IamError as failure:
                known.failure = failure
                if self._clock.monotonic_ms() - known.fetched_ms >= _KEPT_MS:
                    known.keys = None
            else:
                known.failure, known.fetched_ms = None, self._clock.monotonic_ms()
        known.tried_ms = self._clock.monotonic_ms()
