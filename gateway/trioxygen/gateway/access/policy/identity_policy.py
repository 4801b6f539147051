"""Policies of users, groups and roles, managed ones, boundaries, and those of a session.

Source: IAM API, PutUserPolicy, CreatePolicy; STS API, AssumeRole; IAM quotas."""

import re
from collections.abc import Sequence
from typing import Final

from trioxygen.gateway.access.policy.elements import (
    check_actions_form,
    read_conditions,
    resource_texts,
    statement_of,
)
from trioxygen.gateway.access.policy.faults import IAM_MESSAGES, Fault, Malformed, PolicyFault
from trioxygen.gateway.access.policy.grammar import (
    VERSION,
    Choice,
    RawStatement,
    read_policy,
    texts_of,
)
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.statement import Statement

# Of the argument, white space and all; how much an identity may have of them is IAM's to say.
IDENTITY_POLICY_CHARACTERS_MAX: Final = 131_072
SESSION_POLICY_CHARACTERS_MAX: Final = 2_048

_SID: Final = re.compile(r"[0-9A-Za-z]*", re.ASCII)


def read_identity_policy(text: str) -> CompiledPolicy:
    """Raises PolicyFault: what IAM says as MalformedPolicyDocument."""
    return _read(text, IDENTITY_POLICY_CHARACTERS_MAX)


def read_session_policy(text: str) -> CompiledPolicy:
    """Of AssumeRole and its like. Raises PolicyFault."""
    return _read(text, SESSION_POLICY_CHARACTERS_MAX)


def _read(text: str, characters_max: int) -> CompiledPolicy:
    try:
        if len(text) > characters_max:
            raise Malformed(Fault.SIZE, str(characters_max))
        policy = read_policy(text.lstrip(" \t\r\n"))
        if policy.version != VERSION:
            raise Malformed(Fault.VERSION)
        check_sids(policy.statements)
        return CompiledPolicy(
            [_statement(number, raw) for number, raw in enumerate(policy.statements)]
        )
    except Malformed as malformed:
        raise PolicyFault(malformed.says(IAM_MESSAGES)) from None


def check_sids(statements: Sequence[RawStatement]) -> None:
    """Raises Malformed: SID: not of letters and digits; REPEATED_SID."""
    sids = [raw.sid for raw in statements if raw.sid]
    if not all(map(_SID.fullmatch, sids)):
        raise Malformed(Fault.SID)
    if len(set(sids)) < len(sids):
        raise Malformed(Fault.REPEATED_SID)


def _statement(number: int, raw: RawStatement) -> Statement:
    if raw.principal is not None:
        raise Malformed(Fault.PROHIBITED_FIELD, raw.principal.name)
    actions = _texts(raw.action, Fault.NO_ACTION)
    names = _texts(raw.resource, Fault.NO_RESOURCE)
    check_actions_form(actions)
    for name in names:
        if name != "*" and not name.startswith("arn:"):
            raise Malformed(Fault.RESOURCE, name)
    return statement_of(
        number,
        raw,
        principals=None,
        actions=actions,
        resources=resource_texts(names, has_variables=True),
        conditions=read_conditions(raw, has_variables=True),
    )


def _texts(choice: Choice | None, missing: Fault) -> list[str]:
    if choice is None:
        raise Malformed(missing)
    return texts_of(choice.value, missing if choice.value == [] else Fault.JSON)
