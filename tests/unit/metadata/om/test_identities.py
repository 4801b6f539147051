"""Identities in an OM: what of them is in its tables, and who is told when they change."""

import random

from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME, OmHarness, om_test
from trioxygen.common.managed_policies import BUILT_IN_POLICIES
from trioxygen.metadata.om.commands.account_index import AccountIndexCommands
from trioxygen.metadata.om.commands.iam import CHANGES
from trioxygen.metadata.om.state.account_names import EMAIL, account_named, is_whole, put_account
from trioxygen.metadata.om.state.schema import (
    ACCESS_KEYS,
    ACCOUNT_NAMES,
    ACCOUNTS,
    ALL_TABLES,
    USER_KEYS,
)
from trioxygen.metadata.replication.batch import Now
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import Account

READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
NOW = Now(1, 1, 0, random.Random(0))


async def account(harness: OmHarness) -> None:
    request = om.CreateAccountRequest(account=Account(account_id=ACCOUNT))
    await harness.client.create_account(request)


async def user(harness: OmHarness, name: str) -> iam.PrincipalRow:
    created = iam.CreatePrincipal(principal=iam.PrincipalRow(kind=iam.USER, name=name))
    request = iam.ChangeIamRequest(account_id=ACCOUNT, create_principal=created)
    return (await harness.client.change_iam(request)).principal


async def attach(harness: OmHarness, name: str) -> None:
    attached = iam.PolicyAttachment(
        of=iam.PrincipalName(kind=iam.USER, name=name), policy_arn=READ_ONLY
    )
    await harness.client.change_iam(iam.ChangeIamRequest(account_id=ACCOUNT, attach=attached))


async def revision(harness: OmHarness) -> int:
    request = om.LookupBucketRequest(volume=VOLUME, bucket="bucket")
    return (await harness.client.lookup_bucket(request)).bucket.identity_revision


def test_every_change_that_can_be_asked_for_is_made_by_something() -> None:
    changes = iam.ChangeIamRequest.DESCRIPTOR.oneofs_by_name["change"].fields
    assert {field.name for field in changes} == set(CHANGES)


@om_test()
async def test_buckets_tell_that_identities_have_changed_and_do_not_store_it(
    harness: OmHarness,
) -> None:
    await account(harness)
    bucket = await harness.bucket()
    assert await revision(harness) == 0
    await user(harness, "ann")
    await attach(harness, "ann")
    first = await revision(harness)
    assert first > 0
    # Again: it is attached already.
    await attach(harness, "ann")
    assert await revision(harness) == first
    key = (
        await harness.client.create_access_key(
            om.CreateAccessKeyRequest(account_id=ACCOUNT, user="ann")
        )
    ).key
    second = await revision(harness)
    assert second > first
    await harness.client.revoke_access_key(om.RevokeAccessKeyRequest(access_key=key.access_key))
    assert await revision(harness) > second
    # A command that puts the bucket's row again.
    await harness.client.set_bucket_versioning(
        om.SetBucketVersioningRequest(
            volume=VOLUME,
            bucket="bucket",
            bucket_id=bucket.bucket_id,
            versioning=om.VERSIONED,
        )
    )
    [row] = [om.BucketRow.FromString(row) for row in dict(harness.all_rows()["bucket"]).values()]
    assert row.identity_revision == 0


@om_test()
async def test_identities_are_there_after_the_state_comes_from_the_log(harness: OmHarness) -> None:
    await account(harness)
    await user(harness, "ann")
    await attach(harness, "ann")
    await harness.client.mint_session(
        iam.MintSessionRequest(account_id=ACCOUNT, user="ann", lasts_seconds=900)
    )
    before = harness.all_rows()
    assert before["session_key"] and before["policy_attachment"]
    await harness.restart(lose_store=True)
    assert harness.all_rows() == before


@om_test()
async def test_session_takes_no_row_of_its_own(harness: OmHarness) -> None:
    await account(harness)
    request = iam.MintSessionRequest(account_id=ACCOUNT, lasts_seconds=900)
    await harness.client.mint_session(request)
    entries = len(harness.replica.entries)
    for _ in range(5):
        await harness.client.mint_session(request)
    assert len(harness.replica.entries) == entries


def test_accounts_and_keys_of_before_there_was_an_index_are_put_into_it() -> None:
    store = MemoryStore(ALL_TABLES)
    txn = CapturingTxn(store.begin())
    for number in range(5):
        account = Account(account_id=str(number), canonical_id=f"c{number}", email=f"e{number}")
        ACCOUNTS.put(txn, account.account_id.encode(), account)
        key = iam.AccessKeyRow(access_key=f"k{number}", account_id=str(number))
        ACCESS_KEYS.put(txn, key.access_key.encode(), key)
    # It is looked for among all until the index has them.
    found = account_named(txn, EMAIL, "e3")
    assert found is not None and found.account_id == "3"
    commands, steps = AccountIndexCommands(), 1
    while commands.index_accounts(txn, om.IndexAccounts(rows_max=2), NOW).more:
        steps += 1
    assert steps == 6 and is_whole(txn)
    assert len(list(txn.scan(ACCOUNT_NAMES, prefix=b""))) == 10
    assert [key for key, _ in txn.scan(USER_KEYS, prefix=b"3\0")] == [b"3\0\0k3"]
    found = account_named(txn, EMAIL, "e3")
    assert found is not None and found.account_id == "3"
    txn.abort()
    store.close()


def test_index_of_a_new_store_is_whole_from_its_first_account_on() -> None:
    store = MemoryStore(ALL_TABLES)
    txn = CapturingTxn(store.begin())
    put_account(txn, Account(account_id="1"))
    assert is_whole(txn)
    txn.abort()
    of_before = CapturingTxn(store.begin())
    ACCOUNTS.put(of_before, b"0", Account(account_id="0"))
    put_account(of_before, Account(account_id="1"))
    assert not is_whole(of_before)
    of_before.abort()
    store.close()


def test_built_in_policies_have_ids_of_their_own() -> None:
    ids = [policy.unique_id for policy in BUILT_IN_POLICIES.values()]
    assert len(set(ids)) == len(ids)
