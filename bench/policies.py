"""What CPU time a decision takes by the statements of the bucket's policy, in this process alone:
of the owner's root, and of a user of its with one policy.

The policy is of the costly kind: all of its statements are of the action that is asked for, each
has three conditions, and of none but the last does the third hold: so all are looked at whole.
"""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.decide import decide
from trioxygen.gateway.access.documents import UNSET, BucketDocuments, Target
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.bucket_policy import read_bucket_policy
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.question import Question

STATEMENTS = (0, 1, 20, 100)
_BUCKET = "b"
_BATCH = 200
_KEY_ARN = f"arn:aws:s3:::{_BUCKET}/users/eve/2026/tom.jpg"
_ACCOUNT = "111111111111"
_TARGET = Target(_ACCOUNT)
_ROOT = Caller(
    kind=CallerKind.ROOT,
    account_id=_ACCOUNT,
    canonical_id="1" * 64,
    arn=f"arn:aws:iam::{_ACCOUNT}:root",
    user_id=_ACCOUNT,
)
_USER = Caller(
    kind=CallerKind.USER,
    account_id=_ACCOUNT,
    canonical_id="1" * 64,
    arn=f"arn:aws:iam::{_ACCOUNT}:user/eve",
    user_id="AIDAEVE",
    name="eve",
)
_OWN_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": f"arn:aws:s3:::{_BUCKET}/users/*",
        },
    }
)
_CONTEXT = {
    "aws:sourceip": ("10.20.30.40",),
    "aws:userid": ("AIDAEVE",),
    "aws:username": ("eve",),
    "aws:useragent": ("aws-cli/2.31.0",),
    "s3:existingobjecttag/class": ("open",),
}


class _Context:
    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    def values(self, key: str) -> Sequence[str] | None:
        return self._values.get(key)

    def from_outside(self) -> "_Context":
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCost:
    """Attributes:
    root_us, user_us: of one decision, the median of the rounds.
    read_us: of the document, once.
    """

    statements: int
    document_bytes: int
    root_us: float
    user_us: float
    read_us: float


def policy_document(statements: int) -> bytes:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                _statement(number, is_last=number == statements - 1) for number in range(statements)
            ],
        },
        separators=(",", ":"),
    ).encode()


def _statement(number: int, *, is_last: bool) -> Mapping[str, object]:
    """One that holds for all but a part of the key, or, as the last, for that as well."""
    name = "e" if is_last else f"{number}"
    return {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:G*",
        "Resource": f"arn:aws:s3:::{_BUCKET}/u*",
        "Condition": {
            "Null": {"aws:userid": False},
            "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
            "StringLike": {"aws:username": f"{name}*"},
        },
    }


def _median_us(work: Callable[[], object], *, times: int, rounds: int) -> float:
    lasted: list[float] = []
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            work()
        lasted.append((time.process_time() - began) / times)
    return statistics.median(lasted) * 1e6


def measure_policies(statements: Sequence[int], *, rounds: int) -> list[PolicyCost]:
    return [_measure(count, rounds=rounds) for count in statements]


def _measure(count: int, *, rounds: int) -> PolicyCost:
    document = policy_document(count) if count else b""
    documents, read_us = UNSET, 0.0
    if count:
        documents = BucketDocuments(policy=read_bucket_policy(document, _BUCKET))
        read_us = _median_us(lambda: read_bucket_policy(document, _BUCKET), times=1, rounds=rounds)
    own = Permissions(policies=(("own", read_identity_policy(_OWN_POLICY)),))
    return PolicyCost(
        statements=count,
        document_bytes=len(document),
        root_us=_decision_us(_ROOT, NO_PERMISSIONS, documents, rounds=rounds),
        user_us=_decision_us(_USER, own, documents, rounds=rounds),
        read_us=read_us,
    )


def _decision_us(
    caller: Caller, permissions: Permissions, documents: BucketDocuments, *, rounds: int
) -> float:
    question = Question("s3:GetObject", _KEY_ARN, caller, _Context(_CONTEXT))
    assert decide(question, permissions, documents, _TARGET).is_allowed
    return _median_us(
        lambda: decide(question, permissions, documents, _TARGET), times=_BATCH, rounds=rounds
    )


def policies_table(costs: Sequence[PolicyCost]) -> str:
    rows = [f"{'statements':>10} {'bytes':>7} {'root us':>8} {'user us':>8} {'read us':>9}"]
    rows += (
        f"{cost.statements:>10} {cost.document_bytes:>7}"
        f" {cost.root_us:>8.2f} {cost.user_us:>8.2f} {cost.read_us:>9.0f}"
        for cost in costs
    )
    return "\n".join(rows)
