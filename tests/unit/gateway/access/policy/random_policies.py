"""Random policies and questions for them, of small alphabets, so that much matches.

All that is drawn for a bucket's policy is what the reader takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.unit.gateway.access.policy.asking import (
    ACCOUNT,
    BUCKET_ARN,
    CALLERS,
    CANONICAL_ID,
    OTHER_ACCOUNT,
    OTHER_USER,
    ROLE_ARN,
    SESSION,
    USER,
    Values,
)
from trioxygen.gateway.access.policy.operators import KINDS
from trioxygen.gateway.access.question import Question

Strategy = st.SearchStrategy[Any]

VERSIONS = ("2012-10-17", "2012-10-17", "2008-10-17")
ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetObjectAcl", "s3:PutBucketPolicy")
RESOURCES = tuple(
    f"{BUCKET_ARN}{end}" for end in ("", "/a", "/b", "/a/b", "/eve/a", "/*", "/a:b:c")
)
NAMES = ("eve", "bob", "a", "b", "", "A", "*", "ab")
ARNS = (USER.arn, OTHER_USER.arn, SESSION.arn, BUCKET_ARN, f"{BUCKET_ARN}/a")
DATES = ("2026-01-01", "2026-01-01T00:00:00Z", "1767225600", "2026-01-01T00:00:01Z", "2027-01-01")
ADDRESSES = ("10.0.0.1", "10.0.1.1", "192.168.0.1", "2001:db8::1")

# The values of a key, as requests have them and as policies want them; whichever is used.
_OF_REQUESTS: Mapping[str, Sequence[str]] = {
    "aws:username": NAMES,
    "aws:Referer": NAMES,
    "aws:TagKeys": NAMES,
    "aws:PrincipalTag/team": NAMES,
    "aws:PrincipalArn": ARNS,
    "aws:SourceIp": ADDRESSES,
    "aws:CurrentTime": DATES,
    "aws:MultiFactorAuthAge": ("1", "2", "2.0", "10", "x"),
    "aws:SecureTransport": ("true", "false", "True"),
}
_MANY = ("aws:TagKeys",)
_WANTED: Mapping[str, Sequence[object]] = {
    "String": (
        *NAMES, "a*", "*b", "?", "*", "e*e", "${aws:username}", "${aws:PrincipalTag/team, 'b'}",
        "${aws:PrincipalTag/team}", "${*}", "${aws:TagKeys}", "${AWS:USERNAME}*", "${$}", "${a",
    ),
    "Numeric": ("1", 2, "2.00", 10, "-1"),
    "Date": DATES,
    "Bool": ("true", "false", True, False),
    "Binary": ("YQ==", "YWI="),
    "Arn": (
        *ARNS, "*", "arn:aws:iam::*:user/*", "arn:aws:s3:::*", "arn:aws:*", "arn:aws:iam",
        f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}", "arn:*:b", "${aws:PrincipalArn}",
    ),
    "Ip": ("10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.1", "2001:db8::/32", "192.168.0.9/30"),
}  # fmt: skip


def one_or_many(elements: Strategy) -> Strategy:
    return elements | st.lists(elements, min_size=1, max_size=3)


def _kind_of(operator: str) -> str:
    return next(kind for kind in _WANTED if operator.removeprefix("Not").startswith(kind))


@st.composite
def conditions(draw: st.DrawFn) -> tuple[str, str, Any]:
    """Operator, key, values: half of the time a key whose values have the operator's form."""
    base = draw(st.sampled_from(tuple(KINDS)))
    key = draw(st.sampled_from(_keys_of(_kind_of(base))) | st.sampled_from(tuple(_OF_REQUESTS)))
    wanted = draw(one_or_many(st.sampled_from(_WANTED[_kind_of(base)])))
    if draw(st.integers(0, 9)) == 0:
        return "Null", key, draw(one_or_many(st.sampled_from(("true", "false", True))))
    prefix = draw(st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:")))
    suffix = draw(st.sampled_from(("", "", "IfExists")))
    return f"{prefix}{base}{suffix}", draw(st.sampled_from((key, key.upper()))), wanted


def _keys_of(kind: str) -> Sequence[str]:
    return {
        "String": ("aws:username", "aws:TagKeys", "aws:Referer", "aws:PrincipalTag/team"),
        "Numeric": ("aws:MultiFactorAuthAge",),
        "Date": ("aws:CurrentTime",),
        "Bool": ("aws:SecureTransport",),
        "Binary": ("aws:Referer",),
        "Arn": ("aws:PrincipalArn",),
        "Ip": ("aws:SourceIp",),
    }[kind]


_ACTION_NAMES = st.sampled_from(
    (*ACTIONS, "S3:getobject", "s3:Get*", "s3:*", "s3:*", "s3:?etObject", "*", "s3:*Object*")
)
# With one of these, every action has a resource.
_WIDE = st.sampled_from((f"{BUCKET_ARN}*", "arn:aws:s3:::*", f"{BUCKET_ARN}?*"))
_RESOURCE_NAMES = st.sampled_from(
    (
        *RESOURCES,
        f"{BUCKET_ARN}/a*",
        f"{BUCKET_ARN}/?",
        f"{BUCKET_ARN}/${{aws:username}}/*",
        f"{BUCKET_ARN}/${{aws:PrincipalTag/team, 'a'}}",
        f"{BUCKET_ARN}/${{*}}",
        "arn:aws:s3:*:*:pictures/*",
    )
)
_AWS = st.sampled_from(
    ("*", ACCOUNT, OTHER_ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", USER.arn, OTHER_USER.arn,
     ROLE_ARN, SESSION.arn)
)  # fmt: skip
PRINCIPALS: Strategy = (
    st.just("*")
    | st.just({"AWS": ACCOUNT})
    | st.fixed_dictionaries({"AWS": one_or_many(_AWS)})
    | st.fixed_dictionaries({"CanonicalUser": st.just(CANONICAL_ID)})
)


def _block(drawn: Sequence[tuple[str, str, Any]]) -> dict[str, dict[str, Any]]:
    block: dict[str, dict[str, Any]] = {}
    for operator, key, wanted in drawn:
        block.setdefault(operator, {})[key] = wanted
    return block


@st.composite
def statements(draw: st.DrawFn, *, of_bucket: bool) -> dict[str, Any]:
    effect = draw(st.sampled_from(("Allow", "Allow", "Deny")))
    statement: dict[str, Any] = {"Effect": effect}
    if of_bucket:
        negates = effect == "Deny" and draw(st.booleans())
        statement["NotPrincipal" if negates else "Principal"] = draw(PRINCIPALS)
    if draw(st.integers(0, 3)):
        statement["Action"] = draw(one_or_many(_ACTION_NAMES))
    else:
        # Of no action that is left a bucket's policy cannot be.
        statement["NotAction"] = draw(one_or_many(st.sampled_from(ACTIONS)))
    names = draw(st.lists(_RESOURCE_NAMES, max_size=2))
    if not names or draw(st.booleans()):
        names.append(draw(_WIDE))
    name = draw(st.sampled_from(("Resource", "Resource", "Resource", "NotResource")))
    statement[name] = names if len(names) > 1 else names[0]
    if not of_bucket and draw(st.integers(0, 3)) == 0:
        statement[name] = draw(st.sampled_from(("*", "arn:aws:s3", "arn:aws:s3:::*")))
    statement["Condition"] = _block(draw(st.lists(conditions(), max_size=draw(st.integers(0, 2)))))
    return statement


@st.composite
def documents(draw: st.DrawFn, *, of_bucket: bool) -> dict[str, Any]:
    version = draw(st.sampled_from(VERSIONS))
    return {
        "Version": version if of_bucket else "2012-10-17",
        "Statement": draw(st.lists(statements(of_bucket=of_bucket), min_size=1, max_size=3)),
    }


@st.composite
def contexts(draw: st.DrawFn) -> Values:
    values: dict[str, Sequence[str]] = {}
    for key, choices in _OF_REQUESTS.items():
        if draw(st.integers(0, 3)):
            one = st.lists(st.sampled_from(choices), min_size=1, max_size=1)
            many = st.lists(st.sampled_from(choices), max_size=3)
            values[key.lower()] = draw(many if key in _MANY else one)
    return Values(values)


QUESTIONS: Strategy = st.builds(
    Question,
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.sampled_from(CALLERS),
    contexts(),
)
