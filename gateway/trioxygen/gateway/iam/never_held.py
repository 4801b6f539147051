"""What users, roles and accounts have on AWS and nobody has here: whoever asks is told that there
is none, for tools look for it before they delete a user or a role, and stop at NotImplemented.

What would make one is in `absent`. Sources: IAM API reference; IAM user guide, "Remove or
deactivate an IAM user", "Delete roles or instance profiles"."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import Argument, flag, text
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.errors import no_such_entity
from trioxygen.gateway.iam.principals import (
    ROLE,
    USER,
    lookup,
    own_user,
    subject_listed,
    subject_of,
    subject_own_or_named,
)

_Handler = Callable[[Call], Awaitable[Mapping[str, Value]]]
_USER: Final = text("UserName", rules.NAME_128)


def _none(name: str) -> Mapping[str, Value]:
    return {name: [], **pages.truncation(is_truncated=False, last="")}


def _of_account(name: str) -> _Handler:
    async def list_(call: Call) -> Mapping[str, Value]:
        return _none(name)

    return list_


def _of_user(name: str) -> _Handler:
    async def list_(call: Call) -> Mapping[str, Value]:
        await _user_name(call)
        return _none(name)

    return list_


async def _user_name(call: Call) -> str:
    """Raises: NoSuchEntity; ValidationError, of who is no user and names none."""
    if "UserName" in call.arguments:
        return (await lookup(call, USER)).name
    return own_user(call) or call.signer.account.display_name


async def _saml_providers(call: Call) -> Mapping[str, Value]:
    return {"SAMLProviderList": []}


async def _profiles_of_role(call: Call) -> Mapping[str, Value]:
    await lookup(call, ROLE)
    return _none("InstanceProfiles")


async def _login_profile(call: Call) -> None:
    name = await _user_name(call)
    raise no_such_entity(f"Login Profile for User {name} cannot be found.")


async def _password_policy(call: Call) -> None:
    raise no_such_entity(f"The Password Policy with domain name {call.account_id} cannot be found.")


def _list_of_user(action: str, shown: str, *more: Argument) -> Action:
    return Action(
        name=action,
        arguments=(_USER, *more, *arguments.PAGE),
        subject=subject_own_or_named,
        handler=_of_user(shown),
    )


ROWS: Final = (
    _list_of_user("ListMFADevices", "MFADevices"),
    _list_of_user("ListSSHPublicKeys", "SSHPublicKeys"),
    _list_of_user("ListSigningCertificates", "Certificates"),
    _list_of_user(
        "ListServiceSpecificCredentials",
        "ServiceSpecificCredentials",
        text("ServiceName", rules.RESOURCE_NAME),
        flag("AllUsers"),
    ),
    Action(
        name="ListVirtualMFADevices",
        arguments=(
            text("AssignmentStatus", rules.choice("Assigned", "Unassigned", "Any")),
            *arguments.PAGE,
        ),
        handler=_of_account("VirtualMFADevices"),
    ),
    Action(
        name="ListInstanceProfilesForRole",
        arguments=(ROLE.argument, *arguments.PAGE),
        subject=subject_of(ROLE),
        handler=_profiles_of_role,
    ),
    Action(
        name="ListInstanceProfiles",
        arguments=(arguments.PATH_PREFIX, *arguments.PAGE),
        subject=subject_listed("instance-profile"),
        handler=_of_account("InstanceProfiles"),
    ),
    Action(
        name="ListServerCertificates",
        arguments=(arguments.PATH_PREFIX, *arguments.PAGE),
        subject=subject_listed("server-certificate"),
        handler=_of_account("ServerCertificateMetadataList"),
    ),
    Action(name="ListSAMLProviders", handler=_saml_providers),
    Action(
        name="GetLoginProfile",
        arguments=(_USER,),
        subject=subject_own_or_named,
        handler=_login_profile,
    ),
    Action(
        name="DeleteLoginProfile",
        arguments=(_USER,),
        subject=subject_own_or_named,
        handler=_login_profile,
    ),
    Action(name="GetAccountPasswordPolicy", handler=_password_policy),
)
