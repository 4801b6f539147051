"""GetAccountAuthorizationDetails: everything that says who may do what. Source: IAM API
reference."""

from collections.abc import Mapping
from typing import Final

from trioxygen.gateway.iam import pages, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import PAGE, texts
from trioxygen.gateway.iam.document import Value, policy_text
from trioxygen.gateway.iam.errors import validation_error
from trioxygen.gateway.iam.managed_lookup import built_in_policies
from trioxygen.gateway.iam.shown import (
    Fields,
    attached_shown,
    boundary_shown,
    group_shown,
    last_use_shown,
    policy_shown,
    role_shown,
    tags_shown,
    user_shown,
    version_shown,
)
from trioxygen.gateway.store.values.iam import ManagedPolicy, Principal, PrincipalKind

_FILTERS: Final = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")
_LISTS: Final = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}
_KINDS: Final = {
    "User": PrincipalKind.USER,
    "Group": PrincipalKind.GROUP,
    "Role": PrincipalKind.ROLE,
}


async def _details(call: Call) -> Mapping[str, Value]:
    """A marker says in which list a page ended, and behind which name."""
    wanted = call.arguments.texts("Filter") or list(_FILTERS)
    begin, after = _position(pages.marker(call))
    left = pages.count_max(call)
    lists: dict[str, list[Value]] = {name: [] for name in _LISTS.values()}
    for place, entity in enumerate(_FILTERS):
        if entity not in wanted or place < begin:
            continue
        behind = after if place == begin else ""
        if not left:
            return {**lists, **pages.truncation(is_truncated=True, last=f"{place}:{behind}")}
        rows, is_truncated, last = await _page(call, entity, behind, left)
        lists[_LISTS[entity]] += rows
        left -= len(rows)
        if is_truncated:
            return {**lists, **pages.truncation(is_truncated=True, last=f"{place}:{last}")}
    return {**lists, "IsTruncated": False}


def _position(marker: str) -> tuple[int, str]:
    """(place of a list, the name behind which it goes on). Raises: ValidationError."""
    place, _, after = marker.partition(":")
    if not marker:
        return 0, ""
    if not (len(place) == 1 and place.isascii() and place.isdigit()):
        raise validation_error("Invalid Marker.")
    return int(place), after


async def _page(
    call: Call, entity: str, after: str, count_max: int
) -> tuple[list[Value], bool, str]:
    """(rows, whether there are more, name of the last)."""
    iam, kind = call.services.iam, _KINDS.get(entity)
    if kind is not None:
        page = await iam.principals.list(
            call.account_id, kind, path_prefix="/", after=after, count_max=count_max
        )
        last = page.rows[-1].name if page.rows else after
        return [_principal(row) for row in page.rows], page.is_truncated, last
    if entity == "AWSManagedPolicy":
        policies = await built_in_policies(call, path_prefix="/", after=after, count_max=count_max)
    else:
        policies = await iam.policies.list(
            call.account_id, path_prefix="/", after=after, count_max=count_max
        )
    last = policies.rows[-1].name if policies.rows else after
    return [_policy(row) for row in policies.rows], policies.is_truncated, last


def _principal(principal: Principal) -> Fields:
    inline: list[Value] = [
        {"PolicyName": name, "PolicyDocument": policy_text(document)}
        for name, document in principal.inline.items()
    ]
    attached: list[Value] = [attached_shown(arn) for arn in principal.attached]
    noun = principal.kind.value.capitalize()
    common: Fields = {f"{noun}PolicyList": inline, "AttachedManagedPolicies": attached}
    match principal.kind:
        case PrincipalKind.GROUP:
            return group_shown(principal) | common
        case PrincipalKind.USER:
            return (
                user_shown(principal, is_whole=False)
                | common
                | {"GroupList": list(principal.groups), **_limits(principal)}
            )
    return (
        role_shown(principal, is_whole=False)
        | common
        | {
            "InstanceProfileList": [],
            "RoleLastUsed": last_use_shown(principal),
            **_limits(principal),
        }
    )


def _limits(principal: Principal) -> Fields:
    return {
        "PermissionsBoundary": boundary_shown(principal),
        "Tags": tags_shown(principal.tags),
    }


def _policy(policy: ManagedPolicy) -> Fields:
    versions: list[Value] = [
        version_shown(version, policy.default_version) for version in policy.versions
    ]
    return policy_shown(policy, is_whole=False) | {"PolicyVersionList": versions}


ROWS: Final = (
    Action(
        name="GetAccountAuthorizationDetails",
        arguments=(texts("Filter", rules.choice(*_FILTERS), len(_FILTERS)), *PAGE),
        handler=_details,
    ),
)
