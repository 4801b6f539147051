"""Policies are kept by their text, within a bound."""

import pytest

from tests.unit.gateway.access.policy.asking import ACCOUNT, BUCKET, document, statement
from trioxygen.gateway.access.policy.cache import PolicyCache
from trioxygen.gateway.access.policy.faults import PolicyFault
from trioxygen.gateway.protocol.errors import S3Error

TEXT = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
TRUST = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})


def text_of(number: int) -> str:
    return document({"Sid": f"a{number}", "Effect": "Allow", "Action": "s3:*", "Resource": "*"})


def test_same_text_is_read_once() -> None:
    cache = PolicyCache(1 << 20)
    bucket_document = document(statement()).encode()
    bucket_policy = cache.bucket_policy(bucket_document, BUCKET)
    assert cache.bucket_policy(bytes(bytearray(bucket_document)), BUCKET) is bucket_policy
    assert cache.identity_policy(TEXT) is cache.identity_policy(f"{TEXT} ".strip())
    assert cache.trust_policy(TRUST) is cache.trust_policy(TRUST)


def test_same_text_of_another_kind_is_another_policy() -> None:
    cache = PolicyCache(1 << 20)
    assert cache.identity_policy(TEXT) is not cache.session_policy(TEXT)
    wide = document(statement(Resource="arn:aws:s3:::*")).encode()
    assert cache.bucket_policy(wide, BUCKET) is not cache.bucket_policy(wide, "other")
    cache.bucket_policy(document(statement()).encode(), BUCKET)
    with pytest.raises(S3Error):
        cache.bucket_policy(document(statement()).encode(), "other")


def test_refusal_is_not_kept() -> None:
    cache = PolicyCache(1 << 20)
    for _ in range(2):
        with pytest.raises(PolicyFault):
            cache.identity_policy("{}")
    assert cache.size_bytes == 0


def test_least_lately_asked_for_goes_first() -> None:
    cache = PolicyCache(0)
    cache.identity_policy(text_of(0))
    assert cache.size_bytes == 0
    measure = PolicyCache(1 << 20)
    measure.identity_policy(text_of(0))
    cost = measure.size_bytes

    cache = PolicyCache(2 * cost)
    first, second = cache.identity_policy(text_of(0)), cache.identity_policy(text_of(1))
    assert cache.identity_policy(text_of(0)) is first
    cache.identity_policy(text_of(2))
    assert cache.size_bytes == 2 * cost
    assert cache.identity_policy(text_of(0)) is first
    assert cache.identity_policy(text_of(1)) is not second
