"""Whether the caller may do an action of IAM or STS, and how a refusal is said. Pure.

A role is decided about as a bucket is: its trust policy is the policy of the resource.
Sources: IAM user guide, "Policy evaluation logic"; "Troubleshoot access denied error messages",
whose texts these are."""

from typing import Final

from trioxygen.gateway.access.decide import decide
from trioxygen.gateway.access.decision import Decision, Reason
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET, BucketDocuments, Target
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.access.policy.verdict import Policy, Verdict
from trioxygen.gateway.access.public_access import NOTHING_BLOCKED
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.iam.errors import IamError

_EXPLICIT: Final = {
    Reason.DENIED_BY_IDENTITY: "an identity-based policy",
    Reason.DENIED_BY_BOUNDARY: "a permissions boundary",
    Reason.DENIED_BY_SESSION: "a session policy",
    Reason.DENIED_BY_BUCKET: "a resource-based policy",
}
_IMPLICIT: Final = {
    Reason.NO_IDENTITY_POLICY: "identity-based policy",
    Reason.NO_BOUNDARY: "permissions boundary",
    Reason.NO_SESSION_POLICY: "session policy",
}


def decide_identity(question: Question, permissions: Permissions) -> Decision:
    """By the caller's own policies; root may."""
    return decide(question, permissions, UNSET, OWN_ACCOUNT)


def decide_trust(
    question: Question, permissions: Permissions, trust: Policy, account_id: str
) -> Decision:
    """Whether a role may be assumed. Args: account_id: the role's.

    Unlike of a bucket, the caller's policies alone do not let him in: the role has to trust."""
    documents = BucketDocuments(policy=trust, public_access=NOTHING_BLOCKED)
    decision = decide(question, permissions, documents, Target(account_id))
    if decision.is_allowed and trust.verdict(question) is Verdict.NOTHING:
        return Decision(False, Reason.NOT_OWNER)
    return decision


def refusal(question: Question, decision: Decision) -> IamError:
    """What is answered where it is not allowed."""
    who = question.caller.arn or "anonymous"
    text = f"User: {who} is not authorized to perform: {question.action}"
    text += f" on resource: {question.resource}"
    if decision.reason in _EXPLICIT:
        text += f" with an explicit deny in {_EXPLICIT[decision.reason]}"
    elif decision.reason in _IMPLICIT:
        kind = _IMPLICIT[decision.reason]
        text += f" because no {kind} allows the {question.action} action"
    return IamError("AccessDenied", text)
