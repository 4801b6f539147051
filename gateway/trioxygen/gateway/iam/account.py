"""The account: what it has, and its alias. Source: IAM API reference."""

from typing import Final

from trioxygen.common import iam_limits
from trioxygen.common.iam_errors import EntityAlreadyExists
from trioxygen.gateway.iam import arguments, rules
from trioxygen.gateway.iam.action import Action, Call
from trioxygen.gateway.iam.arguments import needed, text
from trioxygen.gateway.iam.document import Entries
from trioxygen.gateway.iam.errors import IamError, no_such_entity
from trioxygen.gateway.iam.shown import Fields

_QUOTAS: Final = {
    "AccessKeysPerUserQuota": iam_limits.KEYS_PER_USER_MAX,
    "AssumeRolePolicySizeQuota": iam_limits.TRUST_POLICY_MAX,
    "AttachedPoliciesPerGroupQuota": iam_limits.ATTACHED_TO_GROUP_MAX,
    "AttachedPoliciesPerRoleQuota": iam_limits.ATTACHED_TO_ROLE_MAX,
    "AttachedPoliciesPerUserQuota": iam_limits.ATTACHED_TO_USER_MAX,
    "GroupPolicySizeQuota": iam_limits.INLINE_OF_GROUP_MAX,
    "GroupsPerUserQuota": iam_limits.GROUPS_PER_USER_MAX,
    "GroupsQuota": iam_limits.GROUPS_MAX,
    "PoliciesQuota": iam_limits.POLICIES_MAX,
    "PolicySizeQuota": iam_limits.POLICY_MAX,
    "RolePolicySizeQuota": iam_limits.INLINE_OF_ROLE_MAX,
    "RolesQuota": iam_limits.ROLES_MAX,
    "UserPolicySizeQuota": iam_limits.INLINE_OF_USER_MAX,
    "UsersQuota": iam_limits.USERS_MAX,
    "VersionsPerPolicyQuota": iam_limits.VERSIONS_PER_POLICY_MAX,
}
_ALIAS: Final = needed(text("AccountAlias", rules.ACCOUNT_ALIAS))


async def _summary(call: Call) -> Fields:
    summary = await call.services.iam.directory.summary(call.account_id)
    counts = {
        "Users": summary.users,
        "Groups": summary.groups,
        "Roles": summary.roles,
        "Policies": summary.policies,
        "Providers": summary.providers,
        "AccountAccessKeysPresent": int(bool(summary.root_keys)),
        "AccountMFAEnabled": 0,
        "MFADevices": 0,
        "MFADevicesInUse": 0,
    }
    return {"SummaryMap": Entries(counts | _QUOTAS)}


async def _alias(call: Call) -> str:
    account = await call.services.iam.directory.find(account_id=call.account_id)
    return "" if account is None else account.alias


async def _list_aliases(call: Call) -> Fields:
    """There is at most one."""
    alias = await _alias(call)
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}


async def _create_alias(call: Call) -> None:
    alias = call.arguments.text("AccountAlias")
    try:
        await call.services.iam.directory.set_alias(call.account_id, alias)
    except EntityAlreadyExists:
        raise IamError(
            "EntityAlreadyExists", f"The account alias {alias} already exists."
        ) from None


async def _delete_alias(call: Call) -> None:
    alias = call.arguments.text("AccountAlias")
    if await _alias(call) != alias:
        raise no_such_entity(f"The account alias {alias} does not exist.")
    await call.services.iam.directory.set_alias(call.account_id, "")


ROWS: Final = (
    Action(name="GetAccountSummary", handler=_summary),
    Action(name="ListAccountAliases", arguments=arguments.PAGE, handler=_list_aliases),
    Action(name="CreateAccountAlias", arguments=(_ALIAS,), handler=_create_alias),
    Action(name="DeleteAccountAlias", arguments=(_ALIAS,), handler=_delete_alias),
)
