"""What a policy says to a question, and which element says otherwise."""

from collections.abc import Mapping

import pytest

from tests.unit.gateway.access.policy.asking import (
    ACCOUNT,
    BUCKET_ARN,
    CANONICAL_ID,
    KEY_ARN,
    OTHER_ACCOUNT,
    OTHER_USER,
    ROLE_ARN,
    ROOT,
    SESSION,
    USER,
    asked,
    bucket_policy,
    identity_policy,
    statement,
)
from trioxygen.gateway.access.caller import ANONYMOUS, Caller
from trioxygen.gateway.access.policy.verdict import ComparedCondition, Element, Verdict

NOTHING, ALLOW, DENY = Verdict.NOTHING, Verdict.ALLOW, Verdict.DENY
OF_ROLE, OF_ACCOUNT = Verdict.ALLOW_ROLE, Verdict.ALLOW_ACCOUNT


@pytest.mark.parametrize(
    ("principal", "caller", "verdict"),
    [
        ("*", ANONYMOUS, ALLOW),
        ("*", USER, ALLOW),
        ("*", SESSION, OF_ROLE),
        ({"AWS": "*"}, ANONYMOUS, ALLOW),
        ({"AWS": ACCOUNT}, ANONYMOUS, NOTHING),
        ({"AWS": ACCOUNT}, ROOT, OF_ACCOUNT),
        ({"AWS": ACCOUNT}, USER, OF_ACCOUNT),
        ({"AWS": ROOT.arn}, SESSION, OF_ACCOUNT),
        ({"AWS": ACCOUNT}, OTHER_USER, NOTHING),
        ({"AWS": [OTHER_ACCOUNT, USER.arn]}, USER, ALLOW),
        ({"AWS": [ACCOUNT, USER.arn]}, USER, ALLOW),
        ({"AWS": USER.arn}, ROOT, NOTHING),
        ({"AWS": USER.arn.replace("eve", "Eve")}, USER, NOTHING),
        ({"AWS": ROLE_ARN}, SESSION, OF_ROLE),
        ({"AWS": SESSION.arn}, SESSION, ALLOW),
        ({"AWS": ["*", SESSION.arn]}, SESSION, ALLOW),
        ({"CanonicalUser": CANONICAL_ID}, USER, OF_ACCOUNT),
        ({"CanonicalUser": CANONICAL_ID}, ANONYMOUS, NOTHING),
        ({"Service": "logging.s3.amazonaws.com"}, USER, NOTHING),
    ],
)
def test_principal(principal: object, caller: Caller, verdict: Verdict) -> None:
    allowing = statement(Principal=principal)
    assert bucket_policy(allowing).verdict(asked(caller=caller)) is verdict
    denying = bucket_policy({**allowing, "Effect": "Deny"})
    assert denying.verdict(asked(caller=caller)) is (DENY if verdict else NOTHING)


@pytest.mark.parametrize(
    ("named", "spared"),
    [
        (["*"], [ANONYMOUS, ROOT, USER, OTHER_USER, SESSION]),
        ([ACCOUNT], [ROOT]),
        ([USER.arn], []),
        ([ACCOUNT, USER.arn], [ROOT, USER]),
        ([ACCOUNT, ROLE_ARN], [ROOT]),
        ([ACCOUNT, SESSION.arn], [ROOT]),
        ([ACCOUNT, ROLE_ARN, SESSION.arn], [ROOT, SESSION]),
    ],
)
def test_not_principal_spares_who_is_named_with_the_account(
    named: list[str], spared: list[Caller]
) -> None:
    policy = bucket_policy(statement(Effect="Deny", Principal=None, NotPrincipal={"AWS": named}))
    for caller in (ANONYMOUS, ROOT, USER, OTHER_USER, SESSION):
        assert policy.verdict(asked(caller=caller)) is (NOTHING if caller in spared else DENY)


