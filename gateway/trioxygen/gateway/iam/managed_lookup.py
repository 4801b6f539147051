"""The managed policy that a request names."""

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.common.managed_policies import BUILT_IN_POLICIES, OWNER
from trioxygen.gateway.iam.action import Call, Subject
from trioxygen.gateway.iam.errors import IamError, no_such_entity
from trioxygen.gateway.store.values.iam import IamPage, ManagedPolicy


async def lookup_policy(call: Call, *, is_changed: bool = False) -> ManagedPolicy:
    """Args: is_changed: the caller wants it otherwise.

    Raises: NoSuchEntity; AccessDenied, of a change of what all accounts have."""
    arn = call.arguments.text("PolicyArn")
    try:
        policy = await call.services.iam.policies.lookup(call.account_id, arn)
    except NoSuchEntity:
        raise no_such_entity(f"Policy {arn} was not found.") from None
    if is_changed and policy.account_id == OWNER:
        raise IamError("AccessDenied", f"The policy {arn} is managed by AWS and stays as it is.")
    return policy


async def subject_policy(call: Call) -> Subject:
    arn = call.arguments.text("PolicyArn")
    try:
        policy = await call.services.iam.policies.lookup(call.account_id, arn)
    except NoSuchEntity:
        return Subject(arn)
    return Subject(arn, policy.tags)


async def built_in_policies(
    call: Call, *, path_prefix: str, after: str, count_max: int
) -> IamPage[ManagedPolicy]:
    """Those of all accounts, as the caller's account has them attached."""
    rows = [
        await call.services.iam.policies.lookup(call.account_id, arn)
        for arn, policy in sorted(BUILT_IN_POLICIES.items())
        if policy.name > after
    ]
    wanted = [row for row in rows if row.path.startswith(path_prefix)]
    return IamPage(wanted[:count_max], len(wanted) > count_max)
