"""Questions without a request are decided as those of requests are."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from tests.unit.gateway.can.one_user import MANAGED, allow, deny, policy, questions
from tests.unit.gateway.s3.one_bucket import OWNER, STRANGER
from trioxygen.common.errors import InvalidRequest, NoSuchBucket, TrioxygenError
from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.can.asking import CanView
from trioxygen.gateway.can.whom import Whom, parse_whom
from trioxygen.gateway.store.values.buckets import NOTHING_SET, SettingKind
from trioxygen.gateway.store.values.iam import PrincipalKind

ANN = f"{OWNER.account_id}/ann"
KEY, BUCKET = "s3://bucket/key", "s3://bucket"
USER, ROLE = PrincipalKind.USER, PrincipalKind.ROLE


def can(
    who: str,
    action: str,
    resource: str = KEY,
    settings: Mapping[SettingKind, bytes] = NOTHING_SET,
    **context: Sequence[str],
) -> CanView:
    given = {name.replace("_", ":"): values for name, values in context.items()}
    return asyncio.run(questions(settings).can(who, action, resource, given))


@pytest.mark.parametrize(
    ("text", "whom"),
    (
        ("anonymous", None),
        ("111111111111", Whom("111111111111")),
        ("main", Whom("main")),
        ("main/ann", Whom("main", USER, "ann")),
        ("main/user/ann", Whom("main", USER, "ann")),
        ("main/role/reader", Whom("main", ROLE, "reader")),
        ("arn:aws:iam::main:root", Whom("main")),
        ("arn:aws:iam::main:user/staff/ann", Whom("main", USER, "ann", resource="user/staff/ann")),
        (
            "arn:aws:iam::main:role/reader",
            Whom("main", ROLE, "reader", resource="role/reader"),
        ),
        ("arn:aws:sts::main:assumed-role/reader/now", Whom("main", ROLE, "reader", "now")),
    ),
)
def test_whom_is_read_in_each_form(text: str, whom: Whom | None) -> None:
    assert parse_whom(text) == whom


@pytest.mark.parametrize("text", ("", "a/b/c/d", "arn:aws:iam::main:group/g", "/ann"))
def test_whom_that_is_none_of_them_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_whom(text)


DECISIONS: tuple[tuple[str, str, str, bool, str], ...] = (
    (OWNER.account_id, "s3:GetObject", KEY, True, "owner"),
    (OWNER.account_id, "PutBucketPolicy", BUCKET, True, "owner"),
    (OWNER.account_id, "s3:CreateBucket", "s3://bucket-to-be", True, "own_account"),
    (OWNER.account_id, "s3:listallmybuckets", "s3://", True, "own_account"),
    (STRANGER.account_id, "s3:GetObject", KEY, False, "not_owner"),
    ("ANONYMOUS", "s3:GetObject", KEY, False, "anonymous"),
    (ANN, "s3:GetObject", KEY, True, "identity_policy"),
    # Of the bucket's account.
    ("ann", "s3:GetObject", KEY, True, "identity_policy"),
    (ANN, "s3:PutObject", KEY, False, "no_identity_policy"),
    # Its group lets it, what is attached does not.
    (ANN, "s3:DeleteObject", KEY, False, "denied_by_identity"),
    (f"{OWNER.account_id}/role/reader", "s3:GetObject", KEY, False, "no_identity_policy"),
)


@pytest.mark.parametrize(("who", "action", "resource", "allowed", "reason"), DECISIONS)
def test_access_is_decided_with_its_reason(
    who: str, action: str, resource: str, allowed: bool, reason: str
) -> None:
    access = can(who, action, resource).access
    assert (access.allowed, access.reason) == (allowed, reason)


def test_statement_that_decides_is_named_among_all() -> None:
    view = can(ANN, "s3:DeleteObject")
    access = view.access
    assert view.caller.arn == f"arn:aws:iam::{OWNER.account_id}:user/staff/ann"
    assert access.decided_by == MANAGED and access.statement is not None
    assert (access.statement.sid, access.statement.effect) == ("Never", "Deny")
    assert [(each.source, each.verdict) for each in access.policies] == [
        ("user/ann inline reads", "nothing"),
        (MANAGED, "deny"),
        ("group/writers inline writes", "allow"),
    ]


def test_condition_that_fails_is_shown_with_both_values() -> None:
    access = can(ANN, "s3:PutObject", aws_SourceIp=["192.168.0.1"]).access
    [condition] = access.policies[2].statements[0].conditions
    assert (condition.operator, condition.key.lower()) == ("IpAddress", "aws:sourceip")
    assert (condition.wanted, condition.actual) == (("10.0.0.0/8",), ("192.168.0.1",))
    without = can(ANN, "s3:PutObject").access
    assert without.policies[2].statements[0].conditions[0].actual is None
    assert can(ANN, "s3:PutObject", aws_SourceIp=["10.1.1.1"]).access.allowed


def test_context_that_is_given_goes_before_the_usual() -> None:
    assert can(ANN, "s3:GetObject").access.allowed
    assert not can(ANN, "s3:GetObject", aws_SecureTransport=["false"]).access.allowed


def test_policy_of_the_bucket_is_asked_as_well() -> None:
    of_bucket = policy(
        allow("s3:GetObject", "arn:aws:s3:::bucket/*", Principal={"AWS": STRANGER.account_id}),
        deny("s3:GetObject", "arn:aws:s3:::bucket/x", Principal="*", Sid="NotX"),
    )
    settings = {SettingKind.POLICY: of_bucket.encode()}
    assert can(STRANGER.account_id, "s3:GetObject", KEY, settings).access.reason == "bucket_policy"
    access = can(STRANGER.account_id, "s3:GetObject", "s3://bucket/x", settings).access
    assert access.statement is not None
    assert (access.reason, access.statement.sid) == ("denied_by_bucket", "NotX")
    assert ("object ownership", "BucketOwnerEnforced") in access.settings


@pytest.mark.parametrize(
    ("who", "action", "resource", "error"),
    (
        (OWNER.account_id, "s3:GetObject", "s3://nothing/key", NoSuchBucket),
        (f"arn:aws:iam::{OWNER.account_id}:user/ann", "s3:GetObject", KEY, NoSuchEntity),
        ("333333333333", "s3:GetObject", KEY, NoSuchEntity),
        (f"{OWNER.account_id}/eve", "s3:GetObject", KEY, NoSuchEntity),
        ("ann", "s3:ListAllMyBuckets", "s3://", NoSuchEntity),
        (OWNER.account_id, "s3:Nothing", KEY, InvalidRequest),
        (OWNER.account_id, "s3:GetObject", BUCKET, InvalidRequest),
        (OWNER.account_id, "s3:ListBucket", KEY, InvalidRequest),
        (OWNER.account_id, "s3:ListBucket", "s3://", InvalidRequest),
        (OWNER.account_id, "s3:ListAllMyBuckets", BUCKET, InvalidRequest),
        (OWNER.account_id, "s3:GetObject", "bucket/key", InvalidRequest),
        (OWNER.account_id, "s3:GetObject", "s3:///key", InvalidRequest),
        (OWNER.account_id, "iam:ListUsers", BUCKET, InvalidRequest),
    ),
)
def test_question_without_sense_is_refused(
    who: str, action: str, resource: str, error: type[TrioxygenError]
) -> None:
    with pytest.raises(error):
        can(who, action, resource)
