"""What a policy says to a question, and why.

Source: IAM user guide, "Policy evaluation logic"."""

from collections.abc import Sequence
from enum import Enum, IntEnum
from typing import NamedTuple, Protocol

from trioxygen.gateway.access.question import Question


class Verdict(IntEnum):
    """The strongest of its statements'. NOTHING: none matched. ALLOW_ACCOUNT: a principal that
    names the caller's account, which has to allow it too. ALLOW_ROLE: a role's ARN, or everybody,
    of a session: within its boundary and session policies. ALLOW: the caller himself; or any
    statement of an identity's own policy."""

    NOTHING = 0
    ALLOW_ACCOUNT = 1
    ALLOW_ROLE = 2
    ALLOW = 3
    DENY = 4


class Element(Enum):
    """Of a statement."""

    PRINCIPAL = "Principal"
    ACTION = "Action"
    RESOURCE = "Resource"
    CONDITION = "Condition"


class ComparedCondition(NamedTuple):
    """What the policy wants, and what there is. actual: None: the request has no such key."""

    operator: str
    key: str
    wanted: Sequence[str]
    actual: Sequence[str] | None


class StatementTrace(NamedTuple):
    """Attributes:
    number: of the statement, from 0.
    verdict: what it says by itself; NOTHING: it does not match.
    failed: the first element that did not match; None: all did.
    conditions: those that failed, where that is the condition; of a statement that matches, all
        that it has: a denial is because they hold.
    """

    number: int
    sid: str
    is_deny: bool
    verdict: Verdict
    failed: Element | None = None
    conditions: Sequence[ComparedCondition] = ()


class Policy(Protocol):
    """One that was read. It does not change."""

    @property
    def is_public(self) -> bool:
        """Of a bucket's: whether it lets everybody in, as S3 understands it."""
        ...

    def verdict(self, question: Question) -> Verdict: ...

    def trace(self, question: Question) -> Sequence[StatementTrace]:
        """Of each statement; slow, for explanations."""
        ...
