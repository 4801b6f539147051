"""Refusals of IAM and STS explain themselves as those of S3 do."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.endpoint import Keys
from tests.integration.iam.answers import policy
from tests.integration.iam.conftest import ROOT, Site
from tests.integration.store_process import StoreProcess


def _refused(
    store: StoreProcess, site: Site, keys: Keys, *, signed_host: str = ""
) -> tuple[dict[str, Any], Any]:
    """(what the header says, what the operator is told) of a ListUsers."""
    client = site.client("iam", keys)

    def ask(request: Any, **_: Any) -> None:
        request.headers["x-o3-explain"] = f"http://{signed_host}" if signed_host else "1"
        if signed_host:
            request.headers["host"] = signed_host

    def send(request: Any, **_: Any) -> None:
        if signed_host:
            request.headers["host"] = store.url.removeprefix("http://")

    client.meta.events.register("before-sign.iam", ask)
    client.meta.events.register("before-send.iam", send)
    with pytest.raises(ClientError) as error:
        client.list_users()
    headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
    endpoint = ("--endpoint", f"http://{signed_host}") if signed_host else ()
    told = store.o3("explain", headers["x-amzn-requestid"], "--json", *endpoint)
    assert told.returncode == 0, told.stderr
    return json.loads(headers["x-o3-explanation"]), json.loads(told.stdout)


def test_denial_names_the_statement_and_what_of_it_failed(
    store: StoreProcess, site: Site, iam: Any
) -> None:
    from_elsewhere = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    keys = site.user(iam, site.name("ann"), policy("iam:ListUsers", Condition=from_elsewhere))
    header, told = _refused(store, site, keys)
    assert header["code"] == told["code"] == "AccessDenied"
    assert "iam:ListUsers" in header["findings"][0] and header["findings"] == told["findings"]
    assert (told["operation"], told["signature"]["is_right"]) == ("iam:ListUsers", True)
    [condition] = told["accesses"][0]["policies"][0]["statements"][0]["conditions"]
    assert (condition["wanted"], condition["actual"]) == (["10.0.0.0/8"], ["127.0.0.1"])


def test_operator_is_told_why_a_role_is_not_assumed(
    store: StoreProcess, site: Site, iam: Any
) -> None:
    name = site.name("reader")
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "door"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
    keys = site.user(iam, site.name("bob"), policy("sts:AssumeRole"))
    told = _told_of_assuming(store, site, keys, made["Arn"])
    assert told["accesses"][0]["reason"] == "not_trusted"
    [of_role] = [each for each in told["accesses"][0]["policies"] if each["side"] == "role"]
    [condition] = of_role["statements"][0]["conditions"]
    assert (condition["wanted"], condition["actual"]) == (["door"], None)
    told = _told_of_assuming(store, site, keys, f"{made['Arn']}-not-there")
    assert "There is no role of this ARN." in told["findings"][0]
    told = _told_of_assuming(store, site, ROOT, made["Arn"])
    assert "may assume no role" in told["findings"][0]


def _told_of_assuming(store: StoreProcess, site: Site, keys: Keys, arn: str) -> Any:
    with pytest.raises(ClientError) as error:
        site.client("sts", keys).assume_role(RoleArn=arn, RoleSessionName="me")
    headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
    told = store.o3("explain", headers["x-amzn-requestid"], "--json")
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_disabled_key_is_told_to_the_operator_alone(
    store: StoreProcess, site: Site, iam: Any
) -> None:
    name = site.name("eve")
    keys = site.user(iam, name, policy("iam:ListUsers"))
    iam.update_access_key(UserName=name, AccessKeyId=keys.access, Status="Inactive")
    header, told = _refused(store, site, keys)
    assert header["findings"][0].startswith("There is no such access key")
    assert told["findings"] == [f"The access key {keys.access} is there, and disabled."]


def test_wrong_secret_is_told_from_a_host_that_a_proxy_has_rewritten(
    store: StoreProcess, site: Site
) -> None:
    header, told = _refused(store, site, Keys(ROOT.access, "another-secret-than-that"))
    assert "right for no rewriting" in header["findings"][0]
    assert (told["caller"], told["accesses"]) == (None, [])
    header, told = _refused(store, site, ROOT, signed_host="iam.example.com")
    assert header["code"] == "SignatureDoesNotMatch" and told["signature"]["key_is_right"]
    assert "The signature is right for Host iam.example.com" in header["findings"][0]
