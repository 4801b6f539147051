"""Callers and policies of one word, for tests of decisions."""

from collections.abc import Mapping, Sequence
from typing import Final

from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.access.policy.verdict import StatementTrace, Verdict
from trioxygen.gateway.access.question import Question

MINE, OTHERS = "111111111111", "222222222222"
ROOT: Final = Caller(
    kind=CallerKind.ROOT,
    account_id=MINE,
    canonical_id="1" * 64,
    arn=f"arn:aws:iam::{MINE}:root",
    user_id=MINE,
)
USER: Final = Caller(
    kind=CallerKind.USER,
    account_id=MINE,
    canonical_id="1" * 64,
    arn=f"arn:aws:iam::{MINE}:user/ann",
    user_id="AIDAANN",
    name="ann",
)
SESSION: Final = Caller(
    kind=CallerKind.ROLE_SESSION,
    account_id=MINE,
    canonical_id="1" * 64,
    arn=f"arn:aws:sts::{MINE}:assumed-role/reader/now",
    user_id="AROAREADER:now",
    role_arn=f"arn:aws:iam::{MINE}:role/reader",
)
STRANGER: Final = Caller(
    kind=CallerKind.ROOT,
    account_id=OTHERS,
    canonical_id="2" * 64,
    arn=f"arn:aws:iam::{OTHERS}:root",
    user_id=OTHERS,
)
STRANGE_USER: Final = Caller(
    kind=CallerKind.USER,
    account_id=OTHERS,
    canonical_id="2" * 64,
    arn=f"arn:aws:iam::{OTHERS}:user/bob",
    user_id="AIDABOB",
    name="bob",
)


class Says:
    """A policy that says one thing, whatever is asked."""

    def __init__(self, verdict: Verdict, *, is_public: bool = False) -> None:
        self._verdict, self.is_public = verdict, is_public

    def verdict(self, question: Question) -> Verdict:
        return self._verdict

    def trace(self, question: Question) -> Sequence[StatementTrace]:
        return [
            StatementTrace(0, "other", False, Verdict.NOTHING),
            StatementTrace(1, "this", self._verdict is Verdict.DENY, self._verdict),
        ]


class NoContext:
    def values(self, key: str) -> Sequence[str] | None:
        return None

    def from_outside(self) -> "NoContext":
        return self


class Holds:
    """A context of these keys."""

    def __init__(self, keys: Mapping[str, Sequence[str]]) -> None:
        self._keys = keys

    def values(self, key: str) -> Sequence[str] | None:
        return self._keys.get(key)

    def from_outside(self) -> NoContext:
        return NoContext()


ALLOW, DENY, NOTHING = (Says(each) for each in (Verdict.ALLOW, Verdict.DENY, Verdict.NOTHING))
ALLOWED: Final = Permissions(policies=(("mine", NOTHING), ("mine too", ALLOW)))
FORBIDDEN: Final = Permissions(policies=(("mine", ALLOW), ("mine too", DENY)))


def asked(caller: Caller, action: str = "s3:GetObject") -> Question:
    return Question(action, "arn:aws:s3:::b/k", caller, NoContext())
