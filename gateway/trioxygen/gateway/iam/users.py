"""Users. Source: IAM API reference."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from trioxygen.gateway.iam import arguments, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import text
from trioxygen.gateway.iam.boundary import BOUNDARY, check_boundary
from trioxygen.gateway.iam.common_actions import check_empty, create, list_all, rename
from trioxygen.gateway.iam.document import Value, date_text
from trioxygen.gateway.iam.principals import (
    NEW_PATH,
    USER,
    lookup,
    own_user,
    subject_listed,
    subject_made,
    subject_of,
    subject_own_or_named,
)
from trioxygen.gateway.iam.shown import Fields, user_shown
from trioxygen.gateway.store.values.iam import Principal, PrincipalKind


async def _create(call: Call) -> Fields:
    user = Principal(
        kind=PrincipalKind.USER,
        account_id=call.account_id,
        name=call.arguments.text("UserName"),
        path=call.arguments.maybe("Path", "/"),
        tags=call.arguments.tags(),
        boundary=await check_boundary(call),
    )
    return {"User": user_shown(await create(call, USER, user))}


async def _get(call: Call) -> Fields:
    if "UserName" in call.arguments:
        return {"User": user_shown(await lookup(call, USER))}
    name = own_user(call)
    if name:
        return {"User": user_shown(await lookup(call, USER, name))}
    return {"User": await _root_shown(call)}


async def _root_shown(call: Call) -> Fields:
    """Root is no user, and is shown as one."""
    signer = call.signer
    account = await call.services.iam.directory.find(account_id=call.account_id)
    return {
        "Path": "/",
        "UserName": signer.account.display_name,
        "UserId": signer.account.account_id,
        "Arn": signer.caller.arn,
        "CreateDate": date_text(0 if account is None else account.created_ms),
    }


async def _update(call: Call) -> None:
    await rename(call, USER)


async def _delete(call: Call) -> None:
    name = call.arguments.text("UserName")
    user = await lookup(call, USER)
    keys = await call.services.iam.access_keys.list(
        call.account_id, user.name, after="", count_max=1
    )
    check_empty(
        (keys.rows, "delete access keys"),
        (user.inline, "delete policies"),
        (user.attached, "detach all policies"),
        (user.groups, "remove users from group"),
    )
    await call.services.iam.principals.delete(call.account_id, USER.kind, name)


async def _list(call: Call) -> Mapping[str, Value]:
    return await list_all(call, USER, partial(user_shown, is_whole=False))


ROWS: Final = (
    Action(
        name="CreateUser",
        arguments=(USER.new_argument, NEW_PATH, BOUNDARY, arguments.TAGS),
        subject=subject_made(USER),
        handler=_create,
    ),
    Action(
        name="GetUser",
        arguments=(text("UserName", rules.NAME_128),),
        subject=subject_own_or_named,
        handler=_get,
    ),
    Action(
        name="UpdateUser",
        arguments=(
            USER.argument,
            text("NewPath", rules.PATH),
            text("NewUserName", rules.NAME_64),
        ),
        subject=subject_of(USER),
        handler=_update,
    ),
    Action(
        name="DeleteUser", arguments=(USER.argument,), subject=subject_of(USER), handler=_delete
    ),
    Action(
        name="ListUsers",
        arguments=(arguments.PATH_PREFIX, *arguments.PAGE),
        subject=subject_listed("user"),
        handler=_list,
    ),
)
