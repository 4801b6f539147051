"""What decides about access to a bucket is read once of each state of it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final, cast

import pytest

from trioxygen.common.errors import Corrupt
from trioxygen.gateway.access.acl import Acl, Grant, Group, Permission, dump_acl
from trioxygen.gateway.access.documents import UNSET, BucketDocuments
from trioxygen.gateway.access.ownership import Ownership
from trioxygen.gateway.access.policy.cache import PolicyCache
from trioxygen.gateway.access.public_access import (
    ALL_BLOCKED,
    NOTHING_BLOCKED,
    PublicAccessBlock,
)
from trioxygen.gateway.kept_documents import KINDS, KeptDocuments
from trioxygen.gateway.protocol.xml.cors import cors_document
from trioxygen.gateway.store.iam_port import AccountDirectory
from trioxygen.gateway.store.port import Settings
from trioxygen.gateway.store.values.buckets import Bucket, BucketSetting, SettingKind
from trioxygen.gateway.store.values.cors import CorsRule

POLICY: Final = b"""{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
 "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}"""
CORS_RULE: Final = CorsRule(("https://*.example",), ("GET",), ("X-A*",), ("ETag",))
# Names of headers are compared in lower case.
CORS_READ: Final = CORS_RULE._replace(headers=("x-a*",))
ACL: Final = Acl("1" * 64, (Grant(Group.ALL_USERS, Permission.READ),))
ALL_SET: Final = {
    SettingKind.ACL: dump_acl(ACL),
    SettingKind.POLICY: POLICY,
    SettingKind.PUBLIC_ACCESS_BLOCK: b"0100",
    SettingKind.OWNERSHIP: b"ObjectWriter",
    SettingKind.CORS: cors_document((CORS_RULE,)),
    SettingKind.REQUEST_PAYMENT: b"Requester",
}


def bucket(revision: int, *, bucket_id: int = 7, identities: int = 0) -> Bucket:
    made = Bucket("s3v", "b", bucket_id, "1", 0, "", access_revision=revision)
    return made._replace(identity_revision=identities)


class OneBucket:
    """What a store has of the bucket."""

    def __init__(self, documents: Mapping[SettingKind, bytes], revision: int = 1) -> None:
        self.documents, self.bucket, self.asked = documents, bucket(revision), 0

    async def lookup(
        self, volume: str, name: str, kinds: Collection[SettingKind]
    ) -> tuple[Bucket, Sequence[BucketSetting]]:
        assert (volume, name, tuple(kinds)) == ("s3v", "b", KINDS)
        self.asked += 1
        rows = [BucketSetting(kind, "", text, 1) for kind, text in self.documents.items()]
        return self.bucket, rows


class Accounts:
    """What is stored of the one that there is."""

    def __init__(self) -> None:
        self.stored: bytes | None = None
        self.asked = 0

    async def get_setting(self, account_id: str, kind: str) -> bytes | None:
        assert (account_id, kind) == ("1", "public_access_block")
        self.asked += 1
        return self.stored


def kept(store: OneBucket, accounts: Accounts | None = None) -> KeptDocuments:
    return KeptDocuments(
        cast(Settings, store),
        cast(AccountDirectory, accounts or Accounts()),
        PolicyCache(1 << 20).bucket_policy,
    )


def ask(documents: KeptDocuments, of: Bucket) -> BucketDocuments:
    return asyncio.run(documents.of(of))


def test_each_state_is_read_once() -> None:
    store = OneBucket(ALL_SET)
    documents = kept(store)
    assert ask(documents, bucket(0)) is UNSET and store.asked == 0
    read = ask(documents, bucket(1))
    assert ask(documents, bucket(1)) is read and store.asked == 1
    assert (read.acl, read.ownership) == (ACL, Ownership.OBJECT_WRITER)
    assert read.public_access == PublicAccessBlock(ignore_public_acls=True)
    assert (read.requester_pays, read.cors) == (True, (CORS_READ,))
    assert read.policy is not None and read.policy.is_public
    store.documents, store.bucket = {SettingKind.OWNERSHIP: b"none"}, bucket(2)
    changed = ask(documents, bucket(2))
    assert (changed.ownership, changed.policy, changed.public_access) == (None, None, ALL_BLOCKED)
    assert store.asked == 2


def test_what_an_account_blocks_is_blocked_in_its_buckets_with_the_next_revision() -> None:
    accounts = Accounts()
    documents = kept(OneBucket({SettingKind.PUBLIC_ACCESS_BLOCK: b"1000"}), accounts)
    own = PublicAccessBlock(block_public_acls=True)
    assert ask(documents, bucket(1)).public_access == own
    assert ask(documents, bucket(1)).account_block == NOTHING_BLOCKED
    accounts.stored = b"0001"
    blocked = ask(documents, bucket(1, identities=2))
    assert blocked.account_block == PublicAccessBlock(restrict_public_buckets=True)
    assert blocked.public_access == own._replace(restrict_public_buckets=True)
    assert ask(documents, bucket(1, identities=2)) is blocked and accounts.asked == 2
    # Of a store that was loaded from a dump, the revision may be an earlier one.
    accounts.stored = None
    assert ask(documents, bucket(1, identities=1)).public_access == own
    accounts.stored = b"?"
    with pytest.raises(Corrupt):
        ask(documents, bucket(1, identities=3))


def test_account_is_not_asked_for_where_its_bucket_blocks_all() -> None:
    accounts = Accounts()
    documents = kept(OneBucket({SettingKind.OWNERSHIP: b"none"}), accounts)
    assert ask(documents, bucket(1, identities=1)).public_access == ALL_BLOCKED
    assert ask(documents, bucket(1, identities=2)).public_access == ALL_BLOCKED
    assert accounts.asked == 0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not SettingKind.CORS])
def test_document_that_cannot_be_read_might_deny(kind: SettingKind) -> None:
    with pytest.raises(Corrupt):
        ask(kept(OneBucket({kind: b"?"})), bucket(1))


def test_documents_are_kept_within_a_bound() -> None:
    class AnyBucket(OneBucket):
        async def lookup(
            self, volume: str, name: str, kinds: Collection[SettingKind]
        ) -> tuple[Bucket, Sequence[BucketSetting]]:
            self.asked += 1
            # libxml2 reads no more than 10 MB.
            document = cors_document((CORS_RULE,)).ljust(9 << 20)
            row = BucketSetting(SettingKind.CORS, "", document, 1)
            return self.bucket, [row]

    store = AnyBucket({})
    documents = kept(store)
    for bucket_id in (1, 2, 3, 4, 1):
        store.bucket = bucket(1, bucket_id=bucket_id)
        ask(documents, store.bucket)
    assert store.asked == 5
