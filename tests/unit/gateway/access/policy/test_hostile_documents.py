"""Whatever comes as a policy is a policy or is refused by name, soon."""

import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.gateway.access.policy.asking import BUCKET, BUCKET_ARN, asked, document, statement
from tests.unit.gateway.access.policy.random_policies import documents
from trioxygen.gateway.access.policy.bucket_policy import read_bucket_policy
from trioxygen.gateway.access.policy.faults import PolicyFault
from trioxygen.gateway.access.policy.identity_policy import (
    read_identity_policy,
    read_session_policy,
)
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.trust_policy import read_trust_policy
from trioxygen.gateway.access.policy.verdict import Verdict
from trioxygen.gateway.protocol.errors import S3Error

FIELDS = (
    "Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action",
    "NotAction", "Resource", "NotResource", "Condition", "AWS", "Federated", "StringEquals", "Null",
    "IpAddress", "DateEquals", "aws:SourceIp", "s3:prefix",
)  # fmt: skip
TEXTS = st.sampled_from(
    ("2012-10-17", "Allow", "Deny", "*", "s3:*", BUCKET_ARN, f"{BUCKET_ARN}/${{", "10.0.0.0/8", "")
) | st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
BUDGET_SECONDS = 1.0


def read_each(text: str) -> None:
    """By every reader; what was read is asked as well."""
    readers: tuple[Callable[[], CompiledPolicy], ...] = (
        lambda: read_bucket_policy(text.encode(errors="surrogatepass"), BUCKET),
        lambda: read_identity_policy(text),
        lambda: read_session_policy(text),
        lambda: read_trust_policy(text),
    )
    for read in readers:
        try:
            policy = read()
        except S3Error as error:
            assert error.code == "MalformedPolicy" and error.message
        except PolicyFault as fault:
            assert str(fault)
        else:
            policy.verdict(asked())
            policy.trace(asked())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes(content: bytes) -> None:
    with pytest.raises(S3Error):
        read_bucket_policy(content, BUCKET)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100), st.booleans())
def test_any_text(text: str, is_object: bool) -> None:
    read_each("{" + text + "}" if is_object else text)


def read_each_form(value: Any) -> None:
    read_each(json.dumps(value))
    read_each(json.dumps({"Version": "2012-10-17", "Statement": value}))


@settings(max_examples=80, deadline=None)
@given(JSON)
def test_any_json(value: Any) -> None:
    read_each_form(value)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(JSON)
def test_any_json_for_long(value: Any) -> None:
    read_each_form(value)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A right policy with something else for one of its elements, or one more, or one less."""
    policy = draw(documents(of_bucket=True))
    target = draw(st.sampled_from(policy["Statement"]))
    field = draw(st.sampled_from((*target, *FIELDS)))
    if draw(st.booleans()):
        target.pop(field, None)
    else:
        target[field] = draw(JSON)
    return json.dumps(policy)


@settings(max_examples=60, deadline=None)
@given(damaged())
def test_any_damage(text: str) -> None:
    read_each(text)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(damaged())
def test_any_damage_for_long(text: str) -> None:
    read_each(text)


@pytest.mark.parametrize(
    "text",
    [
        "{" * 300_000,
        '{"a":' * 100_000,
        '{"Statement": "' + '\\"' * 100_000,
        '{"Statement": "' + "\\" * 100_001,
        '{"Statement": [' + "{}," * 60_000 + "{}]}",
        '{"Statement": ' + "-" * 100_000 + "1}",
        '{"Statement": 1e' + "9" * 100_000 + "}",
        document(statement(Resource=f"{BUCKET_ARN}/" + "*a" * 9_000)),
        document(statement(Resource=f"{BUCKET_ARN}/" + "?*" * 9_000)),
        document(statement(Resource=f"{BUCKET_ARN}/" + "*" * 18_000)),
        document(statement(Resource="arn:" + "*" * 18_000)),
        document(statement(Resource=["arn:" + "*?:" * 4 + "*"] * 900)),
        document(statement(Resource=f"{BUCKET_ARN}/" + "${" * 9_000)),
        document(statement(Resource=f"{BUCKET_ARN}/" + "${a,'" * 3_500)),
        document(statement(Action="s3:" + "*" * 18_000)),
        document(statement(Action=["s3:Get*"] * 1_700)),
        document(statement(Condition={"ArnLike": {"aws:SourceArn": "*:?*" * 4_500}})),
        document(statement(Condition={"IpAddress": {"aws:SourceIp": "1." * 9_000}})),
        document(statement(Condition={"NumericEquals": {"aws:EpochTime": "9" * 18_000}})),
        document(statement(Condition={"BinaryEquals": {"aws:Referer": "A" * 18_000}})),
    ],
    ids=range(20),
)
def test_evil_document_takes_no_time(text: str) -> None:
    began = time.process_time()
    read_each(text)
    assert time.process_time() - began < BUDGET_SECONDS


@pytest.mark.parametrize(
    ("patterns", "referer"),
    [
        ([f"*?b{number}" for number in range(1_400)], "a" * 64_000),
        ([f"*a?b{number}*" for number in range(1_300)], "ab" * 32_000),
        (["*" + "a?" * 4_500 + "*" for _ in range(2)], "a" * 64_000),
        ([f"*?{chr(0x4E00 + number) * 5}*" for number in range(350)], "\u4e00\u4e01" * 32_000),
    ],
)
def test_many_patterns_and_a_long_text_are_decided_soon(patterns: list[str], referer: str) -> None:
    """Nobody's bucket holds up the requests of others."""
    condition = {"StringLike": {"aws:Referer": patterns}}
    text = document(statement(Condition=condition))
    policy = read_bucket_policy(text.encode(), BUCKET)
    question = asked(context={"aws:referer": [referer]})
    began = time.process_time()
    policy.verdict(question)
    assert time.process_time() - began < BUDGET_SECONDS / 4


@pytest.mark.parametrize(
    "patterns",
    [
        ["${aws:Referer}*" * 1_000],
        ["${aws:Referer}" * 1_200],
        [f"${{aws:Referer}}*{number}" for number in range(850)],
    ],
    ids=range(3),
)
def test_what_a_long_value_makes_of_a_policy_is_decided_soon_and_not_kept(
    patterns: list[str],
) -> None:
    """20 KiB of variables and 8 KiB of a header are 10 MiB of text."""
    text = document(statement(Condition={"StringLike": {"aws:Referer": patterns}}))
    policy = read_bucket_policy(text.encode(), BUCKET)
    tracemalloc.start()
    began = time.process_time()
    verdict = policy.verdict(asked(context={"aws:referer": ["r" * 8_000]}))
    assert time.process_time() - began < BUDGET_SECONDS
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert verdict is Verdict.NOTHING
    assert kept_bytes < 1 << 20
