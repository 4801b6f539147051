"""Who signed, as decisions see it: made of what the store says of an access key's identity."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from trioxygen.common.errors import Corrupt
from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.faults import PolicyFault
from trioxygen.gateway.access.policy.verdict import Policy
from trioxygen.gateway.store.values.accounts import (
    Account,
    Identity,
    IdentityKind,
    PolicyText,
)

# Raises PolicyFault: it is no policy.
ReadPolicy = Callable[[str], Policy]

_KINDS: Final = {
    IdentityKind.ROOT: CallerKind.ROOT,
    IdentityKind.USER: CallerKind.USER,
    IdentityKind.ROLE_SESSION: CallerKind.ROLE_SESSION,
}


def caller_of(account: Account, identity: Identity) -> Caller:
    account_id = account.account_id
    return Caller(
        kind=_KINDS[identity.kind],
        account_id=account_id,
        canonical_id=account.canonical_id,
        arn=identity.arn or f"arn:aws:iam::{account_id}:root",
        user_id=identity.user_id or account_id,
        name=identity.name,
        role_arn=identity.role_arn,
        tags=MappingProxyType(dict(identity.tags)),
        context=MappingProxyType(dict(identity.context)),
    )


def permissions_of(identity: Identity, read_policy: ReadPolicy) -> Permissions:
    """Raises Corrupt: a policy cannot be read, and might deny."""

    def read(text: PolicyText) -> tuple[str, Policy]:
        try:
            return text.source, read_policy(text.document)
        except PolicyFault as error:
            raise Corrupt("a policy of an identity", source=text.source) from error

    session = identity.session_policies
    if not identity.policies and identity.boundary is None and session is None:
        return NO_PERMISSIONS
    return Permissions(
        policies=tuple(read(each) for each in identity.policies),
        boundary=None if identity.boundary is None else read(identity.boundary),
        session=None if session is None else tuple(read(each) for each in session),
    )
