"""Each condition operator, by what AWS's documentation says of it."""

from collections.abc import Mapping, Sequence

import pytest

from tests.unit.gateway.access.policy.asking import holds
from trioxygen.gateway.access.policy.operators import KINDS

REFERER = "aws:Referer"


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "Ab", "Ab", True),
        ("StringEquals", "Ab", "ab", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a*", "a*", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "", "", True),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringEqualsIgnoreCase", "Ab", "aB", True),
        ("StringNotEqualsIgnoreCase", "Ab", "aB", False),
        ("StringLike", "a*c?", "abbcd", True),
        ("StringLike", "a*c?", "abbc", False),
        ("StringLike", "A*", "ab", False),
        ("StringLike", "*", "", True),
        ("StringLike", "${*}x", "*x", True),
        ("StringLike", "${*}x", "ax", False),
        ("StringNotLike", ["a*", "b*"], "c", True),
        ("StringNotLike", ["a*", "b*"], "bc", False),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", 10, "10", True),
        ("NumericEquals", "10", "ten", False),
        ("NumericNotEquals", "10", "10.00", False),
        ("NumericNotEquals", ["1", "2"], "3", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "1.5", "1.50001", True),
        ("NumericGreaterThan", "-1", "-2", False),
        ("NumericGreaterThanEquals", "9007199254740993", "9007199254740992", False),
        ("DateEquals", "2026-11-30T12:00:00Z", "2026-11-30T13:00:00+01:00", True),
        ("DateEquals", "2026-11-30", "2026-11-30T00:00:00Z", True),
        ("DateEquals", "1796040000", "2026-11-30T12:00:00Z", True),
        ("DateNotEquals", "2026-11-30", "2026-11-30T00:00:00.001Z", True),
        ("DateLessThan", "2026-11-30T12:00:00Z", "20261130T115959Z", True),
        ("DateLessThanEquals", "2026-11-30T12:00:00Z", "1796040000", True),
        ("DateGreaterThan", "2026-11-30T12:00:00Z", "1796040000", False),
        ("DateGreaterThanEquals", "2026-11-30T12:00:00Z", "1796040000", True),
        ("DateGreaterThan", "2026-11-30", "soon", False),
        ("Bool", "true", "True", True),
        ("Bool", "true", "false", False),
        ("Bool", True, "true", True),
        ("Bool", "false", "yes", False),
        ("BinaryEquals", "aGk=", "aGk=", True),
        ("BinaryEquals", "aGk=", "aGkh", False),
        ("BinaryEquals", "aGk=", "hi", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
        ("IpAddress", "203.0.113.7", "203.0.113.7", True),
        ("IpAddress", "203.0.113.7/24", "203.0.113.9", True),
        ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
        ("IpAddress", "2001:db8::/32", "2001:DB8:1::", True),
        ("IpAddress", "203.0.113.0/24", "::ffff:203.0.113.7", True),
        ("IpAddress", "::ffff:203.0.113.0/120", "203.0.113.7", True),
        ("NotIpAddress", "::ffff:203.0.113.7", "203.0.113.7", False),
        ("IpAddress", "203.0.113.0/24", "nowhere", False),
        ("NotIpAddress", ["10.0.0.0/8", "192.168.0.0/16"], "192.168.1.1", False),
        ("NotIpAddress", ["10.0.0.0/8", "192.168.0.0/16"], "11.1.1.1", True),
        ("ArnEquals", "arn:aws:sns:*:111111111111:t", "arn:aws:sns:eu:111111111111:t", True),
        ("ArnEquals", "arn:aws:sns:*:t", "arn:aws:sns:eu:111111111111:t", False),
        ("ArnLike", "arn:aws:s3:::b*", "arn:aws:s3:::b/k:1", True),
        ("ArnLike", "arn:aws:s3:::B", "arn:aws:s3:::b", False),
        ("ArnLike", "arn:*:key", "arn:aws:s3:::b/x:y:z:key", False),
        ("ArnLike", "arn:aws:iam::*", "arn:aws:iam::1:user/u", True),
        ("ArnLike", "arn:aws:iam", "arn:aws:iam::1:user/u", False),
        ("ArnLike", "*", "arn:aws:iam::1:user/u", True),
        ("ArnLike", "arn:aws:s3:::*", "no arn", False),
        ("ArnNotEquals", "arn:aws:s3:::b", "arn:aws:s3:::c", True),
        ("ArnNotLike", "arn:aws:s3:::?", "arn:aws:s3:::c", False),
    ],
)
def test_operator_compares(operator: str, wanted: object, value: str, expected: bool) -> None:
    assert holds(operator, REFERER, wanted, {"aws:referer": [value]}) is expected


