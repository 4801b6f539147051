"""All policies that say what a user, a group or a role may, as texts: what a simulation asks."""

from collections.abc import Iterator

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.iam.action import Call
from trioxygen.gateway.iam.errors import IamError, no_such_entity
from trioxygen.gateway.store.values.iam import ManagedPolicy, Principal, PrincipalKind

# (where it stands, document)
Texts = list[tuple[str, str]]


async def principal_of(call: Call, arn: str) -> Principal:
    """Of the caller's account. Raises: NoSuchEntity, InvalidInput: no ARN of a principal."""
    start = f"arn:aws:iam::{call.account_id}:"
    noun, _, path = arn.removeprefix(start).partition("/")
    kind = next((kind for kind in PrincipalKind if kind.value == noun), None)
    if not arn.startswith(start) or kind is None:
        raise IamError("InvalidInput", f"Invalid Entity Arn: {arn} does not name a principal.")
    try:
        return await call.services.iam.principals.lookup(
            call.account_id, kind, path.rpartition("/")[2]
        )
    except NoSuchEntity:
        raise no_such_entity(f"The {noun} with ARN {arn} cannot be found.") from None


async def policies_of(call: Call, principal: Principal) -> Texts:
    """Its own, those attached, and its groups'."""
    texts = await _own(call, principal)
    for name in principal.groups:
        try:
            group = await call.services.iam.principals.lookup(
                call.account_id, PrincipalKind.GROUP, name
            )
        except NoSuchEntity:
            # It went since the user was read.
            continue
        texts += await _own(call, group)
    return texts


async def _own(call: Call, principal: Principal) -> Texts:
    texts = list(_inline(principal))
    for arn in principal.attached:
        texts.append((arn, await document_of(call, arn)))
    return texts


def _inline(principal: Principal) -> Iterator[tuple[str, str]]:
    for name, document in principal.inline.items():
        yield f"{principal.kind.value}_{principal.name}_{name}", document


async def document_of(call: Call, arn: str) -> str:
    """Of the default version."""
    policy: ManagedPolicy = await call.services.iam.policies.lookup(call.account_id, arn)
    return next(
        version.document for version in policy.versions if version.number == policy.default_version
    )
