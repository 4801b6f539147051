"""Groups: who is in them, and what that lets him do."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.iam.answers import policy, refused
from tests.integration.iam.conftest import Site


def test_group_has_members_and_goes_when_they_are_gone(site: Site, iam: Any) -> None:
    group, user = site.name("group"), site.name("ann")
    made = iam.create_group(GroupName=group, Path="/team/")["Group"]
    assert made["Arn"] == f"arn:aws:iam::{site.account_id}:group/team/{group}"
    iam.create_user(UserName=user)
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.add_user_to_group(GroupName=group, UserName=user)
    shown = iam.get_group(GroupName=group)
    assert shown["Group"] == made
    assert [member["UserName"] for member in shown["Users"]] == [user]
    with pytest.raises(ClientError) as error:
        iam.delete_group(GroupName=group)
    assert refused(error)[0] == "DeleteConflict"
    renamed = site.name("renamed")
    iam.update_group(GroupName=group, NewGroupName=renamed, NewPath="/new/")
    [listed] = iam.list_groups_for_user(UserName=user)["Groups"]
    assert (listed["GroupName"], listed["Path"]) == (renamed, "/new/")
    iam.remove_user_from_group(GroupName=renamed, UserName=user)
    with pytest.raises(ClientError) as error:
        iam.remove_user_from_group(GroupName=renamed, UserName=user)
    assert refused(error)[0] == "NoSuchEntity"
    iam.delete_group(GroupName=renamed)
    assert iam.list_groups_for_user(UserName=user)["Groups"] == []


def test_groups_are_listed_in_pages(site: Site, iam: Any) -> None:
    path = f"/{site.name('groups')}/"
    names = sorted(site.name("g") for _ in range(3))
    for name in names:
        iam.create_group(GroupName=name, Path=path)
    pages = iam.get_paginator("list_groups").paginate(
        PathPrefix=path, PaginationConfig={"PageSize": 1}
    )
    assert [group["GroupName"] for page in pages for group in page["Groups"]] == names


def test_groups_policies_count_for_its_members(site: Site, iam: Any) -> None:
    group, user = site.name("readers"), site.name("bob")
    own = site.client("iam", site.user(iam, user))
    iam.create_group(GroupName=group)
    iam.add_user_to_group(GroupName=group, UserName=user)
    with pytest.raises(ClientError):
        own.list_groups()
    iam.put_group_policy(
        GroupName=group, PolicyName="list", PolicyDocument=policy("iam:ListGroups")
    )
    assert own.list_groups()["ResponseMetadata"]["HTTPStatusCode"] == 200
    iam.delete_group_policy(GroupName=group, PolicyName="list")
    iam.attach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    assert own.list_groups()["ResponseMetadata"]["HTTPStatusCode"] == 200
    iam.remove_user_from_group(GroupName=group, UserName=user)
    with pytest.raises(ClientError) as error:
        own.list_groups()
    assert refused(error)[:2] == ("AccessDenied", 403)