# Of each operator's value any form is taken that it reads.
WANTED = {"Date": "2026-11-30", "Numeric": "1", "Bool": "true", "Binary": "aGk="}


def wanted_of(operator: str) -> str:
    if "IpAddress" in operator:
        return "10.0.0.0/8"
    return next((value for name, value in WANTED.items() if operator.startswith(name)), "x")


@pytest.mark.parametrize("operator", KINDS)
def test_operator_of_an_absent_key(operator: str) -> None:
    wanted = wanted_of(operator)
    assert holds(operator, REFERER, wanted, {}) is ("Not" in operator)
    assert holds(f"{operator}IfExists", REFERER, wanted, {})
    assert holds(f"ForAllValues:{operator}", REFERER, wanted, {})
    assert not holds(f"ForAnyValue:{operator}", REFERER, wanted, {})


@pytest.mark.parametrize(
    ("context", "true", "false", "both"),
    [({}, True, False, True), ({"aws:referer": ["x"]}, False, True, True)],
)
def test_null_asks_whether_there_is_the_key(
    context: Mapping[str, Sequence[str]], true: bool, false: bool, both: bool
) -> None:
    assert holds("Null", REFERER, "true", context) is true
    assert holds("Null", REFERER, False, context) is false
    assert holds("Null", REFERER, ["true", "false"], context) is both


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAllValues:StringEquals", [""], True),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["c", "a"], False),
        ("ForAnyValue:StringEquals", ["c", "a"], True),
        ("ForAnyValue:StringEquals", ["c", "d"], False),
        ("ForAnyValue:StringNotEquals", ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("ForAnyValue:StringLikeIfExists", ["c"], False),
        # Without a set operator any value counts; of a negated one none may match.
        ("StringEquals", ["c", "a"], True),
        ("StringNotEquals", ["c", "a"], False),
        ("StringNotEquals", ["c", "d"], True),
    ],
)
def test_key_with_many_values(operator: str, values: Sequence[str], expected: bool) -> None:
    assert holds(operator, "aws:TagKeys", ["a", "b"], {"aws:tagkeys": values}) is expected


CONTEXT = {"aws:username": ["eve"], "aws:tagkeys": ["a", "b"], "aws:referer": ["eve"]}


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        ("${aws:username}", "eve", True),
        ("${AWS:UserName}", "eve", True),
        ("x-${aws:username}-*", "x-eve-*", True),
        ("${aws:PrincipalTag/team}", "", False),
        ("${aws:PrincipalTag/team, 'all'}", "all", True),
        ("${aws:username, 'all'}", "all", False),
        ("${aws:tagkeys}", "a", False),
        ("${aws:tagkeys, 'all'}", "all", False),
        ("${$}{x}", "${x}", True),
        ("${?}", "?", True),
        ("${aws:username", "${aws:username", True),
    ],
)
def test_value_is_filled_in(wanted: str, value: str, expected: bool) -> None:
    context = {**CONTEXT, "aws:referer": [value]}
    assert holds("StringEquals", REFERER, wanted, context) is expected


def test_value_that_cannot_be_filled_in_matches_nothing() -> None:
    context = {"aws:referer": ["x"]}
    assert not holds("StringLike", REFERER, "${aws:username}", context)
    assert holds("StringLike", REFERER, ["${aws:username}", "x"], context)
    assert holds("StringNotLike", REFERER, "${aws:username}", context)


def test_wildcards_of_a_variables_value_are_none() -> None:
    context = {"aws:username": ["*"], "aws:referer": ["eve"]}
    assert not holds("StringLike", REFERER, "${aws:username}", context)


def test_old_version_has_no_variables() -> None:
    for value, expected in (("eve", False), ("${aws:username}", True)):
        context = {**CONTEXT, "aws:referer": [value]}
        assert (
            holds("StringEquals", REFERER, "${aws:username}", context, version="2008-10-17")
            is expected
        )
