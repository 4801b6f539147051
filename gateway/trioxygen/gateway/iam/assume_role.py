"""AssumeRole. Source: STS API reference; IAM user guide, "Role chaining"."""

from typing import Final

from trioxygen.gateway.access.caller import NO_SECOND_FACTOR, CallerKind
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.iam import arguments, rules
from trioxygen.gateway.iam.action import Action, Api, Call, Decides, Subject
from trioxygen.gateway.iam.arguments import needed, number, text, texts
from trioxygen.gateway.iam.document import date_text
from trioxygen.gateway.iam.errors import IamError, validation_error
from trioxygen.gateway.iam.session_policies import (
    POLICY,
    POLICY_ARNS,
    SessionPolicies,
    read_session_policies,
)
from trioxygen.gateway.iam.shown import Fields
from trioxygen.gateway.iam.trust import (
    actions_asked,
    check_trusted,
    keys_of,
    lookup_role,
    no_such_role,
    root_assumes,
)
from trioxygen.gateway.store.values.iam import NewSession, Principal, SessionCredentials, Tags

_ACTION: Final = "sts:AssumeRole"
_SOURCE: Final = "aws:sourceidentity"
_SOURCE_ASKED: Final = "sts:sourceidentity"
_SECONDS_DEFAULT: Final = 3_600
_CHAINED_SECONDS_MAX: Final = 3_600
ROLE_ARN: Final = needed(text("RoleArn", rules.ARN))
SESSION_NAME: Final = needed(text("RoleSessionName", rules.SESSION_NAME))
DURATION: Final = number("DurationSeconds", 900, 43_200)
SIZE_MIN: Final = number("MinimumSessionTokenSize", 0, 4_096)


async def _assume(call: Call) -> Fields:
    caller, wanted = call.signer.caller, call.arguments
    if caller.kind is CallerKind.ROOT:
        raise root_assumes(call, caller, _ACTION)
    _refuse_mfa(call)
    tags = wanted.tags()
    _check_transitive(wanted.texts("TransitiveTagKeys"), tags)
    role = await lookup_role(call)
    if role is None:
        raise no_such_role(call, caller, _ACTION)
    source = _source(call)
    context = keys_of(call, caller, role, tags, {_SOURCE_ASKED: (source,)} if source else {})
    for action in actions_asked(_ACTION, tags, source):
        question = Question(action, role.arn, caller, context)
        check_trusted(call, question, role, call.signer.permissions)
    seconds = _seconds(call, role)
    policies = await read_session_policies(call, role.account_id, tags)
    credentials = await mint(
        call,
        role,
        seconds=seconds,
        policies=policies,
        tags=tags,
        context=((_SOURCE, source),) if source else (),
    )
    return {
        **session_shown(call, role, credentials, policies),
        "SourceIdentity": source or None,
    }


def _source(call: Call) -> str:
    """Once set it is of all sessions that come of that one, and stays what it is; "": none.

    Source: IAM user guide, "Monitor and control actions taken with assumed roles".
    Raises: AccessDenied."""
    held = call.signer.caller.context.get(_SOURCE, "")
    asked = call.arguments.maybe("SourceIdentity")
    if held and asked and asked != held:
        raise IamError("AccessDenied", "The source identity of the session cannot be changed.")
    return held or asked


def _refuse_mfa(call: Call) -> None:
    refuse_mfa("SerialNumber" in call.arguments or "TokenCode" in call.arguments)


def refuse_mfa(is_sent: bool) -> None:
    """There are no devices. Raises: AccessDenied."""
    if is_sent:
        raise IamError(
            "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code."
        )


def _check_transitive(keys: list[str], tags: Tags) -> None:
    """Raises: ValidationError."""
    sent = {key.lower() for key, _ in tags}
    if any(key.lower() not in sent for key in keys):
        raise validation_error("The specified transitive tag key must be included in the tags.")


def _seconds(call: Call, role: Principal) -> int:
    """Raises: ValidationError."""
    seconds = role_seconds(call, role)
    is_chained = call.signer.caller.kind is CallerKind.ROLE_SESSION
    if is_chained and seconds > _CHAINED_SECONDS_MAX:
        raise validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
            " role chaining"
        )
    return seconds


def role_seconds(call: Call, role: Principal) -> int:
    """Raises: ValidationError."""
    seconds = call.arguments.number("DurationSeconds", _SECONDS_DEFAULT)
    if seconds > role.session_seconds_max:
        raise validation_error(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return seconds


def of_every_session(call: Call) -> tuple[tuple[str, str], ...]:
    """Condition keys that temporary credentials have, and those that stay have not.

    Source: IAM user guide, "AWS global condition context keys"; of the first, "Revoke IAM role
    temporary security credentials"."""
    return (
        ("aws:tokenissuetime", date_text(call.services.clock.wall_ms())),
        NO_SECOND_FACTOR,
    )


async def mint(
    call: Call,
    role: Principal,
    *,
    seconds: int,
    policies: SessionPolicies,
    tags: Tags,
    context: tuple[tuple[str, str], ...],
) -> SessionCredentials:
    return await call.services.iam.sessions.mint(
        NewSession(
            account_id=role.account_id,
            role=role.name,
            session_name=call.arguments.text("RoleSessionName"),
            lasts_seconds=seconds,
            policies=policies.documents,
            policy_arns=policies.arns,
            tags=tags,
            context=(*of_every_session(call), *context),
        )
    )


def credentials_shown(credentials: SessionCredentials) -> Fields:
    return {
        "AccessKeyId": credentials.access_key,
        "SecretAccessKey": credentials.secret_key,
        "SessionToken": credentials.session_token,
        "Expiration": date_text(credentials.expires_ms),
    }


def session_shown(
    call: Call, role: Principal, credentials: SessionCredentials, policies: SessionPolicies
) -> Fields:
    name = call.arguments.text("RoleSessionName")
    return {
        "Credentials": credentials_shown(credentials),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role.unique_id}:{name}",
            "Arn": f"arn:aws:sts::{role.account_id}:assumed-role/{role.name}/{name}",
        },
        "PackedPolicySize": policies.packed_percent,
    }


async def subject_role(call: Call) -> Subject:
    return Subject(call.arguments.text("RoleArn"))


ROWS: Final = (
    Action(
        name="AssumeRole",
        api=Api.STS,
        arguments=(
            ROLE_ARN,
            SESSION_NAME,
            POLICY_ARNS,
            POLICY,
            DURATION,
            arguments.TAGS,
            texts("TransitiveTagKeys", rules.TAG_KEY, 50),
            text("ExternalId", rules.EXTERNAL_ID),
            text("SerialNumber", rules.SERIAL_NUMBER),
            text("TokenCode", rules.TOKEN_CODE),
            text("SourceIdentity", rules.SOURCE_IDENTITY),
            SIZE_MIN,
        ),
        subject=subject_role,
        decides=Decides.HANDLER,
        for_sessions=True,
        handler=_assume,
    ),
)
