"""Policies: in users, groups and roles, managed ones and their versions, boundaries."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.iam.answers import policy, refused, trust
from tests.integration.iam.conftest import Site

READS = policy("s3:GetObject")
WRITES = policy("s3:PutObject")


@pytest.mark.parametrize("noun", ["user", "group", "role"])
def test_inline_policies_are_put_read_listed_and_deleted(site: Site, iam: Any, noun: str) -> None:
    def call(verb: str, **arguments: Any) -> Any:
        return getattr(iam, verb.format(noun))(**{f"{noun.title()}Name": name, **arguments})

    name = site.name(noun)
    with pytest.raises(ClientError) as error:
        call("put_{}_policy", PolicyName="p", PolicyDocument=READS)
    assert refused(error) == (
        "NoSuchEntity",
        404,
        f"The {noun} with name {name} cannot be found.",
    )
    more = {"AssumeRolePolicyDocument": trust({"AWS": "*"})} if noun == "role" else {}
    call("create_{}", **more)
    call("put_{}_policy", PolicyName="p", PolicyDocument=READS)
    call("put_{}_policy", PolicyName="p", PolicyDocument=WRITES)
    call("put_{}_policy", PolicyName="another", PolicyDocument=READS)
    assert call("list_{}_policies")["PolicyNames"] == ["another", "p"]
    shown = call("get_{}_policy", PolicyName="p")
    assert shown["PolicyDocument"] == json.loads(WRITES)
    with pytest.raises(ClientError) as error:
        call("delete_{}")
    assert refused(error)[:2] == ("DeleteConflict", 409)
    for policy_name in ("another", "p"):
        call("delete_{}_policy", PolicyName=policy_name)
    with pytest.raises(ClientError) as error:
        call("get_{}_policy", PolicyName="p")
    assert refused(error)[0] == "NoSuchEntity"
    call("delete_{}")


@pytest.mark.parametrize(
    "document",
    [
        "no policy",
        "{}",
        json.dumps({"Version": "2010-10-17", "Statement": []}),
        policy("s3:GetObject", Principal="*"),
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Sid": "same", "Effect": "Allow", "Action": "*", "Resource": "*"}]
                * 2,
            }
        ),
    ],
)
def test_document_that_is_no_policy_is_malformed(site: Site, iam: Any, document: str) -> None:
    name = site.name("mal")
    iam.create_user(UserName=name)
    with pytest.raises(ClientError) as error:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    assert refused(error)[:2] == ("MalformedPolicyDocument", 400)


def test_inline_policies_of_a_user_are_bounded_together(site: Site, iam: Any) -> None:
    name = site.name("big")
    iam.create_user(UserName=name)
    large = policy("s3:GetObject", resource=f"arn:aws:s3:::{'b' * 1_500}")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=large)
    with pytest.raises(ClientError) as error:
        iam.put_user_policy(UserName=name, PolicyName="q", PolicyDocument=large)
    assert refused(error) == (
        "LimitExceeded",
        409,
        f"Maximum policy size of 2048 bytes exceeded for user {name}",
    )


def test_managed_policy_has_versions_and_is_attached(site: Site, iam: Any) -> None:
    name, user = site.name("managed"), site.name("ann")
    made = iam.create_policy(
        PolicyName=name, Path="/p/", PolicyDocument=READS, Description="reads"
    )["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{site.account_id}:policy/p/{name}"
    assert (made["DefaultVersionId"], made["AttachmentCount"]) == ("v1", 0)
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=WRITES)
    with pytest.raises(ClientError) as error:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=WRITES)
    assert refused(error)[:2] == ("LimitExceeded", 409)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=WRITES, SetAsDefault=True)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [version["VersionId"] for version in versions] == ["v6", "v5", "v4", "v2", "v1"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v6"
    with pytest.raises(ClientError) as error:
        iam.delete_policy_version(PolicyArn=arn, VersionId="v6")
    assert refused(error)[0] == "DeleteConflict"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    shown = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert (shown["Document"], shown["IsDefaultVersion"]) == (json.loads(READS), True)
    iam.create_user(UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [each["UserName"] for each in entities["PolicyUsers"]] == [user]
    assert iam.list_attached_user_policies(UserName=user)["AttachedPolicies"] == [
        {"PolicyName": name, "PolicyArn": arn}
    ]
    with pytest.raises(ClientError) as error:
        iam.delete_policy(PolicyArn=arn)
    assert refused(error)[0] == "DeleteConflict"
    iam.detach_user_policy(UserName=user, PolicyArn=arn)
    with pytest.raises(ClientError) as error:
        iam.detach_user_policy(UserName=user, PolicyArn=arn)
    assert refused(error)[0] == "NoSuchEntity"
    for version in ("v2", "v4", "v5", "v6"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.delete_policy(PolicyArn=arn)


def test_policies_are_listed_by_scope(site: Site, iam: Any) -> None:
    names = sorted(site.name("scoped") for _ in range(2))
    for name in names:
        iam.create_policy(PolicyName=name, Path="/scoped/", PolicyDocument=READS)

    def listed(**arguments: Any) -> list[str]:
        pages = iam.get_paginator("list_policies").paginate(
            **arguments, PaginationConfig={"PageSize": 1}
        )
        return [row["PolicyName"] for page in pages for row in page["Policies"]]

    assert listed(Scope="Local", PathPrefix="/scoped/") == names
    built_in = listed(Scope="AWS")
    assert "AmazonS3ReadOnlyAccess" in built_in
    everything = listed(Scope="All")
    assert set(built_in) | set(names) <= set(everything)
    assert len(everything) == len(set(everything))


def test_policy_that_aws_manages_stays_as_it_is(iam: Any) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn
    with pytest.raises(ClientError) as error:
        iam.delete_policy(PolicyArn=arn)
    assert refused(error)[:2] == ("AccessDenied", 403)


def test_boundary_limits_what_policies_allow(site: Site, iam: Any) -> None:
    name = site.name("bound")
    boundary = iam.create_policy(
        PolicyName=site.name("boundary"), PolicyDocument=policy("iam:ListUsers")
    )["Policy"]["Arn"]
    own = site.client("iam", site.user(iam, name, policy("iam:*")))
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=boundary)
    shown = iam.get_user(UserName=name)["User"]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"] == boundary
    assert own.list_users()["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(ClientError) as error:
        own.list_roles()
    assert "because no permissions boundary allows" in refused(error)[2]
    iam.delete_user_permissions_boundary(UserName=name)
    assert own.list_roles()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_simulation_says_what_would_be_decided(site: Site, iam: Any) -> None:
    name = site.name("sim")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=READS)
    arn = f"arn:aws:iam::{site.account_id}:user/{name}"
    results = iam.simulate_principal_policy(
        PolicySourceArn=arn,
        PolicyInputList=[policy("s3:PutObject", effect="Deny")],
        ActionNames=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    )["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == [
        "allowed",
        "explicitDeny",
        "implicitDeny",
    ]
    conditional = policy(
        "s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    )
    for value, decision in (("blue", "allowed"), ("red", "implicitDeny")):
        entry = {
            "ContextKeyName": "aws:PrincipalTag/team",
            "ContextKeyValues": [value],
            "ContextKeyType": "string",
        }
        [result] = iam.simulate_custom_policy(
            PolicyInputList=[conditional], ActionNames=["s3:GetObject"], ContextEntries=[entry]
        )["EvaluationResults"]
        assert result["EvalDecision"] == decision


def test_simulation_tells_what_the_boundary_says(iam: Any) -> None:
    asked = {
        "PolicyInputList": [policy("s3:*")],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
    }
    plain = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    assert not any("PermissionsBoundaryDecisionDetail" in result for result in plain)
    bounded = iam.simulate_custom_policy(
        **asked, PermissionsBoundaryPolicyInputList=[policy("s3:Get*")]
    )["EvaluationResults"]
    assert [
        (
            result["EvalDecision"],
            result["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"],
        )
        for result in bounded
    ] == [("allowed", True), ("implicitDeny", False)]
