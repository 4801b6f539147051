"""Access keys of users and of root. Source: IAM API reference."""

from collections.abc import Mapping
from typing import Final

from trioxygen.common.errors import NoSuchAccessKey
from trioxygen.common.iam_errors import LimitExceeded, NoSuchEntity
from trioxygen.common.iam_limits import KEYS_PER_USER_MAX
from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import needed, text
from trioxygen.gateway.iam.document import Value, date_text
from trioxygen.gateway.iam.errors import IamError, no_such_entity
from trioxygen.gateway.iam.principals import USER, lookup, own_user, subject_own_or_named
from trioxygen.gateway.iam.shown import Fields
from trioxygen.gateway.store.values.iam import AccessKey

_USER: Final = text("UserName", rules.NAME_128)
_ACCESS_KEY: Final = needed(text("AccessKeyId", rules.ACCESS_KEY_ID))
_STATUS: Final = needed(text("Status", rules.choice("Active", "Inactive")))


async def _whose(call: Call) -> str:
    """The user's name; "": root's. Raises: NoSuchEntity."""
    if "UserName" in call.arguments:
        return (await lookup(call, USER)).name
    return own_user(call)


def _shown(call: Call, key: AccessKey, user: str) -> Fields:
    """Args: user: whose it is; "": root's."""
    return {
        "UserName": user or call.signer.account.display_name,
        "AccessKeyId": key.access_key,
        "Status": "Active" if key.is_active else "Inactive",
        "CreateDate": date_text(key.created_ms),
    }


async def _create(call: Call) -> Fields:
    user = await _whose(call)
    try:
        key = await call.services.iam.access_keys.create(call.account_id, user)
    except LimitExceeded:
        raise IamError(
            "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {KEYS_PER_USER_MAX}"
        ) from None
    return {"AccessKey": {**_shown(call, key, user), "SecretAccessKey": key.secret_key}}


async def _list(call: Call) -> Mapping[str, Value]:
    user = await _whose(call)
    page = await call.services.iam.access_keys.list(
        call.account_id, user, after=pages.marker(call), count_max=pages.count_max(call)
    )
    last = page.rows[-1].access_key if page.rows else ""
    rows: list[Value] = [_shown(call, key, user) for key in page.rows]
    return {
        "AccessKeyMetadata": rows,
        **pages.truncation(is_truncated=page.is_truncated, last=last),
    }


def _missing(access_key: str) -> IamError:
    return no_such_entity(f"The Access Key with id {access_key} cannot be found.")


async def _update(call: Call) -> None:
    user, access_key = await _whose(call), call.arguments.text("AccessKeyId")
    try:
        await call.services.iam.access_keys.set_active(
            call.account_id,
            user,
            access_key,
            is_active=call.arguments.text("Status") == "Active",
        )
    except (NoSuchEntity, NoSuchAccessKey):
        raise _missing(access_key) from None


async def _delete(call: Call) -> None:
    user, access_key = await _whose(call), call.arguments.text("AccessKeyId")
    try:
        await call.services.iam.access_keys.delete(call.account_id, user, access_key)
    except (NoSuchEntity, NoSuchAccessKey):
        raise _missing(access_key) from None


async def _last_used(call: Call) -> Fields:
    access_key = call.arguments.text("AccessKeyId")
    try:
        key = await call.services.iam.access_keys.lookup(access_key)
    except (NoSuchEntity, NoSuchAccessKey):
        raise _not_used(access_key) from None
    if key.account_id != call.account_id:
        raise _not_used(access_key)
    is_used = bool(key.last_used_ms)
    return {
        "UserName": key.user or call.signer.account.display_name,
        "AccessKeyLastUsed": {
            "LastUsedDate": date_text(key.last_used_ms) if is_used else None,
            "ServiceName": key.last_used_service if is_used else "N/A",
            "Region": key.last_used_region if is_used else "N/A",
        },
    }


def _not_used(access_key: str) -> IamError:
    """Source: GetAccessKeyLastUsed; of a key of others it is not said that there is one."""
    return IamError("AccessDenied", f"The access key {access_key} is not one of the account's.")


ROWS: Final = (
    Action(
        name="CreateAccessKey",
        arguments=(_USER,),
        subject=subject_own_or_named,
        handler=_create,
    ),
    Action(
        name="ListAccessKeys",
        arguments=(_USER, *arguments.PAGE),
        subject=subject_own_or_named,
        handler=_list,
    ),
    Action(
        name="UpdateAccessKey",
        arguments=(_USER, _ACCESS_KEY, _STATUS),
        subject=subject_own_or_named,
        handler=_update,
    ),
    Action(
        name="DeleteAccessKey",
        arguments=(_USER, _ACCESS_KEY),
        subject=subject_own_or_named,
        handler=_delete,
    ),
    Action(name="GetAccessKeyLastUsed", arguments=(_ACCESS_KEY,), handler=_last_used),
)
