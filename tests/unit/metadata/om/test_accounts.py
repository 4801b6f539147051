import pytest
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials

from tests.unit.metadata.om.om_harness import OmHarness, om_test
from trioxygen.common.errors import (
    AccessKeyAlreadyExists,
    AccountAlreadyExists,
    NoSuchAccessKey,
    NoSuchAccount,
)
from trioxygen.metadata.om.state.schema import ACCESS_KEYS
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import Account


async def account(harness: OmHarness, **wanted: str) -> Account:
    request = om.CreateAccountRequest(account=Account(**wanted))  # type: ignore[arg-type]
    return (await harness.client.create_account(request)).account


async def access_key(
    harness: OmHarness, account_id: str, access_key: str = "", secret_key: str = ""
) -> iam.AccessKeyRow:
    request = om.CreateAccessKeyRequest(
        account_id=account_id, access_key=access_key, secret_key=secret_key
    )
    return (await harness.client.create_access_key(request)).key


async def signing_key(harness: OmHarness, key: str) -> om.DeriveSigningKeyReply:
    request = om.DeriveSigningKeyRequest(
        access_key=key, date="20261121", region="eu-north-1", service="s3"
    )
    return await harness.client.derive_signing_key(request)


def botocores_signing_key(secret: str) -> bytes:
    """The key as botocore derives it, step by step."""
    auth = SigV4Auth(Credentials("key", secret), "s3", "eu-north-1")
    key = b"AWS4" + secret.encode()
    for text in ("20261121", "eu-north-1", "s3", "aws4_request"):
        key = auth._sign(key, text)  # type: ignore[attr-defined]
    return key


@om_test()
async def test_account_gets_ids_of_its_own(harness: OmHarness) -> None:
    first, second = await account(harness), await account(harness, display_name="two")
    assert first.account_id != second.account_id
    assert first.account_id.isdigit() and len(first.account_id) == 12
    assert len(bytes.fromhex(first.canonical_id)) == 32
    assert first.canonical_id != second.canonical_id
    assert (first.display_name, second.display_name) == (first.account_id, "two")
    reply = await harness.client.list_accounts(om.ListAccountsRequest(count_max=10))
    assert {account.account_id for account in reply.accounts} == {
        first.account_id,
        second.account_id,
    }


@om_test()
async def test_account_id_canonical_id_and_email_are_unique(harness: OmHarness) -> None:
    first = await account(
        harness, account_id="one", canonical_id="1c" * 32, email="one@example.org"
    )
    for wanted in (
        {"account_id": "one"},
        {"account_id": "two", "canonical_id": "1c" * 32},
        {"account_id": "two", "email": "one@example.org"},
    ):
        with pytest.raises(AccountAlreadyExists):
            await account(harness, **wanted)
    await account(harness, account_id="two")
    await account(harness, account_id="three")
    page = await harness.client.list_accounts(om.ListAccountsRequest(count_max=2))
    assert ([row.account_id for row in page.accounts], page.truncated) == (["one", "three"], True)
    request = om.ListAccountsRequest(count_max=2, after="three")
    page = await harness.client.list_accounts(request)
    assert ([row.account_id for row in page.accounts], page.truncated) == (["two"], False)
    assert first.created_ms == harness.clock.wall_ms()


@om_test()
async def test_access_key_belongs_to_an_account(harness: OmHarness) -> None:
    first = await account(harness, account_id="one")
    made = await access_key(harness, "one")
    assert len(made.access_key) == 20 and made.access_key.startswith("O3")
    assert len(made.secret_key) == 40
    assert (await signing_key(harness, made.access_key)).account == first
    for missing in ("", "two"):
        with pytest.raises(NoSuchAccount):
            await access_key(harness, missing)


@om_test()
async def test_secret_of_an_own_access_key_is_replaced_when_one_is_given(
    harness: OmHarness,
) -> None:
    await account(harness, account_id="one")
    await account(harness, account_id="two")
    await access_key(harness, "one", "KEY", "first secret")
    with pytest.raises(AccessKeyAlreadyExists):
        await access_key(harness, "one", "KEY")
    with pytest.raises(AccessKeyAlreadyExists):
        await access_key(harness, "two", "KEY", "stolen")
    before = (await signing_key(harness, "KEY")).signing_key
    assert before == botocores_signing_key("first secret")
    await access_key(harness, "one", "KEY", "second secret")
    assert (await signing_key(harness, "KEY")).signing_key == botocores_signing_key("second secret")


