"""Why each access that a request needs was allowed or denied, statement by statement. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from trioxygen.gateway.access.decide import Decision
from trioxygen.gateway.access.policy.verdict import Policy, StatementTrace, Verdict
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.explain.visibility import Section


class Side(Enum):
    """Who a policy is of, and so who may see it."""

    CALLER = Section.OWN_POLICIES
    BUCKET = Section.BUCKET_DOCUMENTS


class Consulted(NamedTuple):
    """A policy that was asked. source: an ARN, or what else says where it stands."""

    side: Side
    source: str
    policy: Policy


class Asked(NamedTuple):
    """Attributes:
    action: of IAM.
    resource: an ARN, or `account`.
    question, policies: what policies were asked, and which; None, (): none was.
    """

    action: str
    resource: str
    decision: Decision
    question: Question | None = None
    policies: tuple[Consulted, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionView:
    """found: None: the request has no such key."""

    operator: str
    key: str
    wanted: Sequence[str]
    actual: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class StatementView:
    """Attributes:
    number: from 1, as people count.
    failed: the element that did not match; "": it says `effect`.
    """

    number: int
    sid: str
    effect: str
    matches: bool
    failed: str
    conditions: Sequence[ConditionView]


@dataclass(frozen=True, slots=True)
class PolicyView:
    side: str
    source: str
    verdict: str
    statements: Sequence[StatementView]


@dataclass(frozen=True, slots=True)
class AccessView:
    """Attributes:
    reason: its word, as in the access log; "": it is not the viewer's to know.
    """

    action: str
    resource: str
    allowed: bool
    reason: str
    text: str
    policies: Sequence[PolicyView]

    @property
    def sentence(self) -> str:
        verdict = "allowed" if self.allowed else "denied"
        return f"{self.action} on {self.resource} is {verdict}: {self.text}"


_OTHERS_TEXT = (
    "The bucket is of another account; what it says of you its owner knows. Of your own policies"
    " these were asked."
)


def access_view(asked: Asked, visible: frozenset[Section]) -> AccessView:
    """What of it may be seen; whoever may see no verdict does not call it."""
    decision, question = asked.decision, asked.question
    assert Section.VERDICT in visible, "a verdict is shown to a stranger"
    policies: list[PolicyView] = []
    if question is not None:
        policies = [
            _policy_view(each, question) for each in asked.policies if each.side.value in visible
        ]
    shows_all = decision.is_allowed or Section.BUCKET_DOCUMENTS in visible
    return AccessView(
        asked.action,
        asked.resource,
        decision.is_allowed,
        decision.reason.word if shows_all else "",
        decision.reason.text if shows_all else _OTHERS_TEXT,
        policies,
    )


def _policy_view(consulted: Consulted, question: Question) -> PolicyView:
    policy = consulted.policy
    return PolicyView(
        consulted.side.name.lower(),
        consulted.source,
        policy.verdict(question).name.lower(),
        [_statement_view(trace) for trace in policy.trace(question)],
    )


def _statement_view(trace: StatementTrace) -> StatementView:
    return StatementView(
        trace.number + 1,
        trace.sid,
        "Deny" if trace.is_deny else "Allow",
        trace.verdict is not Verdict.NOTHING,
        "" if trace.failed is None else trace.failed.value,
        [ConditionView(*condition) for condition in trace.conditions],
    )
