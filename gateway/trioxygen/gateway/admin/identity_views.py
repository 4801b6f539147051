"""What the admin API says of the port's values. Conversions only."""

from trioxygen.gateway.admin.identity_models import (
    AccountDescription,
    PolicyView,
    PrincipalView,
    PublicAccessView,
    VersionView,
)
from trioxygen.gateway.store.values.acls import NOTHING_BLOCKED, PublicAccessBlock
from trioxygen.gateway.store.values.iam import (
    AccountDetails,
    AccountSummary,
    ManagedPolicy,
    Principal,
)


def public_access_view(account_id: str, block: PublicAccessBlock | None) -> PublicAccessView:
    shown = (block or NOTHING_BLOCKED)._asdict()
    return PublicAccessView(account_id=account_id, is_set=block is not None, **shown)


def account_view(details: AccountDetails, summary: AccountSummary) -> AccountDescription:
    return AccountDescription(
        account_id=details.account_id,
        canonical_id=details.canonical_id,
        display_name=details.display_name,
        email=details.email,
        alias=details.alias,
        created_ms=details.created_ms,
        users=summary.users,
        groups=summary.groups,
        roles=summary.roles,
        policies=summary.policies,
        root_keys=summary.root_keys,
    )


def principal_view(principal: Principal) -> PrincipalView:
    return PrincipalView(
        kind=principal.kind.value,
        account_id=principal.account_id,
        name=principal.name,
        arn=principal.arn,
        path=principal.path,
        unique_id=principal.unique_id,
        created_ms=principal.created_ms,
        tags=dict(principal.tags),
        inline=dict(principal.inline),
        attached=list(principal.attached),
        boundary=principal.boundary,
        groups=list(principal.groups),
        trust_policy=principal.trust_policy,
        session_seconds_max=principal.session_seconds_max,
        description=principal.description,
        last_used_ms=principal.last_used_ms,
    )


def policy_view(policy: ManagedPolicy) -> PolicyView:
    return PolicyView(
        arn=policy.arn,
        account_id=policy.account_id,
        name=policy.name,
        path=policy.path,
        unique_id=policy.unique_id,
        description=policy.description,
        created_ms=policy.created_ms,
        updated_ms=policy.updated_ms,
        versions=[
            VersionView(number=each.number, document=each.document, created_ms=each.created_ms)
            for each in policy.versions
        ],
        default_version=policy.default_version,
        attachment_count=policy.attachment_count,
        boundary_count=policy.boundary_count,
    )
