"""Whether somebody may assume a role: by the role's trust policy, and by his own policies.

Source: IAM user guide, "Cross-account policy evaluation logic"; "Policy evaluation logic": a trust
policy is the resource-based policy of its role."""

from collections.abc import Mapping, Sequence
from typing import Final

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.caller import Caller
from trioxygen.gateway.access.decision import Decision, Reason
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET, Target
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.iam.action import Call
from trioxygen.gateway.iam.authorization import decide_trust, documents_of, refusal
from trioxygen.gateway.iam.context import Keys, of_caller, of_request_tags, of_resource, of_tags
from trioxygen.gateway.iam.errors import IamError, validation_error
from trioxygen.gateway.iam.policy_documents import read_trust
from trioxygen.gateway.store.values.iam import Principal, PrincipalKind, Tags

_TAG_SESSION: Final = "sts:TagSession"
_SET_SOURCE: Final = "sts:SetSourceIdentity"


async def lookup_role(call: Call) -> Principal | None:
    """That RoleArn names, of any account; None: there is none, which is not told.

    Raises: ValidationError: it is no role's ARN."""
    arn = call.arguments.text("RoleArn")
    start, _, resource = arn.partition(":role/")
    account_id = start.removeprefix("arn:aws:iam::")
    if not resource or account_id == start or len(account_id) != 12 or not account_id.isdigit():
        raise validation_error(f"{arn} is invalid")
    name = resource.rpartition("/")[2]
    try:
        role = await call.services.iam.principals.lookup(account_id, PrincipalKind.ROLE, name)
    except NoSuchEntity:
        return None
    return role if role.arn == arn else None


def actions_asked(action: str, tags: Tags, source: str) -> tuple[str, ...]:
    """What has to be allowed: beside the role the tags and the source identity of the session; "":
    it has none."""
    return (
        action,
        *((_TAG_SESSION,) if tags else ()),
        *((_SET_SOURCE,) if source else ()),
    )


def keys_of(
    call: Call, caller: Caller, role: Principal, tags: Tags, more: Mapping[str, Sequence[str]]
) -> Keys:
    wanted = call.arguments
    asked: dict[str, Sequence[str]] = {"sts:rolesessionname": (wanted.text("RoleSessionName"),)}
    if "ExternalId" in wanted:
        asked["sts:externalid"] = (wanted.text("ExternalId"),)
    transitive = wanted.texts("TransitiveTagKeys")
    if transitive:
        asked["sts:transitivetagkeys"] = transitive
    return Keys(
        call.keys,
        of_caller(caller),
        of_resource(role.account_id),
        of_tags("iam:resourcetag/", role.tags),
        of_tags("aws:resourcetag/", role.tags),
        of_request_tags(tags),
        asked,
        more,
    )


def check_trusted(
    call: Call, question: Question, role: Principal, permissions: Permissions
) -> None:
    """Raises: AccessDenied."""
    trust = read_trust(role.trust_policy)
    decision = decide_trust(question, permissions, trust, role.account_id)
    target = Target(role.account_id)
    _note(call, Asked(question, permissions, documents_of(trust), target, decision, of_role=True))
    if not decision.is_allowed:
        raise refusal(question, decision)


def no_such_role(call: Call, caller: Caller, action: str) -> IamError:
    """The same as where it does not trust."""
    arn = call.arguments.text("RoleArn")
    question = Question(action, arn, caller, Keys())
    decision, target = Decision(False, Reason.NO_SUCH_ROLE), Target(_account_of(arn))
    _note(call, Asked(question, NO_PERMISSIONS, UNSET, target, decision, of_role=True))
    return refusal(question, decision)


def root_assumes(call: Call, caller: Caller, action: str) -> IamError:
    """Of whatever role, which is not looked up."""
    question = Question(action, call.arguments.text("RoleArn"), caller, Keys())
    decision = Decision(False, Reason.ROOT_ASSUMES)
    _note(call, Asked(question, NO_PERMISSIONS, UNSET, OWN_ACCOUNT, decision, of_role=True))
    return IamError("AccessDenied", "Roles may not be assumed by root accounts.")


def _note(call: Call, asked: Asked) -> None:
    """For the access log, and for explanations."""
    call.decisions.append(asked.decision)
    call.asked.append(asked)


def _account_of(role_arn: str) -> str:
    return role_arn.partition(":role/")[0].removeprefix("arn:aws:iam::")
