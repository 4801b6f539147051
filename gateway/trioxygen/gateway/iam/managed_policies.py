"""Managed policies: made, listed, deleted, and who has them. Versions: `policy_versions`.

Source: IAM API reference."""

from collections.abc import Mapping
from typing import Final

from trioxygen.common.iam_errors import EntityAlreadyExists
from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call, Subject
from trioxygen.gateway.iam.arguments import TAGS, flag, needed, text
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.managed_lookup import built_in_policies, lookup_policy, subject_policy
from trioxygen.gateway.iam.policy_documents import check_managed
from trioxygen.gateway.iam.principals import subject_listed
from trioxygen.gateway.iam.shown import Fields, policy_shown
from trioxygen.gateway.store.values.iam import (
    Attachment,
    IamPage,
    ManagedPolicy,
    PolicyVersion,
    PrincipalKind,
)

_PATH: Final = text("Path", rules.POLICY_PATH)
_PATH_PREFIX: Final = text("PathPrefix", rules.POLICY_PATH)
_USAGE: Final = text("PolicyUsageFilter", rules.choice("PermissionsPolicy", "PermissionsBoundary"))
_SCOPE: Final = text("Scope", rules.choice("All", "AWS", "Local"))
_ENTITY: Final = text(
    "EntityFilter",
    rules.choice("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"),
)
# Their names begin a marker, so that the account's come first.
_SCOPE_ACCOUNTS: Final = {"Local": (False,), "AWS": (True,), "All": (False, True)}
_BUILT_IN_MARK: Final = "aws:"


async def _create(call: Call) -> Fields:
    wanted = call.arguments
    name, document = wanted.text("PolicyName"), wanted.text("PolicyDocument")
    check_managed(document)
    policy = ManagedPolicy(
        account_id=call.account_id,
        name=name,
        path=wanted.maybe("Path", "/"),
        description=wanted.maybe("Description"),
        versions=(PolicyVersion(1, document, 0),),
        tags=wanted.tags(),
    )
    try:
        policy = await call.services.iam.policies.create(policy)
    except EntityAlreadyExists:
        raise IamError(
            "EntityAlreadyExists",
            f"A policy called {name} already exists. Duplicate names are not allowed.",
        ) from None
    return {"Policy": policy_shown(policy)}


async def _made(call: Call) -> Subject:
    policy = ManagedPolicy(
        account_id=call.account_id,
        name=call.arguments.text("PolicyName"),
        path=call.arguments.maybe("Path", "/"),
    )
    return Subject(policy.arn)


async def _get(call: Call) -> Fields:
    return {"Policy": policy_shown(await lookup_policy(call))}


async def _delete(call: Call) -> None:
    policy = await lookup_policy(call, is_changed=True)
    if policy.attachment_count or policy.boundary_count:
        raise IamError("DeleteConflict", "Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise IamError(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete"
            " the policy's versions. The default version is deleted with the policy.",
        )
    await call.services.iam.policies.delete(call.account_id, policy.arn)


async def _list(call: Call) -> Mapping[str, Value]:
    """The account's own, then those that all accounts have."""
    after, at_most = pages.marker(call), pages.count_max(call)
    rows: list[ManagedPolicy] = []
    is_truncated, last = False, ""
    for is_built_in in _SCOPE_ACCOUNTS[call.arguments.maybe("Scope", "All")]:
        if after.startswith(_BUILT_IN_MARK) and not is_built_in:
            continue
        behind = after.removeprefix(_BUILT_IN_MARK) if _is_in(after, is_built_in) else ""
        if len(rows) == at_most:
            # Whether there is a next page at all is seen by who asks for it.
            is_truncated = True
            break
        page = await _page(call, is_built_in, behind, at_most - len(rows))
        rows += page.rows
        is_truncated = page.is_truncated
        if page.rows:
            last = (_BUILT_IN_MARK if is_built_in else "") + page.rows[-1].name
        if is_truncated:
            break
    shown: list[Value] = [policy_shown(row, is_whole=False) for row in rows if _is_asked(call, row)]
    return {"Policies": shown, **pages.truncation(is_truncated=is_truncated, last=last)}


