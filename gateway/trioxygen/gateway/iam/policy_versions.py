"""Versions of managed policies. Source: IAM user guide, "Versioning IAM policies"."""

from collections.abc import Mapping
from typing import Final

from trioxygen.common.iam_errors import LimitExceeded
from trioxygen.common.iam_limits import VERSIONS_PER_POLICY_MAX
from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import flag, needed, text
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.errors import IamError, no_such_entity
from trioxygen.gateway.iam.managed_lookup import lookup_policy, subject_policy
from trioxygen.gateway.iam.policy_documents import check_managed
from trioxygen.gateway.iam.shown import Fields, version_id, version_shown
from trioxygen.gateway.store.values.iam import ManagedPolicy, PolicyVersion

_VERSION: Final = needed(text("VersionId", rules.VERSION_ID))


def _version(call: Call, policy: ManagedPolicy) -> PolicyVersion:
    """Raises: NoSuchEntity."""
    asked = call.arguments.text("VersionId")
    for version in policy.versions:
        if version_id(version.number) == asked:
            return version
    raise no_such_entity(
        f"Policy {policy.arn} version {asked} does not exist or is not attachable."
    )


async def _create(call: Call) -> Fields:
    policy = await lookup_policy(call, is_changed=True)
    document, is_default = (
        call.arguments.text("PolicyDocument"),
        call.arguments.flag("SetAsDefault"),
    )
    check_managed(document)
    if len(policy.versions) >= VERSIONS_PER_POLICY_MAX:
        raise _too_many()
    try:
        changed = await call.services.iam.policies.add_version(
            call.account_id, policy.arn, document, is_default=is_default
        )
    except LimitExceeded:
        raise _too_many() from None
    shown = version_shown(changed.versions[-1], changed.default_version, has_document=False)
    return {"PolicyVersion": shown}


def _too_many() -> IamError:
    return IamError(
        "LimitExceeded",
        f"A managed policy can have up to {VERSIONS_PER_POLICY_MAX} versions. Before you create a"
        " new version, you must delete an existing version.",
    )


async def _get(call: Call) -> Fields:
    policy = await lookup_policy(call)
    return {"PolicyVersion": version_shown(_version(call, policy), policy.default_version)}


async def _list(call: Call) -> Mapping[str, Value]:
    """Newest first, as IAM has it."""
    policy = await lookup_policy(call)
    after = pages.marker(call)
    ids = [version_id(version.number) for version in policy.versions]
    rows = list(policy.versions[: ids.index(after)] if after in ids else policy.versions)[::-1]
    page = rows[: pages.count_max(call)]
    shown: list[Value] = [
        version_shown(version, policy.default_version, has_document=False) for version in page
    ]
    last = version_id(page[-1].number) if page else after
    return {
        "Versions": shown,
        **pages.truncation(is_truncated=len(rows) > len(page), last=last),
    }


async def _delete(call: Call) -> None:
    policy = await lookup_policy(call, is_changed=True)
    version = _version(call, policy)
    if version.number == policy.default_version:
        raise IamError("DeleteConflict", "Cannot delete the default version of a policy.")
    await call.services.iam.policies.delete_version(call.account_id, policy.arn, version.number)


async def _set_default(call: Call) -> None:
    policy = await lookup_policy(call, is_changed=True)
    version = _version(call, policy)
    await call.services.iam.policies.set_default_version(
        call.account_id, policy.arn, version.number
    )


ROWS: Final = (
    Action(
        name="CreatePolicyVersion",
        arguments=(
            arguments.POLICY_ARN,
            needed(text("PolicyDocument", rules.DOCUMENT)),
            flag("SetAsDefault"),
        ),
        subject=subject_policy,
        handler=_create,
    ),
    Action(
        name="GetPolicyVersion",
        arguments=(arguments.POLICY_ARN, _VERSION),
        subject=subject_policy,
        handler=_get,
    ),
    Action(
        name="ListPolicyVersions",
        arguments=(arguments.POLICY_ARN, *arguments.PAGE),
        subject=subject_policy,
        handler=_list,
    ),
    Action(
        name="DeletePolicyVersion",
        arguments=(arguments.POLICY_ARN, _VERSION),
        subject=subject_policy,
        handler=_delete,
    ),
    Action(
        name="SetDefaultPolicyVersion",
        arguments=(arguments.POLICY_ARN, _VERSION),
        subject=subject_policy,
        handler=_set_default,
    ),
)
