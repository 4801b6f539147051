"""Groups and who is in them. Source: IAM API reference."""

from collections.abc import Mapping
from typing import Final

from trioxygen.common.iam_errors import EntityAlreadyExists, NoSuchEntity
from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import text
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.principals import (
    GROUP,
    NEW_PATH,
    USER,
    admit_changed,
    lookup,
    subject_listed,
    subject_made,
    subject_of,
)
from trioxygen.gateway.iam.shown import Fields, group_shown, user_shown
from trioxygen.gateway.store.values.iam import Principal, PrincipalChange, PrincipalKind


async def _create(call: Call) -> Fields:
    name = call.arguments.text("GroupName")
    group = Principal(
        kind=PrincipalKind.GROUP,
        account_id=call.account_id,
        name=name,
        path=call.arguments.maybe("Path", "/"),
    )
    try:
        group = await call.services.iam.principals.create(group)
    except EntityAlreadyExists:
        raise _taken(name) from None
    return {"Group": group_shown(group)}


def _taken(name: str) -> IamError:
    return IamError("EntityAlreadyExists", f"Group with name {name} already exists.")


async def _get(call: Call) -> Mapping[str, Value]:
    group = await lookup(call, GROUP)
    page = await call.services.iam.principals.members(
        call.account_id, group.name, after=pages.marker(call), count_max=pages.count_max(call)
    )
    users: list[Value] = [user_shown(user, is_whole=False) for user in page.rows]
    last = page.rows[-1].name if page.rows else ""
    return {
        "Group": group_shown(group),
        "Users": users,
        **pages.truncation(is_truncated=page.is_truncated, last=last),
    }


async def _update(call: Call) -> None:
    wanted = call.arguments
    old, new = wanted.text("GroupName"), wanted.maybe("NewGroupName")
    change = PrincipalChange(name=new or None, path=wanted.maybe("NewPath") or None)
    await admit_changed(call, "iam:UpdateGroup", await lookup(call, GROUP))
    try:
        await call.services.iam.principals.change(call.account_id, GROUP.kind, old, change)
    except EntityAlreadyExists:
        raise _taken(new) from None


async def _delete(call: Call) -> None:
    group = await lookup(call, GROUP)
    principals = call.services.iam.principals
    members = await principals.members(call.account_id, group.name, after="", count_max=1)
    for is_there, what in (
        (members.rows, "remove users from group"),
        (group.inline, "delete policies"),
        (group.attached, "detach all policies"),
    ):
        if is_there:
            raise IamError("DeleteConflict", f"Cannot delete entity, must {what} first.")
    await principals.delete(call.account_id, GROUP.kind, group.name)


async def _list(call: Call) -> Mapping[str, Value]:
    page = await call.services.iam.principals.list(
        call.account_id,
        GROUP.kind,
        path_prefix=call.arguments.maybe("PathPrefix", "/"),
        after=pages.marker(call),
        count_max=pages.count_max(call),
    )
    groups: list[Value] = [group_shown(group) for group in page.rows]
    last = page.rows[-1].name if page.rows else ""
    return {"Groups": groups, **pages.truncation(is_truncated=page.is_truncated, last=last)}


async def _list_of_user(call: Call) -> Mapping[str, Value]:
    user = await lookup(call, USER)
    names, rest = pages.page_of(call, user.groups, pages.itself)
    groups: list[Value] = []
    for name in names:
        try:
            group = await call.services.iam.principals.lookup(call.account_id, GROUP.kind, name)
        except NoSuchEntity:
            # It went since the user was read.
            continue
        groups.append(group_shown(group))
    return {"Groups": groups, **rest}


async def _add(call: Call) -> None:
    group, user = await lookup(call, GROUP), await lookup(call, USER)
    await call.services.iam.principals.add_member(call.account_id, group.name, user.name)


async def _remove(call: Call) -> None:
    group, user = await lookup(call, GROUP), await lookup(call, USER)
    if group.name not in user.groups:
        raise USER.missing(user.name)
    await call.services.iam.principals.remove_member(call.account_id, group.name, user.name)


_MEMBERSHIP: Final = (GROUP.argument, USER.argument)

ROWS: Final = (
    Action(
        name="CreateGroup",
        arguments=(GROUP.new_argument, NEW_PATH),
        subject=subject_made(GROUP),
        handler=_create,
    ),
    Action(
        name="GetGroup",
        arguments=(GROUP.argument, *arguments.PAGE),
        subject=subject_of(GROUP),
        handler=_get,
    ),
    Action(
        name="UpdateGroup",
        arguments=(
            GROUP.argument,
            text("NewPath", rules.PATH),
            text("NewGroupName", rules.NAME_128),
        ),
        subject=subject_of(GROUP),
        handler=_update,
    ),
    Action(
        name="DeleteGroup",
        arguments=(GROUP.argument,),
        subject=subject_of(GROUP),
        handler=_delete,
    ),
    Action(
        name="ListGroups",
        arguments=(arguments.PATH_PREFIX, *arguments.PAGE),
        subject=subject_listed("group"),
        handler=_list,
    ),
    Action(
        name="ListGroupsForUser",
        arguments=(USER.argument, *arguments.PAGE),
        subject=subject_of(USER),
        handler=_list_of_user,
    ),
    Action(
        name="AddUserToGroup",
        arguments=_MEMBERSHIP,
        subject=subject_of(GROUP),
        handler=_add,
    ),
    Action(
        name="RemoveUserFromGroup",
        arguments=_MEMBERSHIP,
        subject=subject_of(GROUP),
        handler=_remove,
    ),
)
