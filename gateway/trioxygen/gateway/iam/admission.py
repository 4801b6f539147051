"""Whether the caller of an action of IAM or STS is let in, by his own policies."""

from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.iam.action import Call, Subject, Subjects
from trioxygen.gateway.iam.authorization import decide_identity, refusal
from trioxygen.gateway.iam.context import Keys, of_arguments, of_caller, of_resource, of_tags


async def admit(call: Call, permission: str, subject_of: Subjects) -> None:
    """Returns when the caller may. Args: permission: such as `iam:GetUser`.

    Raises: AccessDenied."""
    signer = call.signer
    subject = Subject("*") if signer.is_root else await subject_of(call)
    context = Keys(
        call.keys,
        of_caller(signer.caller),
        of_resource(call.account_id),
        of_tags("iam:resourcetag/", subject.tags),
        of_tags("aws:resourcetag/", subject.tags),
        dict(subject.keys),
        of_arguments(call.arguments),
    )
    question = Question(permission, subject.arn, signer.caller, context)
    decision = decide_identity(question, signer.permissions)
    call.decisions.append(decision)
    call.asked.append(Asked(question, signer.permissions, UNSET, OWN_ACCOUNT, decision))
    if not decision.is_allowed:
        raise refusal(question, decision)
