"""Users. Source: IAM API reference."""

from collections.abc import Mapping
from typing import Final

from trioxygen.common.iam_errors import EntityAlreadyExists
from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import text
from trioxygen.gateway.iam.boundary import BOUNDARY, check_boundary
from trioxygen.gateway.iam.document import Value, date_text
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.principals import (
    NEW_PATH,
    USER,
    admit_changed,
    lookup,
    own_user,
    subject_listed,
    subject_made,
    subject_of,
    subject_own_or_named,
)
from trioxygen.gateway.iam.shown import Fields, user_shown
from trioxygen.gateway.store.values.iam import Principal, PrincipalChange, PrincipalKind


async def _create(call: Call) -> Fields:
    name = call.arguments.text("UserName")
    boundary = await check_boundary(call)
    user = Principal(
        kind=PrincipalKind.USER,
        account_id=call.account_id,
        name=name,
        path=call.arguments.maybe("Path", "/"),
        tags=call.arguments.tags(),
        boundary=boundary,
    )
    try:
        user = await call.services.iam.principals.create(user)
    except EntityAlreadyExists:
        raise _taken(name) from None
    return {"User": user_shown(user)}


def _taken(name: str) -> IamError:
    return IamError("EntityAlreadyExists", f"User with name {name} already exists.")


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
    """Source: UpdateUser: what is not said stays."""
    wanted = call.arguments
    old, new = wanted.text("UserName"), wanted.maybe("NewUserName")
    change = PrincipalChange(name=new or None, path=wanted.maybe("NewPath") or None)
    await admit_changed(call, "iam:UpdateUser", await lookup(call, USER))
    try:
        await call.services.iam.principals.change(call.account_id, USER.kind, old, change)
    except EntityAlreadyExists:
        raise _taken(new) from None


async def _delete(call: Call) -> None:
    name = call.arguments.text("UserName")
    user = await lookup(call, USER)
    keys = await call.services.iam.access_keys.list(
        call.account_id, user.name, after="", count_max=1
    )
    for is_there, what in (
        (keys.rows, "delete access keys"),
        (user.inline, "delete policies"),
        (user.attached, "detach all policies"),
        (user.groups, "remove users from group"),
    ):
        if is_there:
            raise IamError("DeleteConflict", f"Cannot delete entity, must {what} first.")
    await call.services.iam.principals.delete(call.account_id, USER.kind, name)


async def _list(call: Call) -> Mapping[str, Value]:
    page = await call.services.iam.principals.list(
        call.account_id,
        USER.kind,
        path_prefix=call.arguments.maybe("PathPrefix", "/"),
        after=pages.marker(call),
        count_max=pages.count_max(call),
    )
    users: list[Value] = [user_shown(user, is_whole=False) for user in page.rows]
    last = page.rows[-1].name if page.rows else ""
    return {"Users": users, **pages.truncation(is_truncated=page.is_truncated, last=last)}


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
