"""How a denial is told to whoever is refused. Pure.

Source: S3 user guide, "Troubleshoot access denied (403 Forbidden) errors in Amazon S3"; IAM user
guide, "Troubleshoot access denied error messages"."""

from typing import Final

from trioxygen.gateway.access.decision import Decision, Reason
from trioxygen.gateway.access.question import Question

_EXPLICIT: Final = {
    Reason.DENIED_BY_IDENTITY: "an identity-based policy",
    Reason.DENIED_BY_BOUNDARY: "a permissions boundary",
    Reason.DENIED_BY_SESSION: "a session policy",
    Reason.DENIED_BY_BUCKET: "a resource-based policy",
    Reason.DENIED_BY_TRUST: "a resource-based policy",
}
_IMPLICIT: Final = {
    Reason.NO_IDENTITY_POLICY: "identity-based policy",
    Reason.NO_BOUNDARY: "permissions boundary",
    Reason.NO_SESSION_POLICY: "session policy",
}
ALL_BUCKETS: Final = "arn:aws:s3:::*"


def not_authorized(question: Question) -> str:
    """What a caller may not do; why comes behind it."""
    place = "" if question.resource == ALL_BUCKETS else f' on resource: "{question.resource}"'
    return f"User: {question.caller.arn} is not authorized to perform: {question.action}{place}"


def why_denied(action: str, decision: Decision) -> str:
    """What stands behind the sentence of what one may not do; "": there are no words for it."""
    explicit = _EXPLICIT.get(decision.reason)
    if explicit is not None:
        return f" with an explicit deny in {explicit}"
    implicit = _IMPLICIT.get(decision.reason)
    return "" if implicit is None else f" because no {implicit} allows the {action} action"


def denial_text(question: Question, decision: Decision) -> str | None:
    """Of a denial to a caller of the account whose the resource is; None: there are no words for
    it."""
    why = why_denied(question.action, decision)
    return f"{not_authorized(question)}{why}" if why else None
