"""Roles, and sessions of who assumes them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.endpoint import Keys
from tests.integration.iam.answers import policy, refused, trust
from tests.integration.iam.conftest import OTHER_ACCOUNT, Site
from tests.integration.store_process import OTHER

LISTS = policy("s3:ListAllMyBuckets")


def make_role(site: Site, iam: Any, trusted: str, *policies: str, **more: Any) -> str:
    """The ARN."""
    name = site.name("role")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **more)["Role"]
    for number, document in enumerate(policies):
        iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=document)
    return str(role["Arn"])


def arn_of(site: Site, name: str) -> str:
    return f"arn:aws:iam::{site.account_id}:user/{name}"


def assume(site: Site, keys: Keys, role: str, **more: Any) -> Any:
    sts = site.client("sts", keys)
    return sts.assume_role(RoleArn=role, RoleSessionName="session", **more)


def test_role_is_made_changed_and_deleted(site: Site, iam: Any) -> None:
    name, trusted = site.name("role"), trust({"AWS": "*"})
    role = iam.create_role(
        RoleName=name,
        Path="/team/",
        AssumeRolePolicyDocument=trusted,
        Description="does",
        MaxSessionDuration=43_200,
        Tags=[{"Key": "k", "Value": "v"}],
    )["Role"]
    assert role["Arn"] == f"arn:aws:iam::{site.account_id}:role/team/{name}"
    assert role["AssumeRolePolicyDocument"] == json.loads(trusted)
    iam.update_role(RoleName=name, Description="did", MaxSessionDuration=3_600)
    shown = iam.get_role(RoleName=name.upper())["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("did", 3_600)
    assert shown["RoleId"] == role["RoleId"]
    iam.update_role(RoleName=name)
    assert iam.get_role(RoleName=name)["Role"]["Description"] == "did"
    narrower = trust({"AWS": site.account_id})
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=narrower)
    shown = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert shown == json.loads(narrower)
    assert iam.update_role_description(RoleName=name, Description="x")["Role"]["Path"] == "/team/"
    listed = iam.list_roles(PathPrefix="/team/")["Roles"]
    assert name in [row["RoleName"] for row in listed]
    iam.delete_role(RoleName=name)


def test_trust_in_who_is_not_there_is_malformed(site: Site, iam: Any) -> None:
    arn = arn_of(site, site.name("nobody"))
    with pytest.raises(ClientError) as error:
        make_role(site, iam, trust({"AWS": arn}))
    assert refused(error) == (
        "MalformedPolicyDocument",
        400,
        f'Invalid principal in policy: "AWS":"{arn}"',
    )


def test_user_that_a_role_names_may_assume_it_and_act_as_it(site: Site, iam: Any) -> None:
    user = site.name("ann")
    keys = site.user(iam, user)
    role = make_role(site, iam, trust({"AWS": arn_of(site, user)}))
    answer = assume(site, keys, role)
    name = role.rpartition("/")[2]
    role_id = iam.get_role(RoleName=name)["Role"]["RoleId"]
    session_arn = f"arn:aws:sts::{site.account_id}:assumed-role/{name}/session"
    assert answer["AssumedRoleUser"] == {
        "Arn": session_arn,
        "AssumedRoleId": f"{role_id}:session",
    }
    credentials = answer["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    identity = site.session("sts", credentials).get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (session_arn, f"{role_id}:session")
    s3 = site.session("s3", credentials)
    with pytest.raises(ClientError) as error:
        s3.list_buckets()
    assert refused(error)[:2] == ("AccessDenied", 403)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=LISTS)
    assert site.session("s3", assume(site, keys, role)["Credentials"]).list_buckets()


def test_account_that_a_role_names_has_to_let_its_users(site: Site, iam: Any) -> None:
    user = site.name("bob")
    keys = site.user(iam, user)
    role = make_role(site, iam, trust({"AWS": site.account_id}))
    with pytest.raises(ClientError) as error:
        assume(site, keys, role)
    assert refused(error) == (
        "AccessDenied",
        403,
        f"User: {arn_of(site, user)} is not authorized to perform: sts:AssumeRole on resource:"
        f" {role} because no identity-based policy allows the sts:AssumeRole action",
    )
    iam.put_user_policy(
        UserName=user, PolicyName="may", PolicyDocument=policy("sts:AssumeRole", resource=role)
    )
    assert assume(site, keys, role)["Credentials"]


def test_both_accounts_have_to_allow_who_comes_from_another(site: Site, iam: Any) -> None:
    other, user = site.client("iam", OTHER), site.name("carl")
    keys = site.user(other, user)
    arn = f"arn:aws:iam::{OTHER_ACCOUNT}:user/{user}"
    role = make_role(site, iam, trust({"AWS": arn}))
    with pytest.raises(ClientError) as error:
        assume(site, keys, role)
    assert refused(error)[0] == "AccessDenied"
    other.put_user_policy(UserName=user, PolicyName="may", PolicyDocument=policy("sts:AssumeRole"))
    assert assume(site, keys, role)["Credentials"]
    untrusting = make_role(site, iam, trust({"AWS": site.account_id}))
    with pytest.raises(ClientError) as error:
        assume(site, keys, untrusting)
    assert refused(error)[0] == "AccessDenied"


def test_own_policies_do_not_open_a_role_that_does_not_trust(site: Site, iam: Any) -> None:
    keys = site.user(iam, site.name("dan"), policy("*"))
    somebody = site.name("eve")
    site.user(iam, somebody)
    role = make_role(site, iam, trust({"AWS": arn_of(site, somebody)}))
    with pytest.raises(ClientError) as error:
        assume(site, keys, role)
    assert refused(error)[0] == "AccessDenied"
    with pytest.raises(ClientError) as error:
        assume(site, keys, f"arn:aws:iam::{site.account_id}:role/{site.name('none')}")
    assert refused(error)[0] == "AccessDenied"


def test_root_assumes_no_role(site: Site, iam: Any) -> None:
    role = make_role(site, iam, trust({"AWS": "*"}))
    with pytest.raises(ClientError) as error:
        site.client("sts").assume_role(RoleArn=role, RoleSessionName="session")
    assert refused(error) == ("AccessDenied", 403, "Roles may not be assumed by root accounts.")


def test_external_id_is_a_condition(site: Site, iam: Any) -> None:
    user = site.name("fay")
    keys = site.user(iam, user)
    condition = {"StringEquals": {"sts:ExternalId": "secret"}}
    role = make_role(site, iam, trust({"AWS": arn_of(site, user)}, condition=condition))
    for more in ({}, {"ExternalId": "guess"}):
        with pytest.raises(ClientError) as error:
            assume(site, keys, role, **more)
        assert refused(error)[0] == "AccessDenied"
    assert assume(site, keys, role, ExternalId="secret")["Credentials"]


def test_session_lasts_no_longer_than_its_role_says(site: Site, iam: Any) -> None:
    user = site.name("gil")
    keys = site.user(iam, user)
    role = make_role(site, iam, trust({"AWS": arn_of(site, user)}))
    with pytest.raises(ClientError) as error:
        assume(site, keys, role, DurationSeconds=7_200)
    assert refused(error) == (
        "ValidationError",
        400,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    with pytest.raises(ClientError) as error:
        assume(site, keys, role, DurationSeconds=899)
    assert refused(error)[0] == "ValidationError"
    assert assume(site, keys, role, DurationSeconds=900)["Credentials"]


def test_session_policies_limit_the_session(site: Site, iam: Any) -> None:
    user = site.name("hal")
    keys = site.user(iam, user)
    role = make_role(site, iam, trust({"AWS": arn_of(site, user)}), policy("s3:*"))
    limited = assume(site, keys, role, Policy=LISTS)
    assert 0 < limited["PackedPolicySize"] <= 100
    s3, bucket = site.session("s3", limited["Credentials"]), site.name("bucket-")
    assert s3.list_buckets()
    with pytest.raises(ClientError) as error:
        s3.create_bucket(Bucket=bucket)
    assert refused(error)[0] == "AccessDenied"
    named = assume(
        site,
        keys,
        role,
        PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}],
    )
    with pytest.raises(ClientError) as error:
        site.session("s3", named["Credentials"]).create_bucket(Bucket=bucket)
    assert refused(error)[0] == "AccessDenied"
    whole = site.session("s3", assume(site, keys, role)["Credentials"])
    whole.create_bucket(Bucket=bucket)
    whole.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as error:
        assume(site, keys, role, Policy="{}")
    assert refused(error)[:2] == ("MalformedPolicyDocument", 400)


def test_session_tags_are_the_principals(site: Site, iam: Any) -> None:
    user = site.name("ida")
    keys = site.user(iam, user)
    named = {"AWS": arn_of(site, user)}
    lists = policy(
        "s3:ListAllMyBuckets", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    )
    tags = [{"Key": "team", "Value": "blue"}]
    untagged = make_role(site, iam, trust(named), lists)
    with pytest.raises(ClientError) as error:
        assume(site, keys, untagged, Tags=tags)
    assert "sts:TagSession" in refused(error)[2]
    role = make_role(site, iam, trust(named, "sts:AssumeRole", "sts:TagSession"), lists)
    assert site.session("s3", assume(site, keys, role, Tags=tags)["Credentials"]).list_buckets()
    with pytest.raises(ClientError) as error:
        site.session("s3", assume(site, keys, role)["Credentials"]).list_buckets()
    assert refused(error)[0] == "AccessDenied"


def test_session_assumes_a_further_role_for_an_hour(site: Site, iam: Any) -> None:
    user = site.name("jon")
    keys = site.user(iam, user)
    first = make_role(site, iam, trust({"AWS": arn_of(site, user)}))
    second = make_role(site, iam, trust({"AWS": first}), MaxSessionDuration=43_200)
    sts = site.session("sts", assume(site, keys, first)["Credentials"])
    answer = sts.assume_role(RoleArn=second, RoleSessionName="further")
    assert answer["AssumedRoleUser"]["Arn"].endswith("/further")
    with pytest.raises(ClientError) as error:
        sts.assume_role(RoleArn=second, RoleSessionName="further", DurationSeconds=7_200)
    assert "role chaining" in refused(error)[2]
