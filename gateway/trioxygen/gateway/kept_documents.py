"""What decides about access to buckets, read once of each state of it.

A bucket's record says which state it has, and which state identities have, what its account blocks
among them: a change is in force with the next request, and a request in a bucket of which nothing
was ever set costs nothing."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from trioxygen.common.errors import Corrupt
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.access.acl import load_acl
from trioxygen.gateway.access.documents import UNSET, BucketDocuments
from trioxygen.gateway.access.policy.verdict import Policy
from trioxygen.gateway.access.public_access import ALL_BLOCKED, NOTHING_BLOCKED, PublicAccessBlock
from trioxygen.gateway.account_directory import public_access_of
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.ownership import load_ownership
from trioxygen.gateway.protocol.settings.public_access import load_public_access
from trioxygen.gateway.protocol.settings.request_payment import Payer, load_request_payment
from trioxygen.gateway.protocol.xml.cors import read_cors
from trioxygen.gateway.store.iam_port import AccountDirectory
from trioxygen.gateway.store.port import Settings
from trioxygen.gateway.store.values.buckets import Bucket, SettingKind
from trioxygen.gateway.store.values.cors import CorsRules

# Raises S3Error, ValueError: it is no policy.
ReadBucketPolicy = Callable[[bytes, str], Policy]

KINDS: Final = (
    SettingKind.ACL,
    SettingKind.POLICY,
    SettingKind.PUBLIC_ACCESS_BLOCK,
    SettingKind.OWNERSHIP,
    SettingKind.CORS,
    SettingKind.REQUEST_PAYMENT,
)
_KEPT_BYTES_MAX: Final = 32 * MIB
# What a policy that was read takes for a byte of its text: as `access.policy.cache` counts it.
_BYTES_FOR_A_BYTE: Final = 32
# Counted for a bucket besides its documents.
_ROW_BYTES: Final = KIB


class _Kept(NamedTuple):
    """block: the bucket's own; `documents` has what holds together with its account's, as of the
    revision of identities."""

    revision: int
    identity_revision: int
    documents: BucketDocuments
    block: PublicAccessBlock
    size_bytes: int


class KeptDocuments:
    def __init__(
        self, settings: Settings, directory: AccountDirectory, read_policy: ReadBucketPolicy
    ) -> None:
        self._settings, self._directory, self._read_policy = settings, directory, read_policy
        # By bucket; the one that was asked for last is the last.
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._kept_bytes = 0

    async def of(self, bucket: Bucket) -> BucketDocuments:
        """Raises: NoSuchBucket; Corrupt: they cannot be read, and might deny."""
        if not bucket.access_revision:
            return UNSET
        kept = self._kept.get(bucket.bucket_id)
        if kept is None or kept.revision != bucket.access_revision:
            kept = await self._read(bucket)
        # Another one, not a later one: a store that was loaded from a dump has its own.
        elif kept.identity_revision != bucket.identity_revision:
            kept = await self._with_account(kept, bucket)
        else:
            self._kept.move_to_end(bucket.bucket_id)
            return kept.documents
        self._keep(bucket.bucket_id, kept)
        return kept.documents

    async def _with_account(self, kept: _Kept, bucket: Bucket) -> _Kept:
        """With what the account blocks, by the revision that the bucket came with: what is read
        here is no older. Nothing is asked where the bucket blocks all itself."""
        documents, block = kept.documents, kept.block
        if block != ALL_BLOCKED:
            of_account = await public_access_of(self._directory, bucket.account_id)
            of_account = of_account or NOTHING_BLOCKED
            if of_account != documents.account_block:
                documents = replace(
                    documents, public_access=block.union(of_account), account_block=of_account
                )
        return kept._replace(identity_revision=bucket.identity_revision, documents=documents)

    async def _read(self, bucket: Bucket) -> _Kept:
        now_there, rows = await self._settings.lookup(bucket.volume, bucket.name, KINDS)
        stored: dict[SettingKind, bytes] = {}
        if now_there.bucket_id == bucket.bucket_id:
            stored = {row.kind: row.document for row in rows}
        try:
            block = _block(stored.get(SettingKind.PUBLIC_ACCESS_BLOCK))
            documents = self._documents(bucket, stored, block)
        except (S3Error, ValueError) as error:
            raise Corrupt("what decides about access", bucket=bucket.name) from error
        size_bytes = _ROW_BYTES + sum(map(len, stored.values()))
        size_bytes += _BYTES_FOR_A_BYTE * len(stored.get(SettingKind.POLICY, b""))
        kept = _Kept(now_there.access_revision, 0, documents, block, size_bytes)
        return await self._with_account(kept, bucket)

    def _documents(
        self, bucket: Bucket, stored: Mapping[SettingKind, bytes], block: PublicAccessBlock
    ) -> BucketDocuments:
        acl, policy = stored.get(SettingKind.ACL), stored.get(SettingKind.POLICY)
        ownership = stored.get(SettingKind.OWNERSHIP)
        payment = stored.get(SettingKind.REQUEST_PAYMENT)
        return BucketDocuments(
            acl=None if acl is None else load_acl(acl),
            ownership=UNSET.ownership if ownership is None else load_ownership(ownership),
            public_access=block,
            requester_pays=payment is not None and load_request_payment(payment) is Payer.REQUESTER,
            policy=None if policy is None else self._read_policy(policy, bucket.name),
            cors=_cors(stored.get(SettingKind.CORS)),
        )

    def _keep(self, bucket_id: int, kept: _Kept) -> None:
        before = self._kept.pop(bucket_id, None)
        self._kept_bytes += kept.size_bytes - (0 if before is None else before.size_bytes)
        self._kept[bucket_id] = kept
        while self._kept_bytes > _KEPT_BYTES_MAX:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.size_bytes


def _cors(stored: bytes | None) -> CorsRules:
    """As they are compared with what a page asks: names of headers in lower case."""
    rules = () if stored is None else read_cors(stored)
    return tuple([rule._replace(headers=tuple(map(str.lower, rule.headers))) for rule in rules])


def _block(stored: bytes | None) -> PublicAccessBlock:
    """Of a bucket: nothing stored means AWS's default, one that was deleted blocks nothing."""
    return ALL_BLOCKED if stored is None else load_public_access(stored) or NOTHING_BLOCKED
