"""Whether the caller may do an action of IAM or STS, and how a refusal is said. Pure.

A role is decided about as a bucket is: its trust policy is the policy of the resource.
Sources: IAM user guide, "Policy evaluation logic"; "Troubleshoot access denied error messages",
whose texts these are."""

from typing import Final

from trioxygen.gateway.access.decide import decide
from trioxygen.gateway.access.decision import Decision, Reason, SourceKind
from trioxygen.gateway.access.denial import why_denied
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET, BucketDocuments, Target
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.access.policy.verdict import Policy, Verdict
from trioxygen.gateway.access.public_access import NOTHING_BLOCKED
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.iam.errors import IamError

# What is said of a bucket, as it is said of a role.
_OF_ROLE: Final = {
    Reason.BUCKET_POLICY: Reason.TRUST_POLICY,
    Reason.DENIED_BY_BUCKET: Reason.DENIED_BY_TRUST,
    Reason.NOT_OWNER: Reason.NOT_TRUSTED,
}
_NOT_TRUSTED: Final = Decision(False, Reason.NOT_TRUSTED)


def decide_identity(question: Question, permissions: Permissions) -> Decision:
    """By the caller's own policies; root may."""
    return decide(question, permissions, UNSET, OWN_ACCOUNT)


def decide_trust(
    question: Question, permissions: Permissions, trust: Policy, account_id: str
) -> Decision:
    """Whether a role may be assumed. Args: account_id: the role's.

    Unlike of a bucket, the caller's policies alone do not let him in: the role has to trust."""
    said = trust.verdict(question)
    # Who is of another account learns nothing of a role that does not trust him: neither that it is
    # there, nor its tags, which his own policies could ask for.
    if question.caller.account_id != account_id and said in (Verdict.NOTHING, Verdict.DENY):
        return _NOT_TRUSTED
    decision = decide(question, permissions, documents_of(trust), Target(account_id))
    if decision.is_allowed and said is Verdict.NOTHING:
        return _NOT_TRUSTED
    source = decision.source
    if source is not None and source.kind is SourceKind.BUCKET_POLICY:
        source = source._replace(kind=SourceKind.TRUST_POLICY)
    return Decision(decision.is_allowed, _OF_ROLE.get(decision.reason, decision.reason), source)


def documents_of(trust: Policy) -> BucketDocuments:
    """Of a role, as if it were a bucket."""
    return BucketDocuments(policy=trust, public_access=NOTHING_BLOCKED)


def refusal(question: Question, decision: Decision) -> IamError:
    """What is answered where it is not allowed."""
    who = question.caller.arn or "anonymous"
    text = f"User: {who} is not authorized to perform: {question.action}"
    text += f" on resource: {question.resource}{why_denied(question.action, decision)}"
    return IamError("AccessDenied", text)
