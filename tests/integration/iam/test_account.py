"""Access keys, the account, and its providers."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.endpoint import Keys
from tests.integration.iam.answers import policy, refused
from tests.integration.iam.conftest import OTHER_ACCOUNT, ROOT, Site
from tests.integration.store_process import OTHER


def test_access_key_is_made_disabled_and_deleted(site: Site, iam: Any) -> None:
    name = site.name("ann")
    keys = site.user(iam, name)
    sts = site.client("sts", keys)
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{name}")
    iam.update_access_key(UserName=name, AccessKeyId=keys.access, Status="Inactive")
    [shown] = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert (shown["AccessKeyId"], shown["Status"]) == (keys.access, "Inactive")
    with pytest.raises(ClientError) as error:
        sts.get_caller_identity()
    assert refused(error) == (
        "InvalidClientTokenId",
        403,
        "The security token included in the request is invalid",
    )
    iam.update_access_key(UserName=name, AccessKeyId=keys.access, Status="Active")
    assert sts.get_caller_identity()["Account"] == site.account_id
    iam.delete_access_key(UserName=name, AccessKeyId=keys.access)
    with pytest.raises(ClientError) as error:
        iam.delete_access_key(UserName=name, AccessKeyId=keys.access)
    assert refused(error) == (
        "NoSuchEntity",
        404,
        f"The Access Key with id {keys.access} cannot be found.",
    )


def test_user_has_two_access_keys_at_most(site: Site, iam: Any) -> None:
    name = site.name("bob")
    site.user(iam, name)
    iam.create_access_key(UserName=name)
    with pytest.raises(ClientError) as error:
        iam.create_access_key(UserName=name)
    assert refused(error) == (
        "LimitExceeded",
        409,
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )


def test_root_has_keys_where_no_user_is_named(site: Site, iam: Any) -> None:
    key = iam.create_access_key()["AccessKey"]
    try:
        own = site.client("sts", Keys(key["AccessKeyId"], key["SecretAccessKey"]))
        assert own.get_caller_identity()["Arn"].endswith(":root")
        listed = [row["AccessKeyId"] for row in iam.list_access_keys()["AccessKeyMetadata"]]
        assert {key["AccessKeyId"], ROOT.access} <= set(listed)
    finally:
        iam.delete_access_key(AccessKeyId=key["AccessKeyId"])


def test_use_of_a_key_is_told_to_its_account_alone(site: Site, iam: Any) -> None:
    keys = site.user(iam, site.name("carl"))
    assert iam.get_access_key_last_used(AccessKeyId=keys.access)["AccessKeyLastUsed"] == {
        "ServiceName": "N/A",
        "Region": "N/A",
    }
    with pytest.raises(ClientError) as error:
        site.client("iam", OTHER).get_access_key_last_used(AccessKeyId=keys.access)
    assert refused(error)[0] == "AccessDenied"
    info = site.client("sts").get_access_key_info(AccessKeyId=keys.access)
    assert info["Account"] == site.account_id


def test_account_is_summed_up_and_has_an_alias(site: Site, iam: Any) -> None:
    iam.create_user(UserName=site.name("dan"))
    summary = iam.get_account_summary()["SummaryMap"]
    assert summary["Users"] >= 1
    assert (summary["UsersQuota"], summary["AccessKeysPerUserQuota"]) == (5_000, 2)
    alias = site.name("alias-")
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    with pytest.raises(ClientError) as error:
        site.client("iam", OTHER).create_account_alias(AccountAlias=alias)
    assert refused(error)[0] == "EntityAlreadyExists"
    iam.delete_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_details_hold_everything_in_pages(site: Site, iam: Any) -> None:
    name = site.name("eve")
    site.user(iam, name, policy("s3:*"))
    pages = list(
        iam.get_paginator("get_account_authorization_details").paginate(
            PaginationConfig={"PageSize": 3}
        )
    )
    users = [user for page in pages for user in page["UserDetailList"]]
    assert len({user["UserName"] for user in users}) == len(users)
    [shown] = [user for user in users if user["UserName"] == name]
    assert [each["PolicyName"] for each in shown["UserPolicyList"]] == ["p0"]
    policies = [row["PolicyName"] for page in pages for row in page["Policies"]]
    assert "AdministratorAccess" in policies


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_provider_is_made_changed_and_deleted(site: Site, iam: Any, scheme: str) -> None:
    host = f"{site.name('idp')}.example.com/realm"
    url = f"{scheme}://{host}"
    made = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["one"], ThumbprintList=["a" * 40]
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{site.account_id}:oidc-provider/{host}"
    with pytest.raises(ClientError) as error:
        iam.create_open_id_connect_provider(Url=url)
    assert refused(error)[0] == "EntityAlreadyExists"
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40]
    )
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (shown["ClientIDList"], shown["ThumbprintList"]) == (["one", "two"], ["b" * 40])
    # AWS has https alone, and does not say it.
    assert shown["Url"] == (host if scheme == "https" else url)
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one")
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert shown["ClientIDList"] == ["two"]
    iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, Tags=[{"Key": "k", "Value": "v"}]
    )
    tags = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
    assert tags == [{"Key": "k", "Value": "v"}]
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert {"Arn": arn} in listed
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with pytest.raises(ClientError) as error:
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert refused(error)[0] == "NoSuchEntity"


@pytest.mark.parametrize("is_other", [False, True])
def test_account_of_what_is_asked_about_is_a_condition(
    site: Site, iam: Any, is_other: bool
) -> None:
    """As in policies that keep credentials within one's own accounts."""
    account_id = OTHER_ACCOUNT if is_other else site.account_id
    outside = {"StringNotEquals": {"aws:ResourceAccount": account_id}}
    denial = policy("*", effect="Deny", Condition=outside)
    keys = site.user(iam, site.name("ann"), policy("iam:*"), denial)
    if not is_other:
        assert site.client("iam", keys).list_users()["Users"]
        return
    with pytest.raises(ClientError) as error:
        site.client("iam", keys).list_users()
    assert refused(error)[:2] == ("AccessDenied", 403)
