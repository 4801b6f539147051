"""Why a policy denied a request: told to the bucket's account and operators, not to others; and
asked for without a request."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
import urllib3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.integration.endpoint import REGION, Endpoint, Keys
from tests.integration.s3.wire import Request, send
from tests.integration.store_process import OTHER, StoreProcess

ACCOUNT: Final = "123456789012"
SECRET_PREFIX: Final = "plans-of-the-owner"
POLICY: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "OthersFromInside",
            "Effect": "Allow",
            "Principal": {"AWS": ACCOUNT},
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::bucket/*",
            "Condition": {"IpAddress": {"aws:SourceIp": "10.11.12.0/24"}},
        },
        {
            "Sid": "NobodyReads",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::bucket/{SECRET_PREFIX}/*",
        },
    ],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    folder: Path = tmp_path_factory.mktemp("decisions")
    running = StoreProcess(folder)
    try:
        running.start()
        running.add_account(ACCOUNT, OTHER)
        with running.endpoint.client() as s3:
            s3.create_bucket(Bucket="bucket")
            s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps(POLICY))
        yield running
        running.stop()
    finally:
        running.discard()


@pytest.fixture(scope="module")
def endpoint(store: StoreProcess) -> Endpoint:
    return store.endpoint


def denied(endpoint: Endpoint, key: str, keys: Keys | None = None) -> dict[str, Any]:
    """The explanation of a GET."""
    request = Request("GET", f"/bucket/{key}", fields={"x-o3-explain": "1"})
    answer = send(endpoint, request, keys=keys)
    assert answer.code == "AccessDenied", answer.body
    explanation: dict[str, Any] = json.loads(answer.error["Explanation"])
    return explanation


def test_bucket_owner_sees_the_statement_that_denies(endpoint: Endpoint) -> None:
    explanation = denied(endpoint, f"{SECRET_PREFIX}/key")
    access = explanation["accesses"][-1]
    assert (access["reason"], access["decided_by"]) == ("denied_by_bucket", "bucket policy")
    assert (access["statement"]["number"], access["statement"]["sid"]) == (2, "NobodyReads")
    assert any("denied: The bucket's policy denies it." in each for each in explanation["findings"])


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_who_was_given_a_presigned_url_does_not_see_what_its_signer_does(
    endpoint: Endpoint, version: str
) -> None:
    at = {"Bucket": "bucket", "Key": f"{SECRET_PREFIX}/key"}
    with endpoint.client(signature_version=version) as s3:
        url = s3.generate_presigned_url("get_object", Params=at)
    explanation = _explained(url)
    assert (explanation["caller"], explanation["accesses"]) == (None, [])
    assert explanation["signature"]["is_right"] and "NobodyReads" not in json.dumps(explanation)


def test_signer_of_a_presigned_url_who_signs_that_he_asks_sees_it(endpoint: Endpoint) -> None:
    url = f"{endpoint.url}/bucket/{SECRET_PREFIX}/key"
    request = AWSRequest("GET", url, headers={"x-o3-explain": "1"})
    keys = Credentials(endpoint.main.access, endpoint.main.secret)
    S3SigV4QueryAuth(keys, "s3", REGION, expires=60).add_auth(request)
    assert request.url is not None
    assert _explained(request.url)["accesses"][-1]["statement"]["sid"] == "NobodyReads"


def _explained(url: str) -> dict[str, Any]:
    answer = urllib3.request("GET", url, headers={"x-o3-explain": "1"})
    text = ElementTree.fromstring(answer.data).findtext("Explanation")
    assert answer.status == 403 and text is not None, answer.data
    explanation: dict[str, Any] = json.loads(text)
    return explanation


def test_other_account_does_not_see_the_statements_of_the_bucket(endpoint: Endpoint) -> None:
    explicit = denied(endpoint, f"{SECRET_PREFIX}/key", OTHER)
    implicit = denied(endpoint, "key", OTHER)
    for explanation in (explicit, implicit):
        access = explanation["accesses"][-1]
        assert (access["reason"], access["statement"], access["settings"]) == ("", None, [])
        text = json.dumps(explanation)
        assert "NobodyReads" not in text and "10.11.12.0" not in text
    # What was denied, and that nothing let it in, are told alike.
    for name in ("text", "decided_by", "policies"):
        assert explicit["accesses"][-1][name] == implicit["accesses"][-1][name]


def test_operator_sees_the_condition_that_failed_with_both_values(
    store: StoreProcess, endpoint: Endpoint
) -> None:
    request_id = denied(endpoint, "key", OTHER)["request_id"]
    told = store.o3("explain", request_id, "--json")
    [policy] = json.loads(told.stdout)["accesses"][-1]["policies"]
    assert (policy["side"], policy["verdict"]) == ("bucket", "nothing")
    [condition] = policy["statements"][0]["conditions"]
    assert (condition["operator"], condition["key"]) == ("IpAddress", "aws:SourceIp")
    assert (condition["wanted"], condition["actual"]) == (["10.11.12.0/24"], ["127.0.0.1"])
    text = store.o3("explain", request_id).stdout
    assert "statement 1 'OthersFromInside' (Allow): its Condition does not match" in text
    assert "IpAddress aws:SourceIp wants '10.11.12.0/24'; the request has '127.0.0.1'" in text


def test_same_is_asked_without_a_request(store: StoreProcess) -> None:
    question = ("can", ACCOUNT, "s3:GetObject", "s3://bucket/key")
    assert store.o3(*question).returncode == 1
    allowed = store.o3(*question, "--context", "aws:SourceIp=10.11.12.13")
    assert (allowed.returncode, allowed.stderr) == (0, "")
    assert allowed.stdout.startswith("yes\n") and "OthersFromInside" in allowed.stdout
    denied_key = store.o3(*question[:3], f"s3://bucket/{SECRET_PREFIX}/key", "--json")
    assert denied_key.returncode == 1
    access = json.loads(denied_key.stdout)["access"]
    assert (access["allowed"], access["statement"]["sid"]) == (False, "NobodyReads")
    anonymous = store.o3("can", "ANONYMOUS", "s3:ListBucket", "s3://bucket")
    assert (anonymous.returncode, anonymous.stdout[:3]) == (1, "no\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (("nobody", "s3:GetObject", "s3://bucket/key"), "nobody"),
        ((f"{ACCOUNT}/eve", "s3:GetObject", "s3://bucket/key"), "eve"),
        ((ACCOUNT, "s3:Nothing", "s3://bucket/key"), "S3 has no such action"),
        ((ACCOUNT, "s3:GetObject", "s3://no-bucket/key"), "no-bucket"),
        ((ACCOUNT, "s3:GetObject", "bucket/key"), "give s3://BUCKET/KEY"),
    ),
)
def test_question_that_cannot_be_answered_says_why(
    store: StoreProcess, arguments: tuple[str, ...], message: str
) -> None:
    failed = store.o3("can", *arguments)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("o3: ") and message in failed.stderr
    assert failed.stderr.count("\n") == 1
