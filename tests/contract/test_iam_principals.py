"""Users, groups and roles, as whoever has the store's port finds them."""

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
from trioxygen.common import iam_limits
from trioxygen.common.iam_errors import (
    DeleteConflict,
    EntityAlreadyExists,
    LimitExceeded,
    NoSuchEntity,
)
from trioxygen.gateway.store.values.iam import AccountSummary, PrincipalChange, PrincipalKind


@iam_test
async def test_principal_is_made_with_an_id_and_is_as_it_was_written(store: IamStore) -> None:
    made = await store.principal(
        ROLE,
        "Reader",
        path="/teams/",
        tags=[("team", "a")],
        trust_policy=DOCUMENT,
        session_seconds_max=7_200,
        description="line\nline",
    )
    assert made.unique_id.startswith("AROA") and len(made.unique_id) == 21
    assert made.created_ms == store.harness.clock.wall_ms()
    assert made.arn == f"arn:aws:iam::{ACCOUNT}:role/teams/Reader"
    assert await store.iam.principals.lookup(ACCOUNT, ROLE, "Reader") == made
    assert (made.trust_policy, made.session_seconds_max) == (DOCUMENT, 7_200)
    assert (made.tags, made.description) == ((("team", "a"),), "line\nline")
    ids = {kind: (await store.principal(kind, "x")).unique_id[:4] for kind in (USER, GROUP)}
    assert ids == {USER: "AIDA", GROUP: "AGPA"}


@iam_test
async def test_names_are_taken_and_looked_up_whatever_their_case_is(store: IamStore) -> None:
    made = await store.principal(USER, "Ann")
    with pytest.raises(EntityAlreadyExists) as refused:
        await store.principal(USER, "ANN")
    assert refused.value.facts == {"kind": "user", "name": "ANN"}
    assert await store.iam.principals.lookup(ACCOUNT, USER, "aNN") == made
    # Another kind, and another account, have names of their own.
    await store.principal(GROUP, "ann")
    for account_id, kind in ((OTHER, USER), (ACCOUNT, ROLE)):
        with pytest.raises(NoSuchEntity):
            await store.iam.principals.lookup(account_id, kind, "Ann")
    with pytest.raises(NoSuchEntity) as missing:
        await store.iam.principals.lookup(ACCOUNT, USER, "x" * 2_000)
    assert missing.value.facts["kind"] == "user"


@iam_test
async def test_lists_go_on_by_name_and_keep_to_a_path(store: IamStore) -> None:
    for name, path in (("c", "/x/"), ("A", "/x/y/"), ("b", "/"), ("d", "/x/")):
        await store.principal(USER, name, path=path)
    principals = store.iam.principals

    async def names(path_prefix: str, after: str, count_max: int) -> tuple[list[str], bool]:
        page = await principals.list(
            ACCOUNT, USER, path_prefix=path_prefix, after=after, count_max=count_max
        )
        return [row.name for row in page.rows], page.is_truncated

    assert await names("/", "", 10) == (["A", "b", "c", "d"], False)
    assert await names("/x/", "", 2) == (["A", "c"], True)
    assert await names("/x/", "c", 2) == (["d"], False)
    assert await names("", "", 0) == ([], True)