@pytest.mark.parametrize(
    ("elements", "action", "resource", "expected"),
    [
        ({"Action": "S3:GETOBJECT"}, "s3:GetObject", KEY_ARN, True),
        ({"Action": "s3:Get*"}, "s3:GetObject", KEY_ARN, True),
        ({"Action": "s3:get?bject"}, "s3:GetObject", KEY_ARN, True),
        ({"Action": "s3:GetObject"}, "s3:GetObjectAcl", KEY_ARN, False),
        ({"Action": "*"}, "s3:GetObject", KEY_ARN, True),
        ({"Action": None, "NotAction": "s3:Put*"}, "s3:GetObject", KEY_ARN, True),
        ({"Action": None, "NotAction": "s3:Get*"}, "s3:GetObject", KEY_ARN, False),
        ({}, "s3:GetObject", BUCKET_ARN, False),
        ({}, "s3:GetObject", f"{BUCKET_ARN}/", True),
        ({"Resource": f"{BUCKET_ARN}/cats/*"}, "s3:GetObject", KEY_ARN, True),
        ({"Resource": f"{BUCKET_ARN}/Cats/*"}, "s3:GetObject", KEY_ARN, False),
        ({"Resource": f"{BUCKET_ARN}/*.jpg"}, "s3:GetObject", KEY_ARN, True),
        ({"Resource": f"{BUCKET_ARN}/*/t?m.*"}, "s3:GetObject", KEY_ARN, True),
        ({"Resource": f"{BUCKET_ARN}*"}, "s3:GetObject", KEY_ARN, True),
        ({"Resource": f"{BUCKET_ARN}/${{aws:username}}/*"}, "s3:GetObject", KEY_ARN, False),
        (
            {"Resource": f"{BUCKET_ARN}/${{aws:username}}/*"},
            "s3:GetObject",
            f"{BUCKET_ARN}/eve/1",
            True,
        ),
        ({"Resource": None, "NotResource": f"{BUCKET_ARN}/dogs/*"}, "s3:GetObject", KEY_ARN, True),
        ({"Resource": None, "NotResource": f"{BUCKET_ARN}/cats/*"}, "s3:GetObject", KEY_ARN, False),
    ],
)
def test_action_and_resource(
    elements: Mapping[str, object], action: str, resource: str, expected: bool
) -> None:
    question = asked(action, resource, context={"aws:username": ["eve"]})
    assert bucket_policy(statement(**elements)).verdict(question) is (
        ALLOW if expected else NOTHING
    )


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("*", KEY_ARN, True),
        ("arn:aws:s3:::*", KEY_ARN, True),
        ("arn:aws:s3", KEY_ARN, True),
        ("arn:aws:*", KEY_ARN, True),
        ("arn:aws:s3:*:*:pictures/*", KEY_ARN, True),
        # A wildcard stays in its field.
        ("arn:aws:s3:*:*:pictures/*", "arn:aws:s3:::other/x:y:pictures/k", False),
        ("arn:aws:iam::*:user/${aws:username}", USER.arn, True),
    ],
)
def test_resource_of_an_identity_policy(pattern: str, resource: str, expected: bool) -> None:
    policy = identity_policy({"Effect": "Allow", "Action": "*", "Resource": pattern})
    question = asked("any:Action", resource, context={"aws:username": ["eve"]})
    assert policy.verdict(question) is (ALLOW if expected else NOTHING)


def test_denial_counts_wherever_it_stands() -> None:
    deny = statement(Effect="Deny", Action="s3:*")
    for statements in ([statement(), deny], [deny, statement()]):
        assert bucket_policy(*statements).verdict(asked()) is DENY


def test_strongest_allowance_counts() -> None:
    policy = bucket_policy(
        statement(Principal={"AWS": ACCOUNT}),
        statement(Principal={"AWS": SESSION.arn}),
        statement(Principal={"AWS": ROLE_ARN}),
    )
    assert policy.verdict(asked(caller=SESSION)) is ALLOW
    assert policy.verdict(asked(caller=USER)) is OF_ACCOUNT