def _is_in(after: str, is_built_in: bool) -> bool:
    return after.startswith(_BUILT_IN_MARK) is is_built_in


async def _page(
    call: Call, is_built_in: bool, after: str, count_max: int
) -> IamPage[ManagedPolicy]:
    prefix = call.arguments.maybe("PathPrefix", "/")
    if is_built_in:
        return await built_in_policies(call, path_prefix=prefix, after=after, count_max=count_max)
    return await call.services.iam.policies.list(
        call.account_id, path_prefix=prefix, after=after, count_max=count_max
    )


def _is_asked(call: Call, policy: ManagedPolicy) -> bool:
    usage = call.arguments.maybe("PolicyUsageFilter")
    if usage:
        return bool(
            policy.boundary_count if usage == "PermissionsBoundary" else policy.attachment_count
        )
    if call.arguments.flag("OnlyAttached"):
        return bool(policy.attachment_count)
    return True


async def _list_entities(call: Call) -> Mapping[str, Value]:
    policy = await lookup_policy(call)
    page = await call.services.iam.policies.attachments(
        call.account_id, policy.arn, after=pages.marker(call), count_max=pages.count_max(call)
    )
    shown: dict[PrincipalKind, list[Value]] = {kind: [] for kind in PrincipalKind}
    for attachment in page.rows:
        if _is_wanted(call, attachment):
            principal = attachment.principal
            noun = principal.kind.value.capitalize()
            shown[principal.kind].append(
                {f"{noun}Name": principal.name, f"{noun}Id": principal.unique_id}
            )
    last = _attachment_marker(page.rows[-1]) if page.rows else ""
    return {
        "PolicyGroups": shown[PrincipalKind.GROUP],
        "PolicyUsers": shown[PrincipalKind.USER],
        "PolicyRoles": shown[PrincipalKind.ROLE],
        **pages.truncation(is_truncated=page.is_truncated, last=last),
    }


def _attachment_marker(attachment: Attachment) -> str:
    """As the store takes it."""
    principal = attachment.principal
    return f"{principal.kind.value}/{principal.name}{'/boundary' if attachment.is_boundary else ''}"


def _is_wanted(call: Call, attachment: Attachment) -> bool:
    entity, usage = call.arguments.maybe("EntityFilter"), call.arguments.maybe("PolicyUsageFilter")
    principal = attachment.principal
    return (
        (not entity or entity.lower() == principal.kind.value)
        and (not usage or attachment.is_boundary == (usage == "PermissionsBoundary"))
        and principal.path.startswith(call.arguments.maybe("PathPrefix", "/"))
    )


ROWS: Final = (
    Action(
        name="CreatePolicy",
        arguments=(
            needed(text("PolicyName", rules.NAME_128)),
            _PATH,
            needed(text("PolicyDocument", rules.DOCUMENT)),
            text("Description", rules.POLICY_DESCRIPTION),
            TAGS,
        ),
        subject=_made,
        handler=_create,
    ),
    Action(
        name="GetPolicy",
        arguments=(arguments.POLICY_ARN,),
        subject=subject_policy,
        handler=_get,
    ),
    Action(
        name="DeletePolicy",
        arguments=(arguments.POLICY_ARN,),
        subject=subject_policy,
        handler=_delete,
    ),
    Action(
        name="ListPolicies",
        arguments=(_SCOPE, flag("OnlyAttached"), _PATH_PREFIX, _USAGE, *arguments.PAGE),
        subject=subject_listed("policy"),
        handler=_list,
    ),
    Action(
        name="ListEntitiesForPolicy",
        arguments=(
            arguments.POLICY_ARN,
            _ENTITY,
            text("PathPrefix", rules.PATH_PREFIX),
            _USAGE,
            *arguments.PAGE,
        ),
        subject=subject_policy,
        handler=_list_entities,
    ),
)
