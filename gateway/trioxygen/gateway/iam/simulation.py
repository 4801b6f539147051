"""SimulateCustomPolicy and SimulatePrincipalPolicy: what would be decided. Source: IAM API
reference."""

from collections.abc import Mapping, Sequence
from typing import Final

from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.access.policy.verdict import Policy, Verdict
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.iam import rules
from trioxygen.gateway.iam.action import Action, Call, Subject
from trioxygen.gateway.iam.arguments import PAGE, Argument, needed, structures, text, texts
from trioxygen.gateway.iam.authorization import decide_identity
from trioxygen.gateway.iam.context import Keys, of_caller
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.form import Form
from trioxygen.gateway.iam.policy_documents import read_identity
from trioxygen.gateway.iam.principal_policies import document_of, policies_of, principal_of
from trioxygen.gateway.store.values.iam import Principal, PrincipalKind

_LIST_MAX: Final = 1_000
# What is decided at once; more is asked for in pages.
_DECISIONS_MAX: Final = 1_000
_POLICIES: Final = texts("PolicyInputList", rules.DOCUMENT, 100)
_NamedPolicies = tuple[tuple[str, Policy], ...]


async def _simulate_custom(call: Call) -> Mapping[str, Value]:
    permissions = Permissions(
        policies=_inputs(call, "PolicyInputList"), boundary=_boundary_input(call)
    )
    caller = Caller(kind=CallerKind.USER, account_id=call.account_id, arn=_caller_arn(call))
    return _simulated(call, caller, permissions)


async def _simulate_principal(call: Call) -> Mapping[str, Value]:
    principal = await principal_of(call, call.arguments.text("PolicySourceArn"))
    named = tuple(
        (source, read_identity(document)) for source, document in await policies_of(call, principal)
    )
    boundary = _boundary_input(call)
    if boundary is None and principal.boundary:
        document = await document_of(call, principal.boundary)
        boundary = principal.boundary, read_identity(document)
    permissions = Permissions(policies=named + _inputs(call, "PolicyInputList"), boundary=boundary)
    return _simulated(call, _as_caller(principal), permissions)


def _as_caller(principal: Principal) -> Caller:
    is_role = principal.kind is PrincipalKind.ROLE
    return Caller(
        kind=CallerKind.ROLE_SESSION if is_role else CallerKind.USER,
        account_id=principal.account_id,
        arn=principal.arn,
        user_id=principal.unique_id,
        name=principal.name if principal.kind is PrincipalKind.USER else "",
        role_arn=principal.arn if is_role else "",
        tags=dict(principal.tags),
    )


def _caller_arn(call: Call) -> str:
    return call.arguments.maybe("CallerArn") or f"arn:aws:iam::{call.account_id}:user/simulated"


def _inputs(call: Call, name: str) -> _NamedPolicies:
    """Raises: MalformedPolicyDocument."""
    documents = call.arguments.texts(name)
    return tuple(
        (f"{name}.{position}", read_identity(document))
        for position, document in enumerate(documents, start=1)
    )


def _boundary_input(call: Call) -> tuple[str, Policy] | None:
    boundaries = _inputs(call, "PermissionsBoundaryPolicyInputList")
    return boundaries[0] if boundaries else None


def _simulated(call: Call, caller: Caller, permissions: Permissions) -> Mapping[str, Value]:
    """Raises: InvalidInput: there is too much to decide."""
    if "ResourcePolicy" in call.arguments:
        raise IamError("InvalidInput", "Resource policies are not simulated.")
    actions = call.arguments.texts("ActionNames")
    resources = call.arguments.texts("ResourceArns") or ["*"]
    if len(actions) * len(resources) > _DECISIONS_MAX:
        raise IamError("InvalidInput", f"At most {_DECISIONS_MAX} decisions are simulated.")
    context = Keys(of_caller(caller), _entries(call))
    results: list[Value] = []
    for action in actions:
        for resource in resources:
            question = Question(action, resource, caller, context)
            decision = decide_identity(question, permissions)
            denied = "explicitDeny" if decision.reason.is_explicit else "implicitDeny"
            results.append(
                {
                    "EvalActionName": action,
                    "EvalResourceName": resource,
                    "EvalDecision": "allowed" if decision.is_allowed else denied,
                    "MatchedStatements": _matched(decision.source and decision.source.name),
                    "MissingContextValues": [],
                    "PermissionsBoundaryDecisionDetail": _of_boundary(question, permissions),
                }
            )
    return {"EvaluationResults": results, "IsTruncated": False}


def _of_boundary(question: Question, permissions: Permissions) -> Value:
    """None: there is no boundary."""
    if permissions.boundary is None:
        return None
    _, policy = permissions.boundary
    is_allowed = policy.verdict(question) is Verdict.ALLOW
    return {"AllowedByPermissionsBoundary": is_allowed}


def _matched(source: str | None) -> list[Value]:
    return [{"SourcePolicyId": source}] if source else []


def _entries(call: Call) -> dict[str, Sequence[str]]:
    keys: dict[str, Sequence[str]] = {}
    for entry in call.arguments.structures("ContextEntries"):
        values = Form(entry.items()).members("ContextKeyValues") or []
        keys[entry["ContextKeyName"].lower()] = values
    return keys


_COMMON: Final[tuple[Argument, ...]] = (
    texts("PermissionsBoundaryPolicyInputList", rules.DOCUMENT, 1),
    needed(texts("ActionNames", rules.ACTION_NAME, _LIST_MAX)),
    texts("ResourceArns", rules.RESOURCE_NAME, _LIST_MAX),
    text("ResourcePolicy", rules.DOCUMENT),
    text("CallerArn", rules.RESOURCE_NAME),
    structures("ContextEntries", {"ContextKeyName": rules.RESOURCE_NAME}, _LIST_MAX),
    *PAGE,
)


async def _source(call: Call) -> Subject:
    return Subject(call.arguments.text("PolicySourceArn"))


ROWS: Final = (
    Action(
        name="SimulateCustomPolicy",
        arguments=(needed(_POLICIES), *_COMMON),
        handler=_simulate_custom,
    ),
    Action(
        name="SimulatePrincipalPolicy",
        arguments=(needed(text("PolicySourceArn", rules.ARN)), _POLICIES, *_COMMON),
        subject=_source,
        handler=_simulate_principal,
    ),
)
