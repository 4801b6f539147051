"""Groups and who is in them. Source: IAM API reference."""

from collections.abc import Mapping
from typing import Final

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import text
from trioxygen.gateway.iam.common_actions import check_empty, create, list_all, rename
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.principals import (
    GROUP,
    NEW_PATH,
    USER,
    lookup,
    subject_listed,
    subject_made,
    subject_of,
)
from trioxygen.gateway.iam.shown import Fields, group_shown, user_shown
from trioxygen.gateway.store.values.iam import Principal, PrincipalKind


async def _create(call: Call) -> Fields:
    group = Principal(
        kind=PrincipalKind.GROUP,
        account_id=call.account_id,
        name=call.arguments.text("GroupName"),
        path=call.arguments.maybe("Path", "/"),
    )
    return {"Group": group_shown(await create(call, GROUP, group))}


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
    await rename(call, GROUP)


async def _delete(call: Call) -> None:
    group = await lookup(call, GROUP)
    principals = call.services.iam.principals
    members = await principals.members(call.account_id, group.name, after="", count_max=1)
    check_empty(
        (members.rows, "remove users from group"),
        (group.inline, "delete policies"),
        (group.attached, "detach all policies"),
    )
    await principals.delete(call.account_id, GROUP.kind, group.name)


async def _list(call: Call) -> Mapping[str, Value]:
    return await list_all(call, GROUP, group_shown)


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
