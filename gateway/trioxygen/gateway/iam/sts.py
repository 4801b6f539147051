"""STS but for roles: who asks, sessions of users and root. Source: STS API reference."""

from typing import Final

from trioxygen.common.errors import NoSuchAccessKey
from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.access.caller import CallerKind
from trioxygen.gateway.iam import rules
from trioxygen.gateway.iam.action import Action, Api, Call, Decides
from trioxygen.gateway.iam.arguments import needed, number, text
from trioxygen.gateway.iam.assume_role import (
    SIZE_MIN,
    credentials_shown,
    of_every_session,
    refuse_mfa,
)
from trioxygen.gateway.iam.errors import IamError, validation_error
from trioxygen.gateway.iam.shown import Fields
from trioxygen.gateway.store.values.iam import NewSession

_SECONDS_DEFAULT: Final = 43_200
_ROOT_SECONDS_MAX: Final = 3_600
# Ceph's key, which its users' policies ask for: whether STS gave the credentials.
_FROM_STS: Final = ("sts:authentication", "true")


async def _caller_identity(call: Call) -> Fields:
    caller = call.signer.caller
    return {"UserId": caller.user_id, "Account": caller.account_id, "Arn": caller.arn}


async def _session_token(call: Call) -> Fields:
    signer = call.signer
    caller = signer.caller
    if signer.is_session or caller.kind is CallerKind.ROLE_SESSION:
        raise IamError("AccessDenied", "Cannot call GetSessionToken with session credentials")
    refuse_mfa("SerialNumber" in call.arguments or "TokenCode" in call.arguments)
    seconds = call.arguments.number("DurationSeconds", _SECONDS_DEFAULT)
    credentials = await call.services.iam.sessions.mint(
        NewSession(
            account_id=caller.account_id,
            user=caller.name,
            lasts_seconds=min(seconds, _ROOT_SECONDS_MAX) if signer.is_root else seconds,
            context=(_FROM_STS, *of_every_session(call)),
        )
    )
    return {"Credentials": credentials_shown(credentials)}


async def _access_key_info(call: Call) -> Fields:
    """Of whosever key; that is what it is for."""
    access_key = call.arguments.text("AccessKeyId")
    try:
        key = await call.services.iam.access_keys.lookup(access_key)
    except (NoSuchEntity, NoSuchAccessKey):
        raise validation_error("Invalid type for parameter AccessKeyId") from None
    return {"Account": key.account_id}


async def _decode(call: Call) -> Fields:
    """No answer of ours is encoded."""
    raise IamError(
        "InvalidAuthorizationMessageException", "The encoded authorization message is not valid."
    )


ROWS: Final = (
    Action(
        name="GetCallerIdentity",
        api=Api.STS,
        decides=Decides.NOBODY,
        for_sessions=True,
        handler=_caller_identity,
    ),
    Action(
        name="GetSessionToken",
        api=Api.STS,
        arguments=(
            number("DurationSeconds", 900, 129_600),
            text("SerialNumber", rules.SERIAL_NUMBER),
            text("TokenCode", rules.TOKEN_CODE),
            SIZE_MIN,
        ),
        decides=Decides.NOBODY,
        for_sessions=True,
        handler=_session_token,
    ),
    Action(
        name="GetAccessKeyInfo",
        api=Api.STS,
        arguments=(needed(text("AccessKeyId", rules.ACCESS_KEY_ID)),),
        handler=_access_key_info,
    ),
    Action(
        name="DecodeAuthorizationMessage",
        api=Api.STS,
        arguments=(needed(text("EncodedMessage", rules.ENCODED_MESSAGE)),),
        handler=_decode,
    ),
)
