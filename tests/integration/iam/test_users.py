"""Users, and what of them botocore reads."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.iam.answers import refused
from tests.integration.iam.conftest import Site
from tests.integration.store_process import OTHER


def test_user_is_made_changed_and_deleted(site: Site, iam: Any) -> None:
    name, other = site.name("ann"), site.name("bob")
    made = iam.create_user(UserName=name, Path="/team/", Tags=[{"Key": "colour", "Value": "blue"}])[
        "User"
    ]
    assert made["Arn"] == f"arn:aws:iam::{site.account_id}:user/team/{name}"
    assert made["UserId"].startswith("AIDA")
    assert iam.get_user(UserName=name)["User"] == made
    assert made["Tags"] == [{"Key": "colour", "Value": "blue"}]
    iam.update_user(UserName=name, NewUserName=other, NewPath="/gang/")
    changed = iam.get_user(UserName=other)["User"]
    assert (changed["UserId"], changed["Path"]) == (made["UserId"], "/gang/")
    iam.delete_user(UserName=other)
    with pytest.raises(ClientError) as error:
        iam.get_user(UserName=other)
    assert refused(error) == (
        "NoSuchEntity",
        404,
        f"The user with name {other} cannot be found.",
    )


def test_root_is_shown_where_no_user_is_named(site: Site, iam: Any) -> None:
    user = iam.get_user()["User"]
    assert user["Arn"] == f"arn:aws:iam::{site.account_id}:root"
    assert user["UserId"] == site.account_id


def test_name_is_taken_whatever_its_case(site: Site, iam: Any) -> None:
    name = site.name("Carl")
    iam.create_user(UserName=name)
    with pytest.raises(ClientError) as error:
        iam.create_user(UserName=name.lower())
    assert refused(error)[:2] == ("EntityAlreadyExists", 409)
    assert iam.get_user(UserName=name.upper())["User"]["UserName"] == name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"UserName": "a b"},
            "The specified value for userName is invalid. It must contain only alphanumeric"
            " characters and/or the following: +=,.@_-",
        ),
        (
            {"UserName": "n" * 65},
            f"1 validation error detected: Value '{'n' * 65}' at 'userName' failed to satisfy"
            " constraint: Member must have length less than or equal to 64",
        ),
        (
            {},
            "1 validation error detected: Value null at 'userName' failed to satisfy constraint:"
            " Member must not be null",
        ),
        (
            {"UserName": "ann", "Path": "team"},
            "The specified value for path is invalid. It must begin and end with / and contain only"
            " alphanumeric characters and/or / characters.",
        ),
    ],
)
def test_argument_that_cannot_be_is_refused_in_iams_words(
    iam: Any, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(ClientError) as error:
        iam.create_user(**arguments)
    assert refused(error) == ("ValidationError", 400, message)


def test_users_are_listed_in_pages_by_path(site: Site, iam: Any) -> None:
    path = f"/{site.name('path')}/"
    names = sorted(site.name("u") for _ in range(5))
    for name in names:
        iam.create_user(UserName=name, Path=path)
    pages = list(
        iam.get_paginator("list_users").paginate(PathPrefix=path, PaginationConfig={"PageSize": 2})
    )
    assert [len(page["Users"]) for page in pages] == [2, 2, 1]
    assert [user["UserName"] for page in pages for user in page["Users"]] == names
    assert pages[0]["IsTruncated"] is True
    assert pages[-1]["IsTruncated"] is False


def test_user_that_has_something_is_not_deleted(site: Site, iam: Any) -> None:
    name = site.name("dan")
    site.user(iam, name)
    with pytest.raises(ClientError) as error:
        iam.delete_user(UserName=name)
    assert refused(error) == (
        "DeleteConflict",
        409,
        "Cannot delete entity, must delete access keys first.",
    )


def test_tags_are_changed_and_listed(site: Site, iam: Any) -> None:
    name = site.name("eve")
    iam.create_user(UserName=name, Tags=[{"Key": "a", "Value": "1"}])
    iam.tag_user(UserName=name, Tags=[{"Key": "A", "Value": "2"}, {"Key": "b", "Value": ""}])
    listed = iam.list_user_tags(UserName=name, MaxItems=1)
    assert listed["IsTruncated"] is True
    rest = iam.list_user_tags(UserName=name, Marker=listed["Marker"])
    assert listed["Tags"] + rest["Tags"] == [
        {"Key": "A", "Value": "2"},
        {"Key": "b", "Value": ""},
    ]
    iam.untag_user(UserName=name, TagKeys=["a"])
    assert iam.list_user_tags(UserName=name)["Tags"] == [{"Key": "b", "Value": ""}]


def test_users_policies_say_what_it_may(site: Site, iam: Any) -> None:
    name = site.name("fay")
    keys = site.user(iam, name)
    own = site.client("iam", keys)
    arn = f"arn:aws:iam::{site.account_id}:user/{name}"
    with pytest.raises(ClientError) as error:
        own.list_users()
    assert refused(error) == (
        "AccessDenied",
        403,
        f"User: {arn} is not authorized to perform: iam:ListUsers on resource:"
        f" arn:aws:iam::{site.account_id}:user/ because no identity-based policy allows the"
        " iam:ListUsers action",
    )
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "iam:*AccessKey*",
                "Resource": "arn:aws:iam::*:user/${aws:username}",
            }
        ],
    }
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    # At once: nothing of it is remembered.
    assert own.list_access_keys()["AccessKeyMetadata"][0]["AccessKeyId"] == keys.access
    with pytest.raises(ClientError) as error:
        own.list_access_keys(UserName=site.name("somebody"))
    assert refused(error)[0] == "AccessDenied"


def test_accounts_do_not_see_each_others_users(site: Site, iam: Any) -> None:
    name = site.name("gil")
    iam.create_user(UserName=name)
    with pytest.raises(ClientError) as error:
        site.client("iam", OTHER).get_user(UserName=name)
    assert refused(error)[0] == "NoSuchEntity"
