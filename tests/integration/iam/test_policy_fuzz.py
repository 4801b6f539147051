"""Odd policies of identities, roles and sessions: nothing fails that is not the client's."""

import json
import time
from collections import Counter
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from tests.integration.iam.conftest import Site
from tests.integration.iam.test_query_api import code_of, send
from tests.integration.odd_policies import odd_policy, of_identity, of_trust

_IAM: Final = {"Version": "2010-05-08"}
_FEW: Final = 150
_MANY: Final = 3_000
_SECONDS: Final = 20


@pytest.fixture(scope="module")
def names(site: Site) -> dict[str, str]:
    """A user, and a role that may be assumed."""
    iam = site.client("iam")
    user, role = site.name("fuzzed"), site.name("fuzzed")
    iam.create_user(UserName=user)
    trust = {"Effect": "Allow", "Principal": {"AWS": site.account_id}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)
    arn = iam.create_role(RoleName=f"{role}s", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    return {"user": user, "role": role, "arn": arn}


def _asked(rng: Random, names: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """(service, form)"""
    identity, trust = odd_policy(rng, of_identity()), odd_policy(rng, of_trust())
    policy = {"PolicyName": "p", "PolicyDocument": identity}
    session = {"RoleArn": names["arn"], "RoleSessionName": "s", "Policy": identity}
    role, user = {"RoleName": names["role"]}, {"UserName": names["user"]}
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("iam", {"Action": "PutUserPolicy", **_IAM, **user, **policy}),
        ("iam", {"Action": "PutRolePolicy", **_IAM, **role, **policy}),
        ("iam", {"Action": "UpdateAssumeRolePolicy", **_IAM, **role, "PolicyDocument": trust}),
        (
            "iam",
            {
                "Action": "SimulateCustomPolicy",
                **_IAM,
                "PolicyInputList.member.1": identity,
                "ActionNames.member.1": "s3:GetObject",
            },
        ),
        ("sts", {"Action": "AssumeRole", "Version": "2011-06-15", **session}),
    )
    return rng.choice(asked)


def _fuzzed(site: Site, names: dict[str, str], seed: str, count: int) -> None:
    said: Counter[str] = Counter()
    ends = time.monotonic() + _SECONDS
    for number in range(count):
        service, form = _asked(Random(f"{seed}-{number}"), names)
        status, document = send(site, urlencode(form).encode(), service=service)
        code = code_of(document)
        assert status < 500 or code == "NotImplemented", (seed, number, code, form)
        said[code or str(status)] += 1
        if time.monotonic() > ends:
            break
    print(said)
    assert said["200"] > 5 and said["MalformedPolicyDocument"] > 5
    # With what was taken the role and the user are still answered.
    trust = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleSessionName": "s"}
    arn = names["arn"].removesuffix("s")
    assert send(site, urlencode({**trust, "RoleArn": arn}).encode())[0] < 500


def test_no_policy_is_our_failure(site: Site, names: dict[str, str]) -> None:
    _fuzzed(site, names, "policies", _FEW)


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
def test_none_of_many_policies_is_our_failure(site: Site, names: dict[str, str], seed: str) -> None:
    _fuzzed(site, names, seed, _MANY)
