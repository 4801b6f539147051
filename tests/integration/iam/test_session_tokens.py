"""GetSessionToken, and what its credentials may do."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.iam.answers import policy, refused
from tests.integration.iam.conftest import Site


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