@iam_test
async def test_user_with_another_name_keeps_what_it_has(store: IamStore) -> None:
    principals = store.iam.principals
    user = await store.principal(USER, "ann")
    await store.principal(GROUP, "devs")
    await store.principal(USER, "taken")
    policy = await store.policy("p")
    await principals.add_member(ACCOUNT, "devs", "ann")
    await principals.attach(ACCOUNT, USER, "ann", policy.arn)
    key = await store.iam.access_keys.create(ACCOUNT, "ann")
    with pytest.raises(EntityAlreadyExists):
        await principals.change(ACCOUNT, USER, "ann", PrincipalChange(name="Taken"))
    renamed = await principals.change(
        ACCOUNT, USER, "ann", PrincipalChange(name="Beth", path="/b/", boundary=READ_ONLY)
    )
    assert (renamed.name, renamed.path, renamed.unique_id) == ("Beth", "/b/", user.unique_id)
    with pytest.raises(NoSuchEntity):
        await principals.lookup(ACCOUNT, USER, "ann")
    assert (await principals.lookup(ACCOUNT, USER, "beth")).groups == ("devs",)
    members = await principals.members(ACCOUNT, "devs", after="", count_max=10)
    assert [row.name for row in members.rows] == ["Beth"]
    assert (await store.iam.access_keys.lookup(key.access_key)).user == "Beth"
    identity = await store.identity(key.access_key)
    assert (identity.name, identity.arn) == ("Beth", f"arn:aws:iam::{ACCOUNT}:user/b/Beth")
    for arn, is_boundary in ((policy.arn, False), (READ_ONLY, True)):
        page = await store.iam.policies.attachments(ACCOUNT, arn, after="", count_max=10)
        assert [(row.principal.name, row.is_boundary) for row in page.rows] == [
            ("Beth", is_boundary)
        ]
    # The same name in another case is its own.
    await principals.change(ACCOUNT, USER, "beth", PrincipalChange(name="BETH", boundary=""))
    page = await store.iam.policies.attachments(ACCOUNT, READ_ONLY, after="", count_max=10)
    assert not page.rows


@iam_test
async def test_group_with_another_name_keeps_its_members(store: IamStore) -> None:
    principals = store.iam.principals
    await store.principal(GROUP, "devs")
    for name in ("b", "a", "c"):
        await store.principal(USER, name)
        await principals.add_member(ACCOUNT, "devs", name)
    await principals.change(ACCOUNT, GROUP, "devs", PrincipalChange(name="ops"))
    page = await principals.members(ACCOUNT, "ops", after="", count_max=2)
    assert ([row.name for row in page.rows], page.is_truncated) == (["a", "b"], True)
    page = await principals.members(ACCOUNT, "ops", after="b", count_max=2)
    assert ([row.name for row in page.rows], page.is_truncated) == (["c"], False)
    assert (await principals.lookup(ACCOUNT, USER, "a")).groups == ("ops",)
    await principals.remove_member(ACCOUNT, "OPS", "A")
    assert (await principals.lookup(ACCOUNT, USER, "a")).groups == ()
    with pytest.raises(NoSuchEntity):
        await principals.remove_member(ACCOUNT, "ops", "a")
    with pytest.raises(NoSuchEntity) as missing:
        await principals.add_member(ACCOUNT, "none", "a")
    assert missing.value.facts == {"kind": "group", "name": "none"}


@iam_test
async def test_principal_goes_when_nothing_is_left_of_it(store: IamStore) -> None:
    principals, keys = store.iam.principals, store.iam.access_keys
    await store.principal(USER, "ann")
    await store.principal(GROUP, "devs")
    await principals.add_member(ACCOUNT, "devs", "ann")
    await principals.attach(ACCOUNT, USER, "ann", READ_ONLY)
    await principals.put_inline(ACCOUNT, USER, "ann", "own", DOCUMENT)
    key = await keys.create(ACCOUNT, "ann")

    async def left(kind: PrincipalKind, name: str) -> str:
        with pytest.raises(DeleteConflict) as refused:
            await principals.delete(ACCOUNT, kind, name)
        return refused.value.message.removeprefix("Cannot delete entity, must ")

    assert await left(USER, "ann") == "delete access keys first."
    assert await left(GROUP, "devs") == "remove users from group first."
    await keys.delete(ACCOUNT, "ann", key.access_key)
    assert await left(USER, "ann") == "remove users from group first."
    await principals.remove_member(ACCOUNT, "devs", "ann")
    assert await left(USER, "ann") == "detach all policies first."
    await principals.detach(ACCOUNT, USER, "ann", READ_ONLY)
    assert await left(USER, "ann") == "delete policies first."
    await principals.delete_inline(ACCOUNT, USER, "ann", "OWN")
    await principals.change(ACCOUNT, USER, "ann", PrincipalChange(boundary=READ_ONLY))
    await principals.delete(ACCOUNT, USER, "ann")
    await principals.delete(ACCOUNT, GROUP, "devs")
    for kind, name in ((USER, "ann"), (GROUP, "devs")):
        with pytest.raises(NoSuchEntity):
            await principals.delete(ACCOUNT, kind, name)
    assert await store.iam.directory.summary(ACCOUNT) == AccountSummary()
    page = await store.iam.policies.attachments(ACCOUNT, READ_ONLY, after="", count_max=10)
    assert not page.rows


