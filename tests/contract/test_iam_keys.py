"""Access keys, sessions and accounts, as whoever has the store's port finds them; and who they
are, with all that applies to them now."""

import random

import pytest

from tests.contract.iam_store import (
    ACCOUNT,
    DOCUMENT,
    GROUP,
    OTHER,
    READ_ONLY,
    ROLE,
    USER,
    IamStore,
    iam_test,
)
from trioxygen.common.errors import NoSuchAccessKey, NoSuchAccount
from trioxygen.common.iam_errors import (
    EntityAlreadyExists,
    ExpiredToken,
    InvalidToken,
    LimitExceeded,
    NoSuchEntity,
)
from trioxygen.common.managed_policies import BUILT_IN_POLICIES
from trioxygen.common.signing_key import derive_signing_key
from trioxygen.gateway.store.values.accounts import Identity, IdentityKind
from trioxygen.gateway.store.values.iam import NewSession, PrincipalChange, SessionCredentials


def texts(identity: Identity) -> dict[str, str]:
    return {text.source: text.document for text in identity.policies}


async def role_session(store: IamStore, **more: object) -> SessionCredentials:
    wanted = NewSession(
        account_id=ACCOUNT,
        role="reader",
        session_name="s1",
        lasts_seconds=900,
        **more,  # type: ignore[arg-type]
    )
    return await store.iam.sessions.mint(wanted)


@iam_test
async def test_user_comes_with_all_that_is_attached_to_it_and_its_groups(store: IamStore) -> None:
    principals = store.iam.principals
    user = await store.principal(USER, "Ann", path="/x/", tags=[("team", "a")])
    await store.principal(GROUP, "devs")
    await principals.add_member(ACCOUNT, "devs", "ann")
    own = await store.policy("own", "1")
    await store.iam.policies.add_version(ACCOUNT, own.arn, "2", is_default=True)
    await principals.attach(ACCOUNT, GROUP, "devs", own.arn)
    await principals.attach(ACCOUNT, USER, "ann", READ_ONLY)
    await principals.put_inline(ACCOUNT, USER, "ann", "mine", "inline")
    await principals.put_inline(ACCOUNT, GROUP, "devs", "theirs", "of the group")
    key = await store.iam.access_keys.create(ACCOUNT, "ANN")
    identity = await store.identity(key.access_key)
    assert identity.kind is IdentityKind.USER
    assert (identity.name, identity.user_id) == ("Ann", user.unique_id)
    assert identity.arn == f"arn:aws:iam::{ACCOUNT}:user/x/Ann"
    assert texts(identity) == {
        "user/Ann inline mine": "inline",
        READ_ONLY: BUILT_IN_POLICIES[READ_ONLY].document,
        "group/devs inline theirs": "of the group",
        own.arn: "2",
    }
    assert (identity.tags, identity.boundary, identity.session_policies) == (
        (("team", "a"),),
        None,
        None,
    )
    await principals.change(ACCOUNT, USER, "ann", PrincipalChange(boundary=own.arn))
    boundary = (await store.identity(key.access_key)).boundary
    assert boundary is not None and (boundary.source, boundary.document) == (own.arn, "2")


