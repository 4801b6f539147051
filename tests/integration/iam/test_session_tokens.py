"""GetSessionToken, and what its credentials may do."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.iam.answers import policy, refused, trust
from tests.integration.iam.conftest import Site

LISTS = policy("s3:ListAllMyBuckets")


def test_session_token_is_the_user_for_a_while(site: Site, iam: Any) -> None:
    keys = site.user(iam, site.name("ann"), policy("s3:*", "iam:*"))
    credentials = site.client("sts", keys).get_session_token()["Credentials"]
    sts = site.session("sts", credentials)
    lasting = site.client("sts", keys).get_caller_identity()
    for name in ("Arn", "UserId", "Account"):
        assert sts.get_caller_identity()[name] == lasting[name]
    s3, bucket = site.session("s3", credentials), site.name("bucket-")
    s3.create_bucket(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as error:
        site.session("iam", credentials).list_users()
    assert refused(error)[:2] == ("InvalidClientTokenId", 403)
    with pytest.raises(ClientError) as error:
        sts.get_session_token()
    assert refused(error) == (
        "AccessDenied",
        403,
        "Cannot call GetSessionToken with session credentials",
    )


def test_session_of_root_lasts_an_hour_at_most(site: Site) -> None:
    sts = site.client("sts")
    credentials = sts.get_session_token(DurationSeconds=43_200)["Credentials"]
    hour = sts.get_session_token(DurationSeconds=3_600)["Credentials"]
    assert abs((credentials["Expiration"] - hour["Expiration"]).total_seconds()) < 60


@pytest.mark.parametrize("seconds", [899, 129_601])
def test_session_of_another_length_is_refused(site: Site, seconds: int) -> None:
    with pytest.raises(ClientError) as error:
        site.client("sts").get_session_token(DurationSeconds=seconds)
    assert refused(error)[:2] == ("ValidationError", 400)


def test_token_that_is_none_is_refused(site: Site) -> None:
    credentials = site.client("sts").get_session_token()["Credentials"]
    for changes in (
        {"SessionToken": "x" * 40},
        {"SessionToken": credentials["SessionToken"][:-4] + "AAAA"},
        {"AccessKeyId": "ASIA" + "X" * 16},
    ):
        with pytest.raises(ClientError) as error:
            site.session("sts", credentials | changes).get_caller_identity()
        assert refused(error)[:2] == ("InvalidClientTokenId", 403)


def test_no_message_of_ours_is_encoded(site: Site) -> None:
    with pytest.raises(ClientError) as error:
        site.client("sts").decode_authorization_message(EncodedMessage="x")
    assert refused(error)[:2] == ("InvalidAuthorizationMessageException", 400)


def _is_denied(s3: Any) -> bool:
    try:
        s3.list_buckets()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return True
    return False


@pytest.mark.parametrize("year", [2020, 2999])
def test_sessions_that_began_before_a_time_are_revoked_by_a_policy(
    site: Site, iam: Any, year: int
) -> None:
    """As AWS's console revokes them: by an inline policy AWSRevokeOlderSessions."""
    keys, name = site.user(iam, site.name("ann"), policy("sts:*")), site.name("role")
    trusted = trust({"AWS": site.account_id})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="lists", PolicyDocument=LISTS)
    assumed = site.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="session")
    s3 = site.session("s3", assumed["Credentials"])
    assert not _is_denied(s3)
    began = {"DateLessThan": {"aws:TokenIssueTime": f"{year}-01-01T00:00:00Z"}}
    denial = policy("*", effect="Deny", Condition=began)
    iam.put_role_policy(RoleName=name, PolicyName="revoked", PolicyDocument=denial)
    assert _is_denied(s3) is (year == 2999)


def test_only_credentials_that_end_say_that_no_second_factor_was_shown(
    site: Site, iam: Any
) -> None:
    """Source: IAM user guide, "AWS global condition context keys", aws:MultiFactorAuthPresent."""
    without = policy(
        "*", effect="Deny", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    )
    keys = site.user(iam, site.name("ann"), LISTS, without)
    given = site.client("sts", keys).get_session_token()["Credentials"]
    assert not _is_denied(site.client("s3", keys))
    assert _is_denied(site.session("s3", given))
