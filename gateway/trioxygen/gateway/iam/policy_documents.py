"""Whether policies that are stored can be read, and are no longer than they may be.

Source: IAM user guide, "IAM and AWS STS quotas": characters but white space."""

from typing import Final

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.common.iam_limits import POLICY_MAX, TRUST_POLICY_MAX
from trioxygen.gateway.access.policy import principals as policy_principals
from trioxygen.gateway.access.policy.faults import PolicyFault
from trioxygen.gateway.access.policy.identity_policy import (
    read_identity_policy,
    read_session_policy,
)
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.trust_policy import read_trust_policy
from trioxygen.gateway.access.policy.verdict import Policy
from trioxygen.gateway.iam.action import Call
from trioxygen.gateway.iam.errors import IamError, malformed_policy
from trioxygen.gateway.store.values.iam import PrincipalKind

_KINDS: Final = {
    policy_principals.PrincipalKind.USER: PrincipalKind.USER,
    policy_principals.PrincipalKind.ROLE: PrincipalKind.ROLE,
}


def size_of(document: str) -> int:
    return sum(not character.isspace() for character in document)


def read_identity(document: str) -> Policy:
    """Raises: IamError MalformedPolicyDocument."""
    try:
        return read_identity_policy(document)
    except PolicyFault as fault:
        raise malformed_policy(str(fault)) from None


def read_session(document: str) -> Policy:
    """Of one that a session is limited by. Raises: IamError MalformedPolicyDocument."""
    try:
        return read_session_policy(document)
    except PolicyFault as fault:
        raise malformed_policy(str(fault)) from None


def read_trust(document: str) -> CompiledPolicy:
    """Of whom a role trusts. Raises: IamError MalformedPolicyDocument."""
    try:
        return read_trust_policy(document)
    except PolicyFault as fault:
        raise malformed_policy(str(fault)) from None


def check_managed(document: str) -> None:
    """Raises: MalformedPolicyDocument, LimitExceeded."""
    read_identity(document)
    if size_of(document) > POLICY_MAX:
        raise IamError("LimitExceeded", f"Cannot exceed quota for PolicySize: {POLICY_MAX}")


async def check_trust(call: Call, document: str) -> None:
    """Raises: MalformedPolicyDocument, also where it names a user or a role that is not there;
    LimitExceeded."""
    policy = read_trust(document)
    if size_of(document) > TRUST_POLICY_MAX:
        quota = f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_MAX}"
        raise IamError("LimitExceeded", quota)
    for principal in sorted(policy.named_principals, key=lambda named: named.value):
        kind = _KINDS.get(principal.kind)
        if kind is not None and not await _is_there(call, kind, principal.value):
            raise malformed_policy(f'Invalid principal in policy: "AWS":"{principal.value}"')


async def _is_there(call: Call, kind: PrincipalKind, arn: str) -> bool:
    account_id, _, resource = arn.partition(":iam::")[2].partition(":")
    name = resource.rpartition("/")[2]
    try:
        principal = await call.services.iam.principals.lookup(account_id, kind, name)
    except NoSuchEntity:
        return False
    return principal.arn == arn
