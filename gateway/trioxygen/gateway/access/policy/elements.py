"""The elements that are read alike in all kinds of policies."""

import re
from collections.abc import Sequence
from typing import Final

from trioxygen.gateway.access.policy.alternatives import Alternatives, any_of
from trioxygen.gateway.access.policy.arns import resource_matcher
from trioxygen.gateway.access.policy.conditions import Condition, read_condition
from trioxygen.gateway.access.policy.faults import Fault, Malformed
from trioxygen.gateway.access.policy.grammar import Choice, RawStatement
from trioxygen.gateway.access.policy.operators import Operator, read_operator
from trioxygen.gateway.access.policy.patterns import Matcher, marked, matcher
from trioxygen.gateway.access.policy.principals import Principals, read_principals
from trioxygen.gateway.access.policy.statement import Statement
from trioxygen.gateway.access.policy.variables import Template, read_text

_VENDOR: Final = re.compile(r"[a-zA-Z0-9.-]+", re.ASCII)


def action_matcher(names: Sequence[str]) -> Matcher:
    """Of names in lower case; those of the policy in whatever case."""
    return any_of([matcher(marked(name.lower())) for name in names])


def check_actions_form(names: Sequence[str]) -> None:
    """Raises Malformed: VENDOR, COLONS: not `vendor:action`."""
    for name in names:
        vendor, *rest = name.split(":")
        if name != "*" and not rest:
            raise Malformed(Fault.VENDOR)
        if len(rest) > 1:
            raise Malformed(Fault.COLONS)
        if name != "*" and not _VENDOR.fullmatch(vendor):
            raise Malformed(Fault.VENDOR)


def resource_texts(names: Sequence[str], *, has_variables: bool) -> list[str | Template]:
    return [read_text(name, has_variables=has_variables, has_wildcards=True) for name in names]


def read_conditions(raw: RawStatement, *, has_variables: bool) -> list[Condition]:
    """Raises Malformed: OPERATOR, CONDITION_VALUE."""
    return [
        read_condition(known_operator(name), key, values, has_variables=has_variables)
        for name, key, values in raw.conditions
    ]


def known_operator(name: str) -> Operator:
    operator = read_operator(name)
    if operator is None:
        raise Malformed(Fault.OPERATOR, name)
    return operator


def required_principals(raw: RawStatement) -> Principals:
    """Raises Malformed: MISSING_FIELD, PRINCIPAL, NOT_PRINCIPAL."""
    choice = required(raw.principal, "Principal")
    principals = Principals(read_principals(choice.value))
    if choice.is_not and not raw.is_deny:
        raise Malformed(Fault.NOT_PRINCIPAL)
    return principals


def required(choice: Choice | None, name: str) -> Choice:
    if choice is None:
        raise Malformed(Fault.MISSING_FIELD, name)
    return choice


def statement_of(
    number: int,
    raw: RawStatement,
    *,
    principals: Principals | None,
    actions: Sequence[str],
    resources: Sequence[str | Template] | None,
    conditions: Sequence[Condition],
) -> Statement:
    return Statement(
        number=number,
        sid=raw.sid,
        is_deny=raw.is_deny,
        principals=principals,
        is_not_principal=raw.principal is not None and raw.principal.is_not,
        actions=action_matcher(actions),
        is_not_action=raw.action is not None and raw.action.is_not,
        resources=None if resources is None else Alternatives(resources, resource_matcher),
        is_not_resource=raw.resource is not None and raw.resource.is_not,
        conditions=conditions,
    )
