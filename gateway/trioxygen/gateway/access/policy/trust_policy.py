"""Trust policies: who may assume a role.

Source: IAM API, CreateRole; IAM user guide, "Roles terms and concepts"."""

from typing import Final

from trioxygen.gateway.access.policy.elements import (
    action_matcher,
    check_actions_form,
    read_conditions,
    required,
    required_principals,
    statement_of,
)
from trioxygen.gateway.access.policy.faults import IAM_MESSAGES, Fault, Malformed, PolicyFault
from trioxygen.gateway.access.policy.grammar import OLD_VERSION, RawStatement, read_policy, texts_of
from trioxygen.gateway.access.policy.identity_policy import (
    IDENTITY_POLICY_CHARACTERS_MAX,
    check_sids,
)
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.statement import Statement

_STS_ACTIONS: Final = (
    "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
    "sts:setcontext", "sts:setsourceidentity", "sts:tagsession",
)  # fmt: skip


def read_trust_policy(text: str) -> CompiledPolicy:
    """Whether the principals it names exist is for the caller to ask.

    Raises PolicyFault: what IAM says as MalformedPolicyDocument."""
    try:
        if len(text) > IDENTITY_POLICY_CHARACTERS_MAX:
            raise Malformed(Fault.SIZE, str(IDENTITY_POLICY_CHARACTERS_MAX))
        policy = read_policy(text.lstrip(" \t\r\n"))
        check_sids(policy.statements)
        has_variables = (policy.version or OLD_VERSION) != OLD_VERSION
        return CompiledPolicy(
            [
                _statement(number, raw, has_variables=has_variables)
                for number, raw in enumerate(policy.statements)
            ]
        )
    except Malformed as malformed:
        raise PolicyFault(malformed.says(IAM_MESSAGES)) from None


def _statement(number: int, raw: RawStatement, *, has_variables: bool) -> Statement:
    if raw.resource is not None:
        raise Malformed(Fault.PROHIBITED_FIELD, raw.resource.name)
    principals = required_principals(raw)
    actions = texts_of(required(raw.action, "Action").value, Fault.JSON)
    check_actions_form(actions)
    for name in actions:
        if not any(map(action_matcher([name]), _STS_ACTIONS)):
            raise Malformed(Fault.ACTION)
    return statement_of(
        number,
        raw,
        principals=principals,
        actions=actions,
        resources=None,
        conditions=read_conditions(raw, has_variables=has_variables),
    )