@iam_test
async def test_root_is_its_account(store: IamStore) -> None:
    key = await store.iam.access_keys.create(ACCOUNT, "", access_key="AK", secret_key="secret")
    identity = await store.identity(key.access_key)
    assert identity.kind is IdentityKind.ROOT
    assert (identity.arn, identity.user_id) == (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
    page = await store.iam.access_keys.list(ACCOUNT, "", after="", count_max=10)
    assert [(row.access_key, row.secret_key) for row in page.rows] == [("AK", "")]
    assert (await store.iam.directory.summary(ACCOUNT)).root_keys == 1


@iam_test
async def test_key_is_its_owners_and_counts_while_it_is_active(store: IamStore) -> None:
    keys = store.iam.access_keys
    await store.principal(USER, "ann")
    await store.principal(USER, "beth")
    key = await keys.create(ACCOUNT, "ann")
    assert key.secret_key and key.is_active
    await keys.set_active(ACCOUNT, "ann", key.access_key, is_active=False)
    with pytest.raises(NoSuchAccessKey):
        await store.identity(key.access_key)
    with pytest.raises(NoSuchAccessKey):
        await store.accounts.verify_signature_v2(
            access_key=key.access_key, string_to_sign=b"", signature=""
        )
    page = await keys.list(ACCOUNT, "ann", after="", count_max=10)
    assert [(row.access_key, row.is_active, row.user) for row in page.rows] == [
        (key.access_key, False, "ann")
    ]
    for account_id, user in ((ACCOUNT, "beth"), (ACCOUNT, ""), (OTHER, "")):
        with pytest.raises(NoSuchEntity):
            await keys.delete(account_id, user, key.access_key)
    await keys.set_active(ACCOUNT, "ann", key.access_key, is_active=True)
    assert (await store.identity(key.access_key)).name == "ann"
    with pytest.raises(InvalidToken):
        await store.identity(key.access_key, "a token")
    await keys.delete(ACCOUNT, "ann", key.access_key)
    with pytest.raises(NoSuchEntity) as missing:
        await keys.lookup(key.access_key)
    assert missing.value.facts == {"kind": "access key", "name": key.access_key}
    with pytest.raises(NoSuchEntity):
        await keys.create(ACCOUNT, "none")
    with pytest.raises(NoSuchAccount):
        await keys.create("3", "")


@iam_test
async def test_last_use_of_keys_is_noted_and_never_goes_back(store: IamStore) -> None:
    keys = store.iam.access_keys
    key = await keys.create(ACCOUNT, "")
    before = (await store.identity(key.access_key)).revision
    await keys.note_uses(
        [(key.access_key, 50, "s3", "r1"), (key.access_key, 90, "iam", "r2"), ("gone", 1, "s3", "")]
    )
    await keys.note_uses([(key.access_key, 70, "s3", "r1")])
    row = await keys.lookup(key.access_key)
    assert (row.last_used_ms, row.last_used_service, row.last_used_region) == (90, "iam", "r2")
    assert (await store.identity(key.access_key)).revision == before


@iam_test
async def test_session_of_a_role_is_what_its_role_is_now(store: IamStore) -> None:
    principals = store.iam.principals
    role = await store.principal(ROLE, "reader", tags=[("team", "a"), ("x", "1")])
    policy = await store.policy("narrow", "narrow")
    session = await role_session(
        store,
        tags=[("team", "b")],
        context=[("jwt:sub", "me")],
        policies=["session"],
        policy_arns=[policy.arn],
    )
    assert session.access_key.startswith("ASIA") and len(session.access_key) == 20
    assert session.expires_ms == store.harness.clock.wall_ms() + 900_000
    identity = await store.identity(session.access_key, session.session_token)
    assert identity.kind is IdentityKind.ROLE_SESSION
    assert identity.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1"
    assert identity.role_arn == f"arn:aws:iam::{ACCOUNT}:role/reader"
    assert identity.user_id == f"{role.unique_id}:s1"
    assert identity.tags == (("team", "b"), ("x", "1"))
    assert identity.context == (("jwt:sub", "me"),)
    assert identity.expires_ms == session.expires_ms
    assert [text.document for text in identity.session_policies or ()] == ["session", "narrow"]
    assert identity.policies == ()
    await principals.put_inline(ACCOUNT, ROLE, "reader", "now", "later")
    changed = await store.identity(session.access_key, session.session_token)
    assert texts(changed) == {"role/reader inline now": "later"}
    assert changed.revision > identity.revision
    assert (await principals.lookup(ACCOUNT, ROLE, "reader")).last_used_ms > 0
    # None of its policies is left: it may do nothing, not everything.
    await store.iam.policies.delete(ACCOUNT, policy.arn)
    only_arn = await store.identity(session.access_key, session.session_token)
    assert [text.document for text in only_arn.session_policies or ()] == ["session"]


@iam_test
async def test_signature_of_a_session_is_made_with_its_secret(store: IamStore) -> None:
    await store.principal(ROLE, "reader")
    session = await role_session(store)
    scope = {"date": "20261121", "region": "eu-north-1", "service": "s3"}
    signing_key = await store.accounts.derive_signing_key(
        access_key=session.access_key, session_token=session.session_token, **scope
    )
    assert signing_key.key == derive_signing_key(secret=session.secret_key, **scope)
    assert signing_key.account.account_id == ACCOUNT


@iam_test
async def test_session_ends_with_its_time_and_with_its_role(store: IamStore) -> None:
    await store.principal(ROLE, "reader")
    session = await role_session(store)
    await store.harness.pass_time(890_000)
    assert await store.identity(session.access_key, session.session_token)
    await store.harness.pass_time(10_000)
    with pytest.raises(ExpiredToken):
        await store.identity(session.access_key, session.session_token)
    session = await role_session(store)
    await store.iam.principals.delete(ACCOUNT, ROLE, "reader")
    # Another one of that name is not it.
    await store.principal(ROLE, "reader")
    with pytest.raises(InvalidToken):
        await store.identity(session.access_key, session.session_token)


@iam_test
async def test_session_of_a_user_or_of_root_is_that_user_or_root(store: IamStore) -> None:
    user = await store.principal(USER, "ann")
    await store.iam.principals.attach(ACCOUNT, USER, "ann", READ_ONLY)
    for name, kind, user_id in (
        ("ann", IdentityKind.USER, user.unique_id),
        ("", IdentityKind.ROOT, ACCOUNT),
    ):
        session = await store.iam.sessions.mint(
            NewSession(account_id=ACCOUNT, user=name, lasts_seconds=3_600)
        )
        identity = await store.identity(session.access_key, session.session_token)
        assert (identity.kind, identity.user_id) == (kind, user_id)
        assert identity.session_policies is None and identity.expires_ms == session.expires_ms
        assert len(identity.policies) == (1 if name else 0)


@iam_test
async def test_token_belongs_to_its_access_key_and_is_nothing_else(store: IamStore) -> None:
    await store.principal(ROLE, "reader")
    session, other = await role_session(store), await role_session(store)
    token = session.session_token
    changed = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    for wrong in (other.session_token, changed, token[:-8], "", "a token", "é", "A" * 8_000):
        with pytest.raises(InvalidToken):
            await store.identity(session.access_key, wrong)
    with pytest.raises(NoSuchAccessKey):
        await store.identity(session.access_key)


@iam_test
async def test_keys_of_tokens_rotate_and_stay_until_every_session_is_over(store: IamStore) -> None:
    await store.principal(ROLE, "reader")
    hour_ms = 3_600_000
    long = await store.iam.sessions.mint(
        NewSession(account_id=ACCOUNT, role="reader", session_name="s", lasts_seconds=129_600)
    )
    await store.harness.pass_time(25 * hour_ms)
    await role_session(store)
    assert len(store.harness.all_rows()["session_key"]) == 2
    assert await store.identity(long.access_key, long.session_token)
    await store.harness.pass_time(36 * hour_ms)
    await role_session(store)
    assert len(store.harness.all_rows()["session_key"]) == 2
    with pytest.raises(InvalidToken):
        await store.identity(long.access_key, long.session_token)


@iam_test
async def test_session_is_refused_that_names_nobody_or_has_no_room(store: IamStore) -> None:
    await store.principal(ROLE, "reader")
    with pytest.raises(NoSuchEntity):
        await store.iam.sessions.mint(NewSession(account_id=ACCOUNT, role="x", lasts_seconds=900))
    with pytest.raises(NoSuchEntity):
        await role_session(store, policy_arns=[f"arn:aws:iam::{ACCOUNT}:policy/none"])
    chance = random.Random(1)
    tags = [(f"{number}", chance.randbytes(100).hex()) for number in range(50)]
    with pytest.raises(LimitExceeded) as refused:
        await role_session(store, tags=tags)
    assert refused.value.facts["quota"] == "PackedPolicySize"


@iam_test
async def test_account_is_known_by_each_of_its_names(store: IamStore) -> None:
    directory = store.iam.directory
    account = await directory.find(account_id=ACCOUNT)
    assert account is not None and account.email == f"{ACCOUNT}@example.org"
    assert await directory.find(canonical_id=account.canonical_id) == account
    assert await directory.find(email=account.email) == account
    for asked in ({"account_id": "3"}, {"canonical_id": "x" * 5_000}, {"email": "é\n"}, {}):
        assert await directory.find(**asked) is None


@iam_test
async def test_alias_is_one_accounts_alone(store: IamStore) -> None:
    directory = store.iam.directory
    await directory.set_alias(ACCOUNT, "films")
    await directory.set_alias(ACCOUNT, "films")
    with pytest.raises(EntityAlreadyExists):
        await directory.set_alias(OTHER, "films")
    await directory.set_alias(ACCOUNT, "")
    await directory.set_alias(OTHER, "films")
    account = await directory.find(account_id=OTHER)
    assert account is not None and account.alias == "films"


@iam_test
async def test_setting_of_an_account_is_a_document(store: IamStore) -> None:
    directory = store.iam.directory
    kind = "public_access_block"
    assert await directory.get_setting(ACCOUNT, kind) is None
    await directory.put_setting(ACCOUNT, kind, b"")
    assert await directory.get_setting(ACCOUNT, kind) == b""
    await directory.put_setting(ACCOUNT, kind, DOCUMENT.encode())
    assert await directory.get_setting(ACCOUNT, kind) == DOCUMENT.encode()
    assert await directory.get_setting(OTHER, kind) is None
    for _ in range(2):
        await directory.put_setting(ACCOUNT, kind, None)
    assert await directory.get_setting(ACCOUNT, kind) is None
