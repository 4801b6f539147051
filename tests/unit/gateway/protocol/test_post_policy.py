"""Policies of forms: which are one, and what they let a form say."""

import json
from base64 import b64encode
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.dialect import AWS, CEPH, Dialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.post_policy import PostPolicy, read_policy

EXPIRATION: Final = "2007-12-01T12:00:00.000Z"
EXPIRES_MS: Final = 1_196_510_400_000
BUCKET: Final = {"bucket": "b"}


def encoded(document: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return b64encode(text.encode()).decode()


def policy(*conditions: Any) -> PostPolicy:
    return read_policy(encoded({"expiration": EXPIRATION, "conditions": list(conditions)}))


def with_conditions(conditions: Any) -> dict[str, Any]:
    return {"expiration": EXPIRATION, "conditions": conditions}


def check(
    of: PostPolicy,
    fields: dict[str, str] | None = None,
    now_ms: int = EXPIRES_MS - 1,
    dialect: Dialect = AWS,
) -> str:
    """What is refused; "": nothing."""
    named = {name.replace("_", "-"): value for name, value in (fields or {}).items()}
    try:
        of.check(named, bucket="b", now_ms=now_ms, dialect=dialect)
    except S3Error as error:
        assert (error.code, error.status) == ("AccessDenied", 403)
        start, _, why = error.message.partition(": ")
        assert start == "Invalid according to Policy"
        return why
    return ""


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("", "Expecting '{' but found End-of-Input"),
        ("no JSON", "Invalid JSON."),
        ("[]", "Invalid JSON."),
        ("[" * 15_000, "Invalid JSON."),
        ('{"expiration": NaN, "conditions": []}', "Invalid JSON."),
        ('{"expiration": "a", "expiration": "b", "conditions": []}', "Invalid JSON."),
        ("9" * 5_000, "Invalid JSON."),
        ({"conditions": []}, "Policy missing expiration."),
        ({"EXPIRATION": EXPIRATION, "conditions": []}, "Policy missing expiration."),
        ({"expiration": EXPIRATION}, "Policy missing conditions."),
        ({"expiration": EXPIRATION, "CONDITIONS": []}, "Policy missing conditions."),
        (with_conditions([]) | {"extra": 1}, 'Unexpected: "extra"'),
        ({"expiration": True, "conditions": []}, "Invalid JSON."),
        ({"expiration": "soon", "conditions": []}, "Invalid 'expiration' value: 'soon'"),
        (
            {"expiration": "2007-12-01 12:00:00+00:00", "conditions": []},
            "Invalid 'expiration' value: '2007-12-01 12:00:00+00:00'",
        ),
        (
            {"expiration": "2007-13-01T12:00:00Z", "conditions": []},
            "Invalid 'expiration' value: '2007-13-01T12:00:00Z'",
        ),
        (with_conditions({}), "Invalid 'conditions' value: must be a List."),
        (with_conditions([True]), "Invalid condition test: must be a List or Object."),
        (
            with_conditions([{}]),
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        ),
        (
            with_conditions([{"a": "1", "b": "2"}]),
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        ),
        (with_conditions([{"a": 1}]), "Invalid Simple-Condition: value must be a string."),
        (with_conditions([[]]), "Invalid Condition: missing operation identifier."),
        (with_conditions([[1, "$a", "b"]]), "Invalid JSON."),
        (with_conditions([["is", "$a", "b"]]), "Invalid Condition: unknown operation 'is'."),
        (with_conditions([["eq", "$a"]]), "Invalid eq: wrong number of arguments."),
        (
            with_conditions([["starts-with", "$a", "b", "c"]]),
            "Invalid starts-with: wrong number of arguments.",
        ),
        (with_conditions([["eq", False, "b"]]), "Invalid JSON."),
        (with_conditions([["eq", "$a", True]]), "Invalid JSON."),
        (
            with_conditions([["content-length-range", 1]]),
            "Invalid content-length-range: wrong number of arguments.",
        ),
        (with_conditions([["content-length-range", 1, False]]), "Invalid JSON."),
        (with_conditions([["content-length-range", "a", "2"]]), "Invalid JSON."),
        (with_conditions([["content-length-range", 1, 1.5]]), "Invalid JSON."),
    ],
)
def test_document_that_is_no_policy(document: Any, why: str) -> None:
    with pytest.raises(S3Error) as refused:
        read_policy(encoded(document))
    error = refused.value
    assert (error.code, error.status) == ("InvalidPolicyDocument", 400)
    assert error.message == f"Invalid Policy: {why}"


@pytest.mark.parametrize("text", ["*", "a", "YQ=", "Y\u00fc=="])
def test_policy_that_is_no_base64(text: str) -> None:
    with pytest.raises(S3Error, match=r"Invalid Policy: invalid Base64 encoding\."):
        read_policy(text)


def test_base64_may_have_line_ends() -> None:
    text = encoded(with_conditions([BUCKET]))
    assert check(read_policy(f"{text[:10]}\r\n{text[10:]}\n")) == ""


def test_policy_ends_when_it_says_so() -> None:
    of = policy(BUCKET)
    assert check(of) == ""
    assert check(of, now_ms=EXPIRES_MS) == "Policy expired."
    zoned = read_policy(encoded({"expiration": "2007-12-01T14:00:00+02:00", "conditions": []}))
    assert zoned.expires_ms == EXPIRES_MS