def test_trace_names_the_element_that_differs() -> None:
    policy = bucket_policy(
        statement(Sid="of another", Principal={"AWS": OTHER_ACCOUNT}),
        statement(Action="s3:PutObject"),
        statement(Resource=f"{BUCKET_ARN}/dogs/*"),
        statement(
            Condition={
                "StringLike": {"aws:Referer": ["http://${aws:username}/*", "y"]},
                "Bool": {"aws:SecureTransport": "true"},
                "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
            }
        ),
        statement(Effect="Deny", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    )
    context = {"aws:username": ["eve"], "aws:sourceip": ["10.1.1.1"], "aws:referer": ["x"]}
    traces = policy.trace(asked(context=context))
    assert [trace.failed for trace in traces] == [
        Element.PRINCIPAL, Element.ACTION, Element.RESOURCE, Element.CONDITION, None,
    ]  # fmt: skip
    assert [trace.number for trace in traces] == [0, 1, 2, 3, 4]
    assert [trace.verdict for trace in traces] == [NOTHING] * 4 + [DENY]
    assert (traces[0].sid, traces[4].is_deny) == ("of another", True)
    assert traces[3].conditions == (
        ComparedCondition("StringLike", "aws:Referer", ("http://eve/*", "y"), ("x",)),
        ComparedCondition("Bool", "aws:SecureTransport", ("true",), None),
    )
    held = ComparedCondition("IpAddress", "aws:SourceIp", ("10.0.0.0/8",), ("10.1.1.1",))
    assert traces[4].conditions == (held,)


PUBLIC_CASES = [
    (statement(), True),
    (statement(Effect="Deny"), False),
    (statement(Principal={"AWS": ACCOUNT}), False),
    (statement(Principal={"AWS": [ACCOUNT, "*"]}), True),
    (statement(Principal={"Service": "logging.s3.amazonaws.com"}), False),
    (statement(Principal={"Federated": "accounts.google.com"}), True),
    *[
        (statement(Condition={operator: {key: value}}), is_public)
        for operator, key, value, is_public in [
            ("IpAddress", "aws:SourceIp", "10.0.0.0/32", False),
            ("IpAddress", "aws:SourceIp", "0.0.0.0/1", True),
            ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "0.0.0.0/0"], True),
            ("IpAddress", "aws:SourceIp", "2001:db8::/32", False),
            ("IpAddress", "aws:SourceIp", "2000::/3", True),
            ("IpAddress", "aws:SourceIp", "::ffff:10.0.0.0/104", False),
            ("IpAddress", "aws:SourceIp", "::ffff:0:0/96", True),
            ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", True),
            ("StringEquals", "aws:SourceVpc", "vpc-91237329", False),
            ("StringLike", "aws:SourceVpc", "vpc-91237329", False),
            ("StringLike", "aws:SourceVpc", "vpc-*", True),
            ("StringEquals", "aws:SourceVpc", "${aws:username}", True),
            ("StringEqualsIfExists", "aws:SourceVpc", "vpc-91237329", True),
            ("ForAllValues:StringEquals", "aws:SourceVpc", "vpc-91237329", True),
            ("StringNotEquals", "aws:SourceVpc", "vpc-91237329", True),
            ("StringEquals", "AWS:SourceAccount", ACCOUNT, False),
            ("ArnEquals", "aws:SourceArn", "arn:aws:sns:eu:111111111111:t", False),
            ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:111111111111:t", True),
            ("StringEquals", "aws:PrincipalOrgID", "o-1", False),
            ("StringEquals", "aws:Referer", "http://x", True),
            ("StringLike", "aws:userid", "AROAX:*", True),
            ("ArnLike", "s3:DataAccessPointArn", "arn:aws:s3:eu:1:accesspoint/*", False),
            ("ArnLike", "s3:DataAccessPointArn", "arn:aws:s3:eu:*:accesspoint/a", True),
        ]
    ],
]


@pytest.mark.parametrize(("only", "is_public"), PUBLIC_CASES)
def test_public_policy(only: Mapping[str, object], is_public: bool) -> None:
    assert bucket_policy(only).is_public is is_public


def test_policy_is_public_by_any_statement() -> None:
    narrow = statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/32"}})
    assert not bucket_policy(narrow).is_public
    assert bucket_policy(narrow, statement()).is_public