@iam_test
async def test_inline_policies_are_put_by_name_and_have_room_together(store: IamStore) -> None:
    principals = store.iam.principals
    await store.principal(USER, "ann")
    text = "x" * (iam_limits.INLINE_OF_USER_MAX // 2)
    await principals.put_inline(ACCOUNT, USER, "ann", "b", text)
    # White space does not count.
    await principals.put_inline(ACCOUNT, USER, "ann", "a", text + " \n" * 1_000)
    with pytest.raises(LimitExceeded) as refused:
        await principals.put_inline(ACCOUNT, USER, "ann", "c", "x")
    assert refused.value.message == "Maximum policy size of 2048 bytes exceeded for user ann"
    await principals.put_inline(ACCOUNT, USER, "ann", "B", "y")
    await principals.delete_inline(ACCOUNT, USER, "ann", "a")
    assert (await principals.lookup(ACCOUNT, USER, "ann")).inline == {"B": "y"}
    with pytest.raises(NoSuchEntity) as missing:
        await principals.delete_inline(ACCOUNT, USER, "ann", "a")
    assert missing.value.facts == {"kind": "user policy", "name": "a"}


@iam_test
async def test_tags_are_put_by_key_and_bounded(store: IamStore) -> None:
    principals = store.iam.principals
    await store.principal(USER, "ann", tags=[("a", "1")])
    await principals.tag(ACCOUNT, USER, "ann", [("b", "2"), ("A", "3")])
    assert (await principals.lookup(ACCOUNT, USER, "ann")).tags == (("A", "3"), ("b", "2"))
    await principals.untag(ACCOUNT, USER, "ann", ["B", "none"])
    assert (await principals.lookup(ACCOUNT, USER, "ann")).tags == (("A", "3"),)
    with pytest.raises(LimitExceeded):
        many = [(str(number), "") for number in range(iam_limits.TAGS_MAX)]
        await principals.tag(ACCOUNT, USER, "ann", many)


@iam_test
async def test_quotas_are_refusals_that_name_them(store: IamStore) -> None:
    principals = store.iam.principals
    await store.principal(USER, "ann")
    for number in range(iam_limits.GROUPS_PER_USER_MAX + 1):
        await store.principal(GROUP, f"g{number}")
    for number in range(iam_limits.GROUPS_PER_USER_MAX):
        await principals.add_member(ACCOUNT, f"g{number}", "ann")
    # Once more is nothing new.
    await principals.add_member(ACCOUNT, "g0", "ann")
    with pytest.raises(LimitExceeded) as refused:
        await principals.add_member(ACCOUNT, f"g{iam_limits.GROUPS_PER_USER_MAX}", "ann")
    assert refused.value.facts == {"quota": "GroupsPerUser", "most": "10"}
    assert refused.value.message == "Cannot exceed quota for GroupsPerUser: 10"
    for _ in range(iam_limits.KEYS_PER_USER_MAX):
        await store.iam.access_keys.create(ACCOUNT, "ann")
    with pytest.raises(LimitExceeded):
        await store.iam.access_keys.create(ACCOUNT, "ann")
    for number in range(iam_limits.ATTACHED_TO_GROUP_MAX):
        await principals.attach(ACCOUNT, GROUP, "g0", (await store.policy(f"p{number}")).arn)
    with pytest.raises(LimitExceeded):
        await principals.attach(ACCOUNT, GROUP, "g0", READ_ONLY)
    with pytest.raises(LimitExceeded):
        await principals.change(ACCOUNT, USER, "ann", PrincipalChange(trust_policy="x" * 4_097))
