"""Managed policies and OIDC providers, as whoever has the store's port finds them."""

import json

import pytest

from tests.contract.iam_store import (
    ACCOUNT,
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
    UnmodifiableEntity,
)
from trioxygen.common.managed_policies import BUILT_IN_POLICIES
from trioxygen.gateway.store.values.iam import OidcProvider, PrincipalChange


@iam_test
async def test_policy_has_versions_of_which_one_counts(store: IamStore) -> None:
    policies = store.iam.policies
    made = await store.policy("Reads", "v1", path="/x/")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/x/Reads"
    assert made.arn == arn and made.unique_id.startswith("ANPA") and len(made.unique_id) == 21
    changed = made
    for number in range(2, iam_limits.VERSIONS_PER_POLICY_MAX + 1):
        changed = await policies.add_version(ACCOUNT, arn, f"v{number}", is_default=number == 3)
    assert [version.document for version in changed.versions] == ["v1", "v2", "v3", "v4", "v5"]
    assert changed.default_version == 3
    with pytest.raises(LimitExceeded):
        await policies.add_version(ACCOUNT, arn, "v6", is_default=False)
    with pytest.raises(DeleteConflict) as refused:
        await policies.delete_version(ACCOUNT, arn, 3)
    assert refused.value.message == "Cannot delete the default version of a policy."
    await policies.set_default_version(ACCOUNT, arn, 2)
    await policies.delete_version(ACCOUNT, arn, 5)
    # Numbers are not given again.
    changed = await policies.add_version(ACCOUNT, arn, "v6", is_default=False)
    assert [version.number for version in changed.versions] == [1, 2, 3, 4, 6]
    for number in (5, 7):
        with pytest.raises(NoSuchEntity):
            await policies.set_default_version(ACCOUNT, arn, number)
    assert (await policies.lookup(ACCOUNT, arn)).default_version == 2


@iam_test
async def test_policy_is_unique_by_its_name_and_looked_up_by_its_arn(store: IamStore) -> None:
    made = await store.policy("Reads", path="/x/")
    with pytest.raises(EntityAlreadyExists):
        await store.policy("READS")
    for account_id, arn in ((OTHER, made.arn), (ACCOUNT, made.arn.replace("/x/", "/"))):
        with pytest.raises(NoSuchEntity) as missing:
            await store.iam.policies.lookup(account_id, arn)
        assert missing.value.facts == {"kind": "policy", "name": arn}
    await store.policy("a", path="/")
    page = await store.iam.policies.list(ACCOUNT, path_prefix="/x", after="", count_max=10)
    assert [row.arn for row in page.rows] == [made.arn]
    page = await store.iam.policies.list(ACCOUNT, path_prefix="", after="A", count_max=10)
    assert [row.arn for row in page.rows] == [made.arn]
    with pytest.raises(LimitExceeded) as refused:
        await store.policy("large", "x" * (iam_limits.POLICY_MAX + 1))
    assert refused.value.message == "Cannot exceed quota for PolicySize: 6144"


@iam_test
async def test_policy_knows_who_has_it_and_stays_until_nobody_has(store: IamStore) -> None:
    principals, policies = store.iam.principals, store.iam.policies
    policy = await store.policy("p")
    for kind, name in ((USER, "u"), (GROUP, "g"), (ROLE, "r")):
        await store.principal(kind, name)
        await principals.attach(ACCOUNT, kind, name, policy.arn)
    await principals.change(ACCOUNT, ROLE, "r", PrincipalChange(boundary=policy.arn))
    page = await policies.attachments(ACCOUNT, policy.arn, after="", count_max=3)
    assert page.is_truncated
    assert [(row.principal.kind, row.is_boundary) for row in page.rows] == [
        (USER, False),
        (GROUP, False),
        (ROLE, False),
    ]
    page = await policies.attachments(ACCOUNT, policy.arn, after="role/r", count_max=3)
    assert [row.is_boundary for row in page.rows] == [True]
    page = await policies.attachments(ACCOUNT, policy.arn, after="role/r/boundary", count_max=3)
    assert not page.rows
    counted = await policies.lookup(ACCOUNT, policy.arn)
    assert (counted.attachment_count, counted.boundary_count) == (3, 1)
    for kind, name in ((USER, "u"), (GROUP, "g"), (ROLE, "r")):
        await principals.detach(ACCOUNT, kind, name, policy.arn)
        with pytest.raises(NoSuchEntity):
            await principals.detach(ACCOUNT, kind, name, policy.arn)
    with pytest.raises(DeleteConflict) as refused:
        await policies.delete(ACCOUNT, policy.arn)
    assert refused.value.message == "Cannot delete a policy attached to entities."
    await principals.change(ACCOUNT, ROLE, "r", PrincipalChange(boundary=""))
    await policies.add_version(ACCOUNT, policy.arn, "2", is_default=True)
    with pytest.raises(DeleteConflict) as refused:
        await policies.delete(ACCOUNT, policy.arn)
    assert refused.value.message.startswith("This policy has more than one version.")
    await policies.delete_version(ACCOUNT, policy.arn, 1)
    await policies.delete(ACCOUNT, policy.arn)
    with pytest.raises(NoSuchEntity):
        await principals.attach(ACCOUNT, USER, "u", policy.arn)
    with pytest.raises(NoSuchEntity):
        await principals.change(ACCOUNT, USER, "u", PrincipalChange(boundary=policy.arn))


