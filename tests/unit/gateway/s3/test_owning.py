"""Whose an upload is, and its ACL: by who sends it, its headers, and the bucket's controls."""

import asyncio
from typing import Any, Final

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, STRANGER, OneBucket, request_to
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.clock import SystemClock
from trioxygen.gateway.access.acl import Acl, Grant, Group, Permission, load_acl, private_acl
from trioxygen.gateway.access.documents import BucketDocuments
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.owning import ANONYMOUS_ACCOUNT, ANONYMOUS_CANONICAL_ID, Owned, owned
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.store.values.accounts import Account
from trioxygen.gateway.store.values.acls import ALL_BLOCKED, NOTHING_BLOCKED, Ownership
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.iam import AccountDetails

ENFORCED, PREFERRED = Ownership.BUCKET_OWNER_ENFORCED, Ownership.BUCKET_OWNER_PREFERRED
WRITER: Final = Ownership.OBJECT_WRITER
FULL: Final = Permission.FULL_CONTROL
GIVEN: Final = {"x-amz-acl": "bucket-owner-full-control"}
BUCKET: Final = Bucket("s3v", "bucket", 1, OWNER.account_id, 0, "", access_revision=1)


class Directory:
    async def find(self, **names: str) -> AccountDetails | None:
        for account in (OWNER, STRANGER):
            if set(names.values()) & {account.account_id, account.canonical_id}:
                return AccountDetails(
                    account_id=account.account_id,
                    canonical_id=account.canonical_id,
                    display_name=account.display_name,
                )
        return None


class Known:
    """directory: of accounts. of: what the bucket has; it must not be asked for: None."""

    def __init__(self, documents: BucketDocuments | None) -> None:
        self.directory, self._documents = Directory(), documents

    async def of(self, bucket: Bucket) -> BucketDocuments:
        assert self._documents is not None, "documents were asked for"
        return self._documents


def owned_by(
    account: Account | None, documents: BucketDocuments | None, headers: dict[str, str] | None
) -> Owned:
    known: Any = Known(documents)
    request = request_to("bucket", "k", account, headers)
    request.bucket_record = BUCKET
    blocking = ThreadBlocking()
    store = OneBucket({}, accounts=known).port
    services = Services(store, blocking, SystemClock(), S3Config(volume="v"))
    services.documents = known
    try:
        return asyncio.run(owned(services, request))
    finally:
        blocking.close()


def documents(ownership: Ownership | None, *, is_open: bool = True) -> BucketDocuments:
    blocked = NOTHING_BLOCKED if is_open else ALL_BLOCKED
    return BucketDocuments(ownership=ownership, public_access=blocked)


def test_owner_who_says_nothing_costs_nothing() -> None:
    assert owned_by(OWNER, None, None) == Owned(OWNER.account_id, b"")


@pytest.mark.parametrize("account", [OWNER, STRANGER, None])
@pytest.mark.parametrize(
    "headers", [GIVEN, {"x-amz-grant-full-control": f'id="{OWNER.canonical_id}"'}]
)
def test_enforced_ownership_takes_what_says_the_same(
    account: Account | None, headers: dict[str, str]
) -> None:
    assert owned_by(account, documents(ENFORCED), headers) == Owned(OWNER.account_id, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-acl": "private"},
        {"x-amz-acl": "public-read"},
        {"x-amz-grant-read": f"id={OWNER.canonical_id}"},
        {"x-amz-grant-full-control": f"id={STRANGER.canonical_id}"},
    ],
    ids=str,
)
def test_enforced_ownership_takes_no_other_acl(headers: dict[str, str]) -> None:
    with pytest.raises(S3Error) as refused:
        owned_by(OWNER, documents(ENFORCED), headers)
    assert refused.value.code == "AccessControlListNotSupported"


@pytest.mark.parametrize(
    ("ownership", "headers", "owner", "acl"),
    [
        (ENFORCED, {}, OWNER, None),
        (PREFERRED, {}, STRANGER, private_acl(STRANGER.canonical_id)),
        (PREFERRED, GIVEN, OWNER, None),
        *(
            (ownership, headers, STRANGER, acl)
            for ownership in (WRITER, None)
            for headers, acl in (
                ({}, private_acl(STRANGER.canonical_id)),
                (
                    GIVEN,
                    Acl(
                        STRANGER.canonical_id,
                        (Grant(STRANGER.canonical_id, FULL), Grant(OWNER.canonical_id, FULL)),
                    ),
                ),
                (
                    {"x-amz-grant-read": f"id={OWNER.canonical_id}"},
                    Acl(STRANGER.canonical_id, (Grant(OWNER.canonical_id, Permission.READ),)),
                ),
            )
        ),
    ],
)
def test_other_accounts_upload_is_owned_as_the_controls_say(
    ownership: Ownership | None, headers: dict[str, str], owner: Account, acl: Acl | None
) -> None:
    actual = owned_by(STRANGER, documents(ownership), headers)
    assert actual.account_id == owner.account_id
    assert (load_acl(actual.acl) if actual.acl else None) == acl


def test_nobodys_upload_is_nobodys() -> None:
    actual = owned_by(None, documents(WRITER), {})
    assert actual.account_id == ANONYMOUS_ACCOUNT
    assert load_acl(actual.acl) == private_acl(ANONYMOUS_CANONICAL_ID)


def test_public_acl_is_stored_unless_it_is_blocked() -> None:
    headers = {"x-amz-acl": "public-read"}
    stored = load_acl(owned_by(OWNER, documents(WRITER), headers).acl)
    assert Grant(Group.ALL_USERS, Permission.READ) in stored.grants
    with pytest.raises(S3Error) as refused:
        owned_by(OWNER, documents(WRITER, is_open=False), headers)
    assert refused.value.code == "AccessDenied"


def test_grantee_that_nobody_is_is_refused() -> None:
    with pytest.raises(S3Error) as refused:
        owned_by(OWNER, documents(WRITER), {"x-amz-grant-read": "id=none"})
    assert (refused.value.code, refused.value.message) == ("InvalidArgument", "Invalid id")
