"""Every action of IAM and STS, one row each. The rows are written beside their handlers.

Actions that AWS has and that are not here are named in `absent`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trioxygen.gateway.iam import (
    access_keys,
    account,
    account_details,
    assume_role,
    attachments,
    boundary,
    groups,
    inline_policies,
    managed_policies,
    never_held,
    policy_versions,
    providers,
    roles,
    simulation,
    sts,
    tags,
    users,
    web_identity,
)
from trioxygen.gateway.iam.action import Action, Api

ACTIONS: Final[tuple[Action, ...]] = (
    *users.ROWS,
    *groups.ROWS,
    *roles.ROWS,
    *inline_policies.ROWS,
    *attachments.ROWS,
    *managed_policies.ROWS,
    *policy_versions.ROWS,
    *boundary.ROWS,
    *access_keys.ROWS,
    *tags.ROWS,
    *providers.ROWS,
    *account.ROWS,
    *account_details.ROWS,
    *simulation.ROWS,
    *never_held.ROWS,
    *sts.ROWS,
    *assume_role.ROWS,
    *web_identity.ROWS,
)
BY_NAME: Final[Mapping[tuple[Api, str], Action]] = MappingProxyType(
    {(row.api, row.name): row for row in ACTIONS}
)
assert len(BY_NAME) == len(ACTIONS), "two actions of one name"