@iam_test
async def test_built_in_policies_are_everybodys_and_nobodys_to_change(store: IamStore) -> None:
    policies = store.iam.policies
    for arn, known in BUILT_IN_POLICIES.items():
        row = await policies.lookup(OTHER, arn)
        assert (row.arn, row.account_id, row.versions[0].document) == (arn, "aws", known.document)
        assert json.loads(known.document)["Version"] == "2012-10-17"
        assert len(row.unique_id) == 21
    await store.principal(USER, "u")
    await store.iam.principals.attach(ACCOUNT, USER, "u", READ_ONLY)
    assert (await policies.lookup(ACCOUNT, READ_ONLY)).attachment_count == 1
    assert (await policies.lookup(OTHER, READ_ONLY)).attachment_count == 0
    # One of the account's own may have the same name.
    own = await store.policy("AmazonS3ReadOnlyAccess")
    assert own.arn != READ_ONLY
    await policies.delete(ACCOUNT, own.arn)
    for change in (
        policies.delete(ACCOUNT, READ_ONLY),
        policies.delete_version(ACCOUNT, READ_ONLY, 1),
        policies.tag(ACCOUNT, READ_ONLY, [("a", "b")]),
    ):
        with pytest.raises(UnmodifiableEntity):
            await change


@iam_test
async def test_policy_has_tags(store: IamStore) -> None:
    policy = await store.policy("p")
    await store.iam.policies.tag(ACCOUNT, policy.arn, [("a", "1"), ("b", "2")])
    await store.iam.policies.untag(ACCOUNT, policy.arn, ["A"])
    assert (await store.iam.policies.lookup(ACCOUNT, policy.arn)).tags == (("b", "2"),)


@iam_test
async def test_provider_is_made_changed_and_removed(store: IamStore) -> None:
    providers = store.iam.providers
    wanted = OidcProvider(
        account_id=ACCOUNT, url="id.example.org/x", client_ids=("c",), thumbprints=("ab",)
    )
    made = await providers.create(wanted)
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.org/x"
    assert made.arn == arn and made.created_ms
    with pytest.raises(EntityAlreadyExists):
        await providers.create(wanted)
    changed = await providers.change(ACCOUNT, arn, client_ids=("d", "e"), tags=[("a", "b")])
    assert changed.client_ids == ("d", "e") and changed.thumbprints == ("ab",)
    assert await providers.lookup(ACCOUNT, arn) == changed
    assert list(await providers.list(ACCOUNT)) == [changed]
    assert not await providers.list(OTHER)
    with pytest.raises(LimitExceeded):
        await providers.change(ACCOUNT, arn, thumbprints=["ab"] * 6)
    await providers.delete(ACCOUNT, arn)
    for asked in (arn, "arn:aws:iam::1:oidc-provider/x", "x" * 2_000):
        with pytest.raises(NoSuchEntity):
            await providers.lookup(ACCOUNT, asked)


@iam_test
async def test_policy_is_found_by_exactly_its_arn(store: IamStore) -> None:
    """Conditions on iam:PolicyARN compare what was asked for."""
    arn = (await store.policy("Reads", "v1", path="/x/")).arn
    assert (await store.iam.policies.lookup(ACCOUNT, arn)).arn == arn
    for other in (arn.lower(), arn.replace("Reads", "READS"), arn.replace("/x/", "/X/")):
        with pytest.raises(NoSuchEntity):
            await store.iam.policies.lookup(ACCOUNT, other)
