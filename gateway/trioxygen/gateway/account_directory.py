"""Whose an account id, a canonical id or an e-mail address is: asked of the store, remembered.

What names an account never changes; what it is called may, and is not remembered for long. That
there is no such account is not remembered at all, nor what it blocks: `kept_documents` does."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from trioxygen.common.clock import Clock
from trioxygen.common.errors import Corrupt
from trioxygen.common.units import MINUTE_MS
from trioxygen.gateway.protocol.settings.public_access import (
    load_public_access,
    store_public_access,
)
from trioxygen.gateway.store.iam_port import AccountDirectory
from trioxygen.gateway.store.values.acls import PublicAccessBlock
from trioxygen.gateway.store.values.iam import AccountDetails

_KEPT_MAX: Final = 4_096
_DETAILS_KEPT_MS: Final = 5 * MINUTE_MS
# What an account's block is stored as.
_PUBLIC_ACCESS_BLOCK: Final = "public_access_block"

_Value = TypeVar("_Value")


class _Kept(Generic[_Value]):
    """At most `_KEPT_MAX`, those that were asked for last."""

    def __init__(self, clock: Clock, kept_ms: float) -> None:
        self._clock, self._kept_ms = clock, kept_ms
        self._rows: OrderedDict[str, tuple[_Value, float]] = OrderedDict()

    def get(self, name: str) -> _Value | None:
        row = self._rows.get(name)
        if row is None or row[1] <= self._clock.monotonic_ms():
            return None
        self._rows.move_to_end(name)
        return row[0]

    def keep(self, name: str, value: _Value) -> None:
        self._rows[name] = value, self._clock.monotonic_ms() + self._kept_ms
        self._rows.move_to_end(name)
        if len(self._rows) > _KEPT_MAX:
            self._rows.popitem(last=False)


class KnownAccounts:
    def __init__(self, directory: AccountDirectory, clock: Clock) -> None:
        self._directory = directory
        self._by_id: _Kept[AccountDetails] = _Kept(clock, _DETAILS_KEPT_MS)
        self._by_canonical_id: _Kept[AccountDetails] = _Kept(clock, _DETAILS_KEPT_MS)

    async def of(self, account_id: str) -> AccountDetails | None:
        details = self._by_id.get(account_id)
        if details is None:
            details = self._keep(await self._directory.find(account_id=account_id))
        return details

    async def of_canonical_id(self, canonical_id: str) -> AccountDetails | None:
        details = self._by_canonical_id.get(canonical_id)
        if details is None:
            details = self._keep(await self._directory.find(canonical_id=canonical_id))
        return details

    async def of_email(self, email: str) -> AccountDetails | None:
        return self._keep(await self._directory.find(email=email))

    async def canonical_id_of(self, account_id: str) -> str:
        """Raises: Corrupt: something is of an account that there is not."""
        details = await self.of(account_id)
        if details is None:
            raise Corrupt("an owner is no account", account_id=account_id)
        return details.canonical_id

    def _keep(self, details: AccountDetails | None) -> AccountDetails | None:
        if details is not None:
            self._by_id.keep(details.account_id, details)
            self._by_canonical_id.keep(details.canonical_id, details)
        return details


async def public_access_of(
    directory: AccountDirectory, account_id: str
) -> PublicAccessBlock | None:
    """What the account blocks for all its buckets, as it is now; None: it has no block.

    Raises: Corrupt."""
    stored = await directory.get_setting(account_id, _PUBLIC_ACCESS_BLOCK)
    try:
        return None if stored is None else load_public_access(stored)
    except ValueError as error:
        raise Corrupt("a public access block", account_id=account_id) from error


async def set_public_access(
    directory: AccountDirectory, account_id: str, block: PublicAccessBlock | None
) -> None:
    """In force with the next request. Args: block: None: it goes."""
    document = None if block is None else store_public_access(block)
    await directory.put_setting(account_id, _PUBLIC_ACCESS_BLOCK, document)
