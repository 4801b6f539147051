"""Random policies say the same to the evaluator and to the one that was written apart."""

import json
from typing import Any

import pytest
from hypothesis import event, given, reject, settings

from tests.unit.gateway.access.policy.asking import BUCKET
from tests.unit.gateway.access.policy.random_policies import QUESTIONS, documents
from tests.unit.gateway.access.policy.reference_policies import reference_verdict
from trioxygen.gateway.access.policy.bucket_policy import read_bucket_policy
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.verdict import Verdict
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.protocol.errors import S3Error


def assert_same(document: Any, policy: CompiledPolicy, question: Question) -> None:
    expected = reference_verdict(document, question)
    event(expected.name)
    assert policy.verdict(question) is expected
    # What is remembered of the action changes nothing, and the explanation says the same.
    assert policy.verdict(question) is expected
    traces = policy.trace(question)
    assert max(trace.verdict for trace in traces) is expected
    assert all((trace.failed is None) is (trace.verdict is not Verdict.NOTHING) for trace in traces)


def assert_bucket_policy_says_the_same(document: Any, question: Question) -> None:
    try:
        policy = read_bucket_policy(json.dumps(document).encode(), BUCKET)
    except S3Error as error:
        # The strategy draws actions and resources apart.
        assert error.message == "Action does not apply to any resource(s) in statement"
        reject()
    assert_same(document, policy, question)


@settings(max_examples=60, deadline=None)
@given(documents(of_bucket=True), QUESTIONS)
def test_bucket_policies_say_the_same(document: Any, question: Question) -> None:
    assert_bucket_policy_says_the_same(document, question)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(documents(of_bucket=True), QUESTIONS)
def test_many_bucket_policies_say_the_same(document: Any, question: Question) -> None:
    assert_bucket_policy_says_the_same(document, question)


@settings(max_examples=60, deadline=None)
@given(documents(of_bucket=False), QUESTIONS)
def test_identity_policies_say_the_same(document: Any, question: Question) -> None:
    assert_same(document, read_identity_policy(json.dumps(document)), question)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(documents(of_bucket=False), QUESTIONS)
def test_many_identity_policies_say_the_same(document: Any, question: Question) -> None:
    assert_same(document, read_identity_policy(json.dumps(document)), question)
