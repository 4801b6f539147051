"""Roles. Source: IAM API reference."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from trioxygen.gateway.iam import arguments, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import needed, number, text
from trioxygen.gateway.iam.boundary import BOUNDARY, check_boundary
from trioxygen.gateway.iam.common_actions import check_empty, create, list_all
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.policy_documents import check_trust
from trioxygen.gateway.iam.principals import (
    NEW_PATH,
    ROLE,
    lookup,
    subject_listed,
    subject_made,
    subject_of,
)
from trioxygen.gateway.iam.shown import Fields, role_shown
from trioxygen.gateway.store.values.iam import Principal, PrincipalChange, PrincipalKind

_SESSION_SECONDS_DEFAULT: Final = 3_600
_DESCRIPTION: Final = text("Description", rules.DESCRIPTION)
_SESSION_SECONDS: Final = number("MaxSessionDuration", 3_600, 43_200)


async def _create(call: Call) -> Fields:
    wanted = call.arguments
    trust_policy = wanted.text("AssumeRolePolicyDocument")
    await check_trust(call, trust_policy)
    role = Principal(
        kind=PrincipalKind.ROLE,
        account_id=call.account_id,
        name=wanted.text("RoleName"),
        path=wanted.maybe("Path", "/"),
        tags=wanted.tags(),
        boundary=await check_boundary(call),
        trust_policy=trust_policy,
        session_seconds_max=wanted.number("MaxSessionDuration", _SESSION_SECONDS_DEFAULT),
        description=wanted.maybe("Description"),
    )
    return {"Role": role_shown(await create(call, ROLE, role))}


async def _get(call: Call) -> Fields:
    return {"Role": role_shown(await lookup(call, ROLE))}


async def _change(call: Call, change: PrincipalChange) -> Principal:
    role = await lookup(call, ROLE)
    return await call.services.iam.principals.change(call.account_id, ROLE.kind, role.name, change)


async def _update(call: Call) -> Fields:
    """What is not said stays."""
    wanted = call.arguments
    change = PrincipalChange(
        description=wanted.maybe("Description") if "Description" in wanted else None,
        session_seconds_max=(
            wanted.number("MaxSessionDuration", 0) if "MaxSessionDuration" in wanted else None
        ),
    )
    await _change(call, change)
    return {}


async def _update_description(call: Call) -> Fields:
    change = PrincipalChange(description=call.arguments.text("Description"))
    return {"Role": role_shown(await _change(call, change))}


async def _update_trust(call: Call) -> None:
    await lookup(call, ROLE)
    trust_policy = call.arguments.text("PolicyDocument")
    await check_trust(call, trust_policy)
    await _change(call, PrincipalChange(trust_policy=trust_policy))


async def _delete(call: Call) -> None:
    role = await lookup(call, ROLE)
    check_empty((role.inline, "delete policies"), (role.attached, "detach all policies"))
    await call.services.iam.principals.delete(call.account_id, ROLE.kind, role.name)


async def _list(call: Call) -> Mapping[str, Value]:
    return await list_all(call, ROLE, partial(role_shown, is_whole=False))


ROWS: Final = (
    Action(
        name="CreateRole",
        arguments=(
            NEW_PATH,
            ROLE.new_argument,
            needed(text("AssumeRolePolicyDocument", rules.DOCUMENT)),
            _DESCRIPTION,
            _SESSION_SECONDS,
            BOUNDARY,
            arguments.TAGS,
        ),
        subject=subject_made(ROLE),
        handler=_create,
    ),
    Action(name="GetRole", arguments=(ROLE.argument,), subject=subject_of(ROLE), handler=_get),
    Action(
        name="UpdateRole",
        arguments=(ROLE.argument, _DESCRIPTION, _SESSION_SECONDS),
        subject=subject_of(ROLE),
        handler=_update,
    ),
    Action(
        name="UpdateRoleDescription",
        arguments=(ROLE.argument, needed(_DESCRIPTION)),
        subject=subject_of(ROLE),
        handler=_update_description,
    ),
    Action(
        name="UpdateAssumeRolePolicy",
        arguments=(ROLE.argument, needed(text("PolicyDocument", rules.DOCUMENT))),
        subject=subject_of(ROLE),
        handler=_update_trust,
    ),
    Action(
        name="DeleteRole", arguments=(ROLE.argument,), subject=subject_of(ROLE), handler=_delete
    ),
    Action(
        name="ListRoles",
        arguments=(arguments.PATH_PREFIX, *arguments.PAGE),
        subject=subject_listed("role"),
        handler=_list,
    ),
)