@pytest.mark.parametrize(
    ("condition", "fields", "why"),
    [
        ({"acl": "private"}, {"acl": "private"}, ""),
        ({"ACL": "private"}, {"acl": "private"}, ""),
        ({"acl": "private"}, {"acl": "Private"}, 'failed: ["eq", "$acl", "private"]'),
        ({"acl": "private"}, {}, 'failed: ["eq", "$acl", "private"]'),
        (["eq", "$key", "k"], {"key": "k"}, ""),
        (["EQ", "$KEY", "k"], {"key": "k"}, ""),
        (["eq", "$key", "k"], {"key": "kk"}, 'failed: ["eq", "$key", "k"]'),
        (["eq", "$status", 201], {"status": "201"}, ""),
        (["starts-with", "$key", "user/"], {"key": "user/a"}, ""),
        (["StArTs-WiTh", "$KeY", "user/"], {"key": "user/a"}, ""),
        (["starts-with", "$key", ""], {"key": "any"}, ""),
        (["starts-with", "$a", ""], {}, 'failed: ["starts-with", "$a", ""]'),
        (
            ["starts-with", "$key", "üser/"],
            {"key": "other"},
            'failed: ["starts-with", "$key", "üser/"]',
        ),
        (["starts-with", "$Content-Type", "image/"], {"content_type": "image/a, image/b"}, ""),
        (
            ["starts-with", "$Content-Type", "image/"],
            {"content_type": "image/a,text/b"},
            'failed: ["starts-with", "$Content-Type", "image/"]',
        ),
        (["starts-with", "$x-amz-meta-a", "1"], {"x_amz_meta_a": "1,2"}, ""),
        (["eq", "$x-amz-meta-a", ""], {"x_amz_meta_a": "b"}, 'failed: ["eq"'),
    ],
)
def test_condition_on_a_field(condition: Any, fields: dict[str, str], why: str) -> None:
    told = check(policy(BUCKET, condition), fields)
    assert told.startswith(f"Policy Condition {why}") if why else told == ""


@pytest.mark.parametrize("field", ["key", "", "$"])
def test_condition_on_no_field_never_holds(field: str) -> None:
    with pytest.raises(S3Error) as refused:
        policy(["eq", field, "k"])
    text = json.dumps(["eq", field, "k"])
    assert refused.value.message == f"Invalid according to Policy: Policy Condition failed: {text}"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"policy": "p", "x_amz_signature": "s", "file": "f", "x_ignore_a": "1"}, ""),
        ({"signature": "s", "awsaccesskeyid": "a"}, ""),
        ({"key": "k"}, "Extra input fields: key"),
        ({"x_amz_date": "d", "a": "1"}, "Extra input fields: x-amz-date, a"),
        ({"bucket": "another"}, ""),
    ],
)
def test_every_field_has_to_be_named(fields: dict[str, str], why: str) -> None:
    assert check(policy(BUCKET), fields) == why


def test_bucket_has_to_be_named_and_is_the_one_that_the_form_is_sent_to() -> None:
    assert check(policy()) == "Extra input fields: bucket"
    assert check(policy(["starts-with", "$bucket", ""])) == ""
    failed = 'Policy Condition failed: ["eq", "$bucket", "other"]'
    assert check(policy({"bucket": "other"})) == failed
    assert check(policy({"bucket": "other"}), {"bucket": "other"}) == failed


def test_dollar_sign_may_be_escaped_as_the_documentation_says() -> None:
    text = '{"expiration": "%s", "conditions": [{"bucket": "b"}, {"a": "%s"}]}'
    for written, value in ((r"\$x", "$x"), ("$x", "$x"), (r"\\$x", r"\$x"), (r"\"\u00fc", '"ü')):
        assert check(read_policy(encoded(text % (EXPIRATION, written))), {"a": value}) == ""


def test_size_of_the_file() -> None:
    of = policy(BUCKET, ["content-length-range", 2, "10"], ["content-length-range", 0, 8])
    assert (of.size_bytes_min, of.size_bytes_max) == (2, 8)
    for size in (2, 8):
        of.check_size(size, is_whole=True)
    of.check_size(1, is_whole=False)
    with pytest.raises(S3Error) as refused:
        of.check_size(9, is_whole=False)
    assert refused.value.code == "EntityTooLarge"
    assert refused.value.details == {"ProposedSize": "9", "MaxSizeAllowed": "8"}
    with pytest.raises(S3Error) as refused:
        of.check_size(1, is_whole=True)
    assert refused.value.code == "EntityTooSmall"
    assert refused.value.details == {"ProposedSize": "1", "MinSizeAllowed": "2"}
    policy(BUCKET).check_size(1 << 40, is_whole=True)


_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def test_ceph_takes_a_field_that_is_not_there_for_empty_and_any_checksum() -> None:
    any_encryption = ["starts-with", "$x-amz-server-side-encryption", ""]
    assert check(policy(BUCKET, any_encryption)).startswith("Policy Condition failed")
    assert check(policy(BUCKET, any_encryption), dialect=CEPH) == ""
    assert check(policy(BUCKET, ["eq", "$key", "k"]), dialect=CEPH)
    checksum = {"x-amz-checksum-sha256": "x"}
    assert check(policy(BUCKET), checksum) == "Extra input fields: x-amz-checksum-sha256"
    assert check(policy(BUCKET), checksum, dialect=CEPH) == ""
    assert check(policy(BUCKET), {"acl": "private"}, dialect=CEPH) == "Extra input fields: acl"


@given(_JSON | st.fixed_dictionaries({"expiration": st.just(EXPIRATION), "conditions": _JSON}))
def test_any_document_is_a_policy_or_is_refused(document: Any) -> None:
    try:
        read = read_policy(encoded(document))
    except S3Error as error:
        assert error.code in ("InvalidPolicyDocument", "AccessDenied")
    else:
        check(read, {"key": "k"})