async def disabled_and_used_key(harness: OmHarness) -> iam.AccessKeyRow:
    await account(harness, account_id="one")
    made = await access_key(harness, "one", "KEY", "first secret")
    use = iam.AccessKeyUse(access_key="KEY", used_ms=made.created_ms + 1, service="s3")
    noted = iam.NoteAccessKeyUses(uses=[use])
    await harness.client.change_iam(iam.ChangeIamRequest(note_uses=noted))
    change = iam.ChangeAccessKey(access_key="KEY", is_active=False)
    await harness.client.change_iam(iam.ChangeIamRequest(account_id="one", change_key=change))
    return made


@om_test()
async def test_key_created_again_with_its_secret_is_not_changed(harness: OmHarness) -> None:
    await disabled_and_used_key(harness)
    before = (await harness.client.list_access_keys(om.ListAccessKeysRequest(count_max=1))).keys
    again = await access_key(harness, "one", "KEY", "first secret")
    after = (await harness.client.list_access_keys(om.ListAccessKeysRequest(count_max=1))).keys
    assert again.is_inactive and list(before) == list(after)
    with pytest.raises(NoSuchAccessKey):
        await signing_key(harness, "KEY")


@om_test()
async def test_key_with_another_secret_is_active_again_and_keeps_its_times(
    harness: OmHarness,
) -> None:
    made = await disabled_and_used_key(harness)
    await access_key(harness, "one", "KEY", "second secret")
    [row] = (await harness.client.list_access_keys(om.ListAccessKeysRequest(count_max=1))).keys
    assert (row.created_ms, row.last_used_ms) == (made.created_ms, made.created_ms + 1)
    assert not row.is_inactive
    assert (await signing_key(harness, "KEY")).signing_key == botocores_signing_key("second secret")


@om_test()
async def test_revoked_access_key_signs_no_more(harness: OmHarness) -> None:
    await account(harness, account_id="one")
    await access_key(harness, "one", "KEY", "secret")
    request = om.RevokeAccessKeyRequest(access_key="KEY")
    await harness.client.revoke_access_key(request)
    for gone in ("KEY", "", "never"):
        with pytest.raises(NoSuchAccessKey):
            await signing_key(harness, gone)
        with pytest.raises(NoSuchAccessKey):
            await harness.client.revoke_access_key(om.RevokeAccessKeyRequest(access_key=gone))


@om_test()
async def test_derived_signing_key_is_botocores(harness: OmHarness) -> None:
    await account(harness, account_id="one")
    for number, secret in enumerate(("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "ключ é", " ")):
        await access_key(harness, "one", f"KEY{number}", secret)
        derived = (await signing_key(harness, f"KEY{number}")).signing_key
        assert derived == botocores_signing_key(secret)


@om_test()
async def test_listed_access_keys_have_no_secrets(harness: OmHarness) -> None:
    for name in ("one", "two"):
        await account(harness, account_id=name)
    for number, owner in enumerate(("one", "two", "one", "one")):
        await access_key(harness, owner, f"KEY{number}", "a secret")
    request = om.ListAccessKeysRequest(account_id="one", count_max=2)
    page = await harness.client.list_access_keys(request)
    assert ([row.access_key for row in page.keys], page.truncated) == (["KEY0", "KEY2"], True)
    request = om.ListAccessKeysRequest(account_id="one", count_max=2, after="KEY2")
    page = await harness.client.list_access_keys(request)
    assert ([row.access_key for row in page.keys], page.truncated) == (["KEY3"], False)
    everyone = await harness.client.list_access_keys(om.ListAccessKeysRequest(count_max=100))
    assert len(everyone.keys) == 4
    assert b"a secret" not in everyone.SerializeToString()
    assert len(harness.rows(ACCESS_KEYS.table)) == 4
