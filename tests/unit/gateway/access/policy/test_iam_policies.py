"""What IAM refuses of identity, session and trust policies, and how."""

import json
from collections.abc import Callable, Mapping

import pytest

from tests.unit.gateway.access.policy.asking import ACCOUNT, asked, document
from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.policy.faults import PolicyFault
from trioxygen.gateway.access.policy.identity_policy import (
    read_identity_policy,
    read_session_policy,
)
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.principals import FEDERATED_PROVIDER
from trioxygen.gateway.access.policy.trust_policy import read_trust_policy
from trioxygen.gateway.access.policy.verdict import Verdict

VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
SID = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular"
    " expression [0-9A-Za-z]*"
)
SYNTAX = "Syntax errors in policy."
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}


def refusal(read: Callable[[str], CompiledPolicy], text: str) -> str:
    with pytest.raises(PolicyFault) as refused:
        read(text)
    return str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"Version": "2012-10-17"}', "\x00"])
def test_text_that_is_no_policy_is_refused(text: str) -> None:
    assert refusal(read_identity_policy, text) == SYNTAX
    assert refusal(read_trust_policy, text) == SYNTAX


@pytest.mark.parametrize("version", [None, "2008-10-17", "2010-10-17"])
def test_identity_policy_is_of_the_present_version(version: str | None) -> None:
    message = "Policy document must be version 2012-10-17 or greater."
    assert refusal(read_identity_policy, document(ALL, version=version)) == message


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"Effect": "Maybe"}, SYNTAX),
        ({"Other": 1}, SYNTAX),
        ({"NotAction": "*"}, SYNTAX),
        ({"Action": 1}, SYNTAX),
        ({"Action": [[]]}, SYNTAX),
        ({"Principal": "*"}, "Has prohibited field Principal"),
        ({"NotPrincipal": "*"}, "Has prohibited field NotPrincipal"),
        ({"Action": None}, "Policy statement must contain actions."),
        ({"Action": []}, "Policy statement must contain actions."),
        ({"Resource": None}, "Policy statement must contain resources."),
        ({"Resource": []}, "Policy statement must contain resources."),
        ({"Action": "GetObject"}, VENDOR),
        ({"Action": "s3:a:b"}, "Actions/Condition can contain only one colon."),
        ({"Resource": "bucket"}, 'Resource bucket must be in ARN format or "*".'),
        ({"Sid": "a-b"}, SID),
        ({"Condition": {"Equals": {"aws:username": "x"}}}, "Invalid Condition type : Equals"),
        ({"Condition": {"Bool": {"aws:SecureTransport": 1}}}, "Invalid condition value: 1"),
    ],
)  # fmt: skip
def test_identity_statement_is_refused(elements: Mapping[str, object], message: str) -> None:
    changed = {name: value for name, value in {**ALL, **elements}.items() if value is not None}
    assert refusal(read_identity_policy, document(changed)) == message


def test_sids_of_a_policy_differ() -> None:
    read_identity_policy(document({**ALL, "Sid": ""}, {**ALL, "Sid": ""}))
    repeated = document({**ALL, "Sid": "same"}, {**ALL, "Sid": "same"})
    message = "Statement IDs (SID) in a single policy must be unique."
    assert refusal(read_identity_policy, repeated) == message


def test_session_policy_is_short() -> None:
    text = document(*[ALL] * 40)
    read_identity_policy(text)
    assert refusal(read_session_policy, text) == "The policy is longer than 2048 characters."


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"Resource": "*"}, "Has prohibited field Resource"),
        ({"Principal": None}, "Missing required field Principal"),
        ({"Action": None}, "Missing required field Action"),
        ({"Action": "s3:GetObject"}, "AssumeRole policy may only specify STS AssumeRole actions."),
        ({"Principal": {"AWS": "bob"}}, 'Invalid principal in policy: "AWS":"bob"'),
    ],
)
def test_trust_statement_is_refused(elements: Mapping[str, object], message: str) -> None:
    changed = {name: value for name, value in {**TRUST, **elements}.items() if value is not None}
    assert refusal(read_trust_policy, document(changed)) == message


def test_trust_policy_speaks_of_web_identities() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"
    policy = read_trust_policy(
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Federated": provider},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": {"idp.example.com:8080/realm:aud": "app"}},
                },
            }
        )
    )
    known, stranger = (
        Caller(kind=CallerKind.ANONYMOUS, context={FEDERATED_PROVIDER: name})
        for name in (provider, f"{provider}/other")
    )
    context = {"idp.example.com:8080/realm:aud": ["app"]}

    def verdict(caller: Caller, of: Mapping[str, list[str]]) -> Verdict:
        return policy.verdict(asked("sts:AssumeRoleWithWebIdentity", ROLE, caller, of))

    assert verdict(known, context) is Verdict.ALLOW
    assert verdict(known, {}) is Verdict.NOTHING
    assert verdict(stranger, context) is Verdict.NOTHING


ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
