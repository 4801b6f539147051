"""A session ends: what it could do until then it cannot any more, whichever way it asks.

The shortest that AWS permits lasts a quarter of an hour: the store's wall clock is stepped over its
end (`tests/clocks`)."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from tests.clocks.stepping import Clocks, SteppedStore
from tests.integration.endpoint import Endpoint, Keys, refused
from tests.integration.iam.answers import policy, trust
from tests.integration.iam.answers import refused as refused_of
from tests.integration.iam.conftest import ACCOUNT, ROOT, Site, session_keys
from tests.integration.iam.test_s3_by_caller import Bucket, Caller, check
from tests.integration.s3.forms import post, signed, signed_v2
from tests.integration.s3.test_presigned import fetch
from tests.integration.s3.wire import Answer, Request, presign
from tests.integration.store_process import OTHER

SECONDS: Final = 900
# Just before the end of the session, and just after it: a request takes its time.
BEFORE_MS, AFTER_MS = (SECONDS - 60) * 1_000, (SECONDS + 1) * 1_000
EXPIRED: Final = (400, "ExpiredToken")
CONFIG: Final[dict[str, object]] = {
    # Clients sign by the machine's time, which is not the store's then.
    "s3.clock_skew_seconds_max": 86_400,
    "s3.signature_v2": "all",
}
HOUR_SECONDS: Final = 3_600


class Aging:
    """A store whose time a test moves. Attributes: endpoint: keys of root."""

    def __init__(self, store: SteppedStore, clocks: Clocks, site: Site) -> None:
        self._store, self._clocks, self.site = store, clocks, site
        self.endpoint = Endpoint(store.url, ROOT, OTHER)

    def move_to(self, offset_ms: int) -> None:
        self._clocks.set_offset(self._store.pid, offset_ms)


@pytest.fixture
def aging(tmp_path: Path) -> Iterator[Aging]:
    clocks = Clocks(tmp_path / "clocks")
    store = SteppedStore(tmp_path, clocks, CONFIG)
    try:
        store.start()
        store.add_account(ACCOUNT, ROOT)
        store.add_account("222222222222", OTHER)
        with ExitStack() as stack:
            yield Aging(store, clocks, Site(store.url, stack))
        store.stop()
    finally:
        store.discard()


@pytest.fixture
def bucket(aging: Aging) -> Bucket:
    s3 = aging.site.client("s3")
    s3.create_bucket(Bucket="aging")
    return Bucket("aging", s3, aging.endpoint)


def session_of_role(site: Site) -> Keys:
    """For all of S3, IAM and STS."""
    iam = site.client("iam")
    trusted = trust({"AWS": site.account_id})
    made = iam.create_role(RoleName="all", AssumeRolePolicyDocument=trusted)["Role"]
    iam.put_role_policy(RoleName="all", PolicyName="p", PolicyDocument=policy("*"))
    sts = site.client("sts", site.user(iam, "assumes", policy("sts:*")))
    return session_keys(
        sts.assume_role(RoleArn=made["Arn"], RoleSessionName="aging", DurationSeconds=SECONDS)[
            "Credentials"
        ]
    )


def session_of_user(site: Site) -> Keys:
    keys = site.user(site.client("iam"), "ann", policy("*"))
    sts = site.client("sts", keys)
    return session_keys(sts.get_session_token(DurationSeconds=SECONDS)["Credentials"])


def every_answer(aging: Aging, keys: Keys) -> dict[str, tuple[int, str]]:
    """Of each way to show credentials: (status, code of the error)"""
    endpoint = aging.endpoint
    url = presign(endpoint, Request("GET", "/aging/k"), HOUR_SECONDS, keys=keys)
    form: dict[str, Any] = {"keys": keys, "expires_seconds": HOUR_SECONDS}
    actual: dict[str, Answer] = {
        "presigned": fetch(endpoint, url),
        "form": post(endpoint, "aging", signed("aging", {"key": "f"}, **form)),
        "form of version 2": post(endpoint, "aging", signed_v2("aging", {"key": "f"}, **form)),
    }
    output = {
        name: (answer.status, answer.code if answer.status >= 400 else "")
        for name, answer in actual.items()
    }
    for version in ("s3v4", "s3"):
        with endpoint.client(keys, signature_version=version) as s3:
            calls: dict[str, Any] = {
                "bucket": lambda s3=s3: s3.get_object(Bucket="aging", Key="k")["Body"].read(),
                "no bucket": s3.list_buckets,
                "upload": lambda s3=s3: s3.put_object(Bucket="aging", Key="put", Body=b"body"),
            }
            output |= {f"{name} by {version}": answer_of(call) for name, call in calls.items()}
    return output


def answer_of(call: Any) -> tuple[int, str]:
    try:
        call()
    except ClientError as error:
        answer: Any = error.response
        return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]
    return 200, ""


def answers_of_iam(site: Site, keys: Keys) -> list[tuple[int, str]]:
    return [
        answer_of(site.client("sts", keys).get_caller_identity),
        answer_of(site.client("iam", keys).list_users),
    ]


@pytest.mark.parametrize("is_remembered", [True, False])
def test_session_of_a_role_ends(aging: Aging, bucket: Bucket, is_remembered: bool) -> None:
    bucket.fill()
    keys = session_of_role(aging.site)
    aging.move_to(BEFORE_MS)
    if is_remembered:
        # By the gateway, which goes by the session's end itself.
        assert {code for _, code in every_answer(aging, keys).values()} == {""}
        assert answers_of_iam(aging.site, keys) == [(200, "")] * 2
    aging.move_to(AFTER_MS)
    actual = every_answer(aging, keys)
    assert actual == dict.fromkeys(actual, EXPIRED)
    assert answers_of_iam(aging.site, keys) == [(403, "ExpiredToken")] * 2
    with pytest.raises(ClientError) as error:
        aging.site.client("sts", keys).get_caller_identity()
    assert refused_of(error)[2] == "The security token included in the request is expired"


def test_session_of_a_user_ends_and_its_key_stays(aging: Aging, bucket: Bucket) -> None:
    bucket.fill()
    keys = session_of_user(aging.site)
    aging.move_to(BEFORE_MS)
    assert {code for _, code in every_answer(aging, keys).values()} == {""}
    aging.move_to(AFTER_MS)
    actual = every_answer(aging, keys)
    assert actual == dict.fromkeys(actual, EXPIRED)
    # Also of who signs badly: that it has ended is all that a token says.
    wrong = Keys(keys.access, "wrong", keys.token)
    with aging.endpoint.client(wrong) as s3:
        assert refused(s3.list_buckets) == EXPIRED
    iam = aging.site.client("iam")
    [lasting] = iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]
    assert lasting["Status"] == "Active"


def test_ended_session_is_refused_by_every_operation(aging: Aging, bucket: Bucket) -> None:
    keys = session_of_role(aging.site)
    check(bucket, Caller("session", keys, None))
    aging.move_to(AFTER_MS)
    check(bucket, Caller("ended", keys, EXPIRED))
