"""What is set of buckets that decides who may do what in them, read once of each text of it.

A bucket's record says which texts it has: they are in force with the next request, and a request in
a bucket of which none was ever set costs nothing."""

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from trioxygen.common.errors import Corrupt
from trioxygen.gateway.access.acl import load_acl
from trioxygen.gateway.access.documents import UNSET, BucketDocuments
from trioxygen.gateway.account_directory import KnownAccounts
from trioxygen.gateway.protocol.settings.ownership import load_ownership
from trioxygen.gateway.protocol.settings.public_access import load_public_access
from trioxygen.gateway.protocol.settings.request_payment import Payer, load_request_payment
from trioxygen.gateway.store.port import Settings
from trioxygen.gateway.store.values.acls import NOTHING_BLOCKED
from trioxygen.gateway.store.values.buckets import Bucket, BucketSetting, SettingKind

_KEPT_MAX: Final = 4_096
_KINDS: Final = (
    SettingKind.ACL,
    SettingKind.OWNERSHIP,
    SettingKind.PUBLIC_ACCESS_BLOCK,
    SettingKind.REQUEST_PAYMENT,
)


class KeptDocuments:
    def __init__(self, settings: Settings, accounts: KnownAccounts) -> None:
        self._settings, self._accounts = settings, accounts
        # By bucket: (revision, what it has); the one that was asked for last is the last.
        self._kept: OrderedDict[int, tuple[int, BucketDocuments]] = OrderedDict()

    async def of(self, bucket: Bucket) -> BucketDocuments:
        """Raises: NoSuchBucket; Corrupt: they cannot be read."""
        if not bucket.access_revision:
            return UNSET
        documents = await self._own(bucket)
        blocked = await self._accounts.public_access_of(bucket.account_id)
        if blocked == NOTHING_BLOCKED:
            return documents
        return replace(documents, public_access=documents.public_access.union(blocked))

    async def _own(self, bucket: Bucket) -> BucketDocuments:
        kept = self._kept.get(bucket.bucket_id)
        if kept is not None and kept[0] == bucket.access_revision:
            self._kept.move_to_end(bucket.bucket_id)
            return kept[1]
        now_there, rows = await self._settings.lookup(bucket.volume, bucket.name, _KINDS)
        if now_there.bucket_id != bucket.bucket_id:
            return UNSET
        documents = UNSET
        for row in rows:
            try:
                documents = _with(documents, row)
            except ValueError as error:
                kind = row.kind.name.lower()
                raise Corrupt("a setting of a bucket", kind=kind, bucket=bucket.name) from error
        self._kept[bucket.bucket_id] = now_there.access_revision, documents
        self._kept.move_to_end(bucket.bucket_id)
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return documents


def _with(documents: BucketDocuments, row: BucketSetting) -> BucketDocuments:
    """Raises ValueError: it is not what was stored."""
    if row.kind is SettingKind.ACL:
        return replace(documents, acl=load_acl(row.document))
    if row.kind is SettingKind.OWNERSHIP:
        return replace(documents, ownership=load_ownership(row.document))
    if row.kind is SettingKind.PUBLIC_ACCESS_BLOCK:
        block = load_public_access(row.document) or NOTHING_BLOCKED
        return replace(documents, public_access=block)
    payer = load_request_payment(row.document)
    return replace(documents, requester_pays=payer is Payer.REQUESTER)
