"""Questions for policies: callers, contexts, documents."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trioxygen.gateway.access.caller import ANONYMOUS, Caller, CallerKind
from trioxygen.gateway.access.policy.bucket_policy import read_bucket_policy
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.verdict import Verdict
from trioxygen.gateway.access.question import Question

BUCKET = "pictures"
BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
KEY_ARN = f"{BUCKET_ARN}/cats/tom.jpg"
ACCOUNT, OTHER_ACCOUNT = "111111111111", "222222222222"
CANONICAL_ID, OTHER_CANONICAL_ID = "1" * 64, "2" * 64

ROOT = Caller(
    kind=CallerKind.ROOT,
    account_id=ACCOUNT,
    canonical_id=CANONICAL_ID,
    arn=f"arn:aws:iam::{ACCOUNT}:root",
    user_id=ACCOUNT,
)
USER = Caller(
    kind=CallerKind.USER,
    account_id=ACCOUNT,
    canonical_id=CANONICAL_ID,
    arn=f"arn:aws:iam::{ACCOUNT}:user/eve",
    user_id="AIDAEVE",
    name="eve",
)
OTHER_ROOT = Caller(
    kind=CallerKind.ROOT,
    account_id=OTHER_ACCOUNT,
    canonical_id=OTHER_CANONICAL_ID,
    arn=f"arn:aws:iam::{OTHER_ACCOUNT}:root",
    user_id=OTHER_ACCOUNT,
)
OTHER_USER = Caller(
    kind=CallerKind.USER,
    account_id=OTHER_ACCOUNT,
    canonical_id=OTHER_CANONICAL_ID,
    arn=f"arn:aws:iam::{OTHER_ACCOUNT}:user/bob",
    user_id="AIDABOB",
    name="bob",
)
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/reader"
SESSION = Caller(
    kind=CallerKind.ROLE_SESSION,
    account_id=ACCOUNT,
    canonical_id=CANONICAL_ID,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/monday",
    user_id="AROAREADER:monday",
    role_arn=ROLE_ARN,
)
CALLERS = (ANONYMOUS, ROOT, USER, OTHER_USER, SESSION)


@dataclass(frozen=True)
class Values:
    """A context of given values."""

    of: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def values(self, key: str) -> Sequence[str] | None:
        assert key == key.lower(), key
        return self.of.get(key)

    def from_outside(self) -> "Values":
        return Values()


def asked(
    action: str = "s3:GetObject",
    resource: str = KEY_ARN,
    caller: Caller = USER,
    context: Mapping[str, Sequence[str]] | None = None,
) -> Question:
    return Question(action, resource, caller, Values(context or {}))


def document(*statements: Mapping[str, object], version: str | None = "2012-10-17") -> str:
    head = {} if version is None else {"Version": version}
    return json.dumps({**head, "Statement": list(statements)})


def statement(**elements: object) -> dict[str, object]:
    """Of a bucket policy: lets everybody read objects, but for what is said otherwise; None: no
    such element."""
    usual = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"{BUCKET_ARN}/*",
        **elements,
    }
    return {name: value for name, value in usual.items() if value is not None}


def bucket_policy(
    *statements: Mapping[str, object], version: str | None = "2012-10-17"
) -> CompiledPolicy:
    return read_bucket_policy(document(*statements, version=version).encode(), BUCKET)


def identity_policy(*statements: Mapping[str, object]) -> CompiledPolicy:
    return read_identity_policy(document(*statements))


def holds(
    operator: str,
    key: str,
    wanted: object,
    context: Mapping[str, Sequence[str]],
    *,
    version: str = "2012-10-17",
) -> bool:
    """Whether a condition does, in a bucket's policy."""
    policy = bucket_policy(statement(Condition={operator: {key: wanted}}), version=version)
    return policy.verdict(asked(context=context)) is Verdict.ALLOW
