"""What AWS's documentation says of decisions, asked of the second way to one: so that what the
first is compared with is right itself."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.unit.gateway.access.policy.asking import (
    ACCOUNT,
    BUCKET,
    OTHER_ACCOUNT,
    OTHER_CANONICAL_ID,
    OTHER_ROOT,
    OTHER_USER,
    ROLE_ARN,
    ROOT,
    SESSION,
    USER,
    asked,
    statement,
)
from tests.unit.gateway.access.random_decisions import BUCKET_POLICIES
from tests.unit.gateway.access.reference_decide import ALL_USERS, Case, is_public, reference_decide
from trioxygen.gateway.access.caller import ANONYMOUS, Caller
from trioxygen.gateway.access.policy.bucket_policy import read_bucket_policy


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


ALLOWS = policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
DENIES = policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
SILENT = policy({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"})


def of(principal: Any, effect: str = "Allow") -> dict[str, Any]:
    return policy(statement(Principal=principal, Effect=effect))


READ_TO_ALL = [(ALL_USERS, "READ")]
READ_TO_OTHER = [(OTHER_CANONICAL_ID, "READ")]


@pytest.mark.parametrize(
    ("caller", "documents", "expected"),
    [
        (ANONYMOUS, {}, False),
        (ROOT, {}, True),
        (OTHER_ROOT, {}, False),
        (USER, {}, False),
        (USER, {"identity": [ALLOWS]}, True),
        (USER, {"identity": [ALLOWS, DENIES]}, False),
        (USER, {"identity": [ALLOWS], "boundary": SILENT}, False),
        (USER, {"identity": [ALLOWS], "boundary": ALLOWS}, True),
        (USER, {"boundary": ALLOWS}, False),
        (SESSION, {"identity": [ALLOWS], "session": [SILENT]}, False),
        (SESSION, {"identity": [ALLOWS], "session": [SILENT, ALLOWS]}, True),
        # In one account either suffices.
        (USER, {"bucket_policy": of({"AWS": USER.arn})}, True),
        (USER, {"bucket_policy": of({"AWS": USER.arn}), "boundary": SILENT}, True),
        (USER, {"bucket_policy": of({"AWS": USER.arn}), "boundary": DENIES}, False),
        (USER, {"bucket_policy": of({"AWS": ACCOUNT})}, False),
        (SESSION, {"bucket_policy": of({"AWS": ROLE_ARN})}, True),
        (SESSION, {"bucket_policy": of({"AWS": ROLE_ARN}), "session": [SILENT]}, False),
        (SESSION, {"bucket_policy": of({"AWS": SESSION.arn}), "session": [SILENT]}, True),
        (USER, {"identity": [ALLOWS], "bucket_policy": of("*", "Deny")}, False),
        (ROOT, {"bucket_policy": of("*", "Deny")}, False),
        # Across accounts both have to allow it.
        (OTHER_USER, {"identity": [ALLOWS]}, False),
        (OTHER_USER, {"bucket_policy": of({"AWS": OTHER_USER.arn})}, False),
        (OTHER_USER, {"bucket_policy": of({"AWS": OTHER_ACCOUNT}), "identity": [ALLOWS]}, True),
        (OTHER_ROOT, {"bucket_policy": of({"AWS": OTHER_ACCOUNT})}, True),
        (OTHER_ROOT, {"bucket_policy": of("*"), "restricts_public": True}, False),
        (USER, {"bucket_policy": of("*"), "restricts_public": True}, True),
        (ANONYMOUS, {"bucket_policy": of("*")}, True),
        # ACLs.
        (ANONYMOUS, {"object_grants": READ_TO_ALL}, False),
        (ANONYMOUS, {"object_grants": READ_TO_ALL, "uses_acls": True}, True),
        (
            ANONYMOUS,
            {"object_grants": READ_TO_ALL, "uses_acls": True, "ignores_public_acls": True},
            False,
        ),
        (ANONYMOUS, {"bucket_grants": READ_TO_ALL, "uses_acls": True}, False),
        (OTHER_ROOT, {"object_grants": READ_TO_OTHER, "uses_acls": True}, True),
        (OTHER_USER, {"object_grants": READ_TO_OTHER, "uses_acls": True}, False),
        # Objects of another account.
        (ROOT, {"object_owner": OTHER_ACCOUNT, "uses_acls": True}, False),
        (OTHER_ROOT, {"object_owner": OTHER_ACCOUNT, "uses_acls": True}, True),
        (OTHER_ROOT, {"object_owner": OTHER_ACCOUNT}, False),
        (
            ANONYMOUS,
            {"object_owner": OTHER_ACCOUNT, "uses_acls": True, "bucket_policy": of("*")},
            False,
        ),
        (
            OTHER_ROOT,
            {"object_owner": OTHER_ACCOUNT, "uses_acls": True, "bucket_policy": of("*", "Deny")},
            False,
        ),
    ],
)
def test_reference(caller: Caller, documents: dict[str, Any], expected: bool) -> None:
    assert reference_decide(Case(question=asked(caller=caller), owner=ACCOUNT, **documents)) is (
        expected
    )


def test_owner_finds_the_way_back() -> None:
    shut = policy(
        statement(Effect="Deny", Action="s3:PutBucketPolicy", Resource="arn:aws:s3:::pictures")
    )
    for caller, expected in ((ROOT, True), (USER, False)):
        question = asked("s3:PutBucketPolicy", "arn:aws:s3:::pictures", caller)
        case = Case(question=question, owner=ACCOUNT, bucket_policy=shut, identity=[ALLOWS])
        assert reference_decide(case) is expected


@settings(max_examples=100, deadline=None)
@given(BUCKET_POLICIES)
def test_policies_are_public_alike(document: Any) -> None:
    read = read_bucket_policy(json.dumps(document).encode(), BUCKET)
    assert read.is_public is is_public(document)
