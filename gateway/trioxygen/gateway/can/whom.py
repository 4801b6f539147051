"""Whom `o3 can` asks for: an account, a user, a role or nobody, with the policies that it has."""

import re
from collections.abc import AsyncIterator, Iterable
from typing import Final, NamedTuple

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.access.caller import ANONYMOUS, NO_SECOND_FACTOR, Caller
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.identities import caller_of, permissions_of
from trioxygen.gateway.store.iam_port import Iam
from trioxygen.gateway.store.values.accounts import Account, Identity, IdentityKind, PolicyText
from trioxygen.gateway.store.values.iam import Principal, PrincipalKind

NOBODY: Final = "ANONYMOUS"
SESSION_NAME: Final = "o3-can"

_ARN: Final = re.compile(r"arn:aws:iam::([^:/]+):(root|user/(?:.*/)?[^/]+|role/(?:.*/)?[^/]+)")
_SESSION_ARN: Final = re.compile(r"arn:aws:sts::([^:/]+):assumed-role/([^/]+)/([^/]+)")
_NAME: Final = re.compile(r"([^:/]+)(?:/(?:(user|role)/)?([^/]+))?")


class Whom(NamedTuple):
    """kind: None: root of the account. session: of a role. resource: what the ARN that was given
    says behind the account, path and all; "": it was no ARN of a user or a role."""

    account_id: str
    kind: PrincipalKind | None = None
    name: str = ""
    session: str = SESSION_NAME
    resource: str = ""


def parse_whom(text: str) -> Whom | None:
    """Of an ARN, also that of a session, `ACCOUNT`, `ACCOUNT/NAME` (a user), `ACCOUNT/user/NAME`,
    `ACCOUNT/role/NAME`.

    None: nobody. Raises InvalidRequest."""
    if text.upper() == NOBODY:
        return None
    match = _ARN.fullmatch(text)
    if match is not None:
        account_id, rest = match.groups()
        if rest == "root":
            return Whom(account_id)
        kind = PrincipalKind(rest.partition("/")[0])
        return Whom(account_id, kind, rest.rpartition("/")[2], resource=rest)
    match = _SESSION_ARN.fullmatch(text)
    if match is not None:
        account_id, role, session = match.groups()
        return Whom(account_id, PrincipalKind.ROLE, role, session)
    match = _NAME.fullmatch(text)
    if match is None:
        raise InvalidRequest(
            "give an ARN, ACCOUNT, ACCOUNT/USER, ACCOUNT/role/ROLE, or ANONYMOUS", who=text
        )
    account_id, kind_name, name = match.groups()
    if name is None:
        return Whom(account_id)
    return Whom(account_id, PrincipalKind(kind_name or "user"), name)


async def caller_with_policies(
    iam: Iam, whom: Whom | None, *, home: str
) -> tuple[Caller, Permissions]:
    """As a request of it would bring them; of a role, a session without policies of its own.

    Args: home: id of the account whose user is meant by what is the id of no account; "": none.
    Raises: NoSuchEntity; Corrupt: a policy cannot be read."""
    if whom is None:
        return ANONYMOUS, NO_PERMISSIONS
    details = await iam.directory.find(account_id=whom.account_id)
    if details is None and home and whom.kind is None:
        whom = Whom(home, PrincipalKind.USER, whom.account_id)
        details = await iam.directory.find(account_id=home)
    if details is None and not home and whom.kind is None:
        raise NoSuchEntity(
            "there is no such account, and no bucket tells whose user it would be: give"
            " ACCOUNT/USER",
            kind="account",
            name=whom.account_id,
        )
    if details is None:
        raise NoSuchEntity(kind="account", name=whom.account_id)
    account = Account(details.account_id, details.canonical_id, details.display_name)
    if whom.kind is None:
        return caller_of(account, Identity()), NO_PERMISSIONS
    principal = await iam.principals.lookup(account.account_id, whom.kind, whom.name)
    if whom.resource and principal.arn.rpartition(":")[2] != whom.resource:
        raise NoSuchEntity(kind=whom.kind.value, name=whom.resource)
    identity = await _identity_of(iam, principal, whom.session)
    return caller_of(account, identity), permissions_of(identity, read_identity_policy)


async def _identity_of(iam: Iam, principal: Principal, session_name: str) -> Identity:
    policies = [each async for each in _policies(iam, principal)]
    boundary = None
    if principal.boundary:
        [boundary] = [each async for each in _managed(iam, principal, (principal.boundary,))]
    if principal.kind is PrincipalKind.USER:
        return Identity(
            kind=IdentityKind.USER,
            arn=principal.arn,
            user_id=principal.unique_id,
            name=principal.name,
            tags=principal.tags,
            policies=policies,
            boundary=boundary,
        )
    session = f"{principal.name}/{session_name}"
    return Identity(
        kind=IdentityKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{principal.account_id}:assumed-role/{session}",
        user_id=f"{principal.unique_id}:{session_name}",
        role_arn=principal.arn,
        tags=principal.tags,
        context=(NO_SECOND_FACTOR,),
        policies=policies,
        boundary=boundary,
    )


async def _policies(iam: Iam, principal: Principal) -> AsyncIterator[PolicyText]:
    """Of a user, its groups' too."""
    owners = [principal]
    for group in principal.groups:
        owners.append(await iam.principals.lookup(principal.account_id, PrincipalKind.GROUP, group))
    for owner in owners:
        for name, document in owner.inline.items():
            yield PolicyText(f"{owner.kind.value}/{owner.name} inline {name}", document)
        async for text in _managed(iam, owner, owner.attached):
            yield text


async def _managed(
    iam: Iam, principal: Principal, arns: Iterable[str]
) -> AsyncIterator[PolicyText]:
    for arn in arns:
        policy = await iam.policies.lookup(principal.account_id, arn)
        [document] = [
            version.document
            for version in policy.versions
            if version.number == policy.default_version
        ]
        yield PolicyText(arn, document)
