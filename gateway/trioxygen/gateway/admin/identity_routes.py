"""Accounts as a whole, managed policies and states of access keys, on the admin port."""

from dataclasses import replace

from fastapi import APIRouter

from trioxygen.common.errors import NoSuchAccount
from trioxygen.common.iam_limits import VERSIONS_PER_POLICY_MAX
from trioxygen.gateway.account_directory import public_access_of, set_public_access
from trioxygen.gateway.admin.backend.port import PAGE_COUNT_MAX
from trioxygen.gateway.admin.count import Count
from trioxygen.gateway.admin.identity_models import (
    AccountDescription,
    KeyChange,
    NewPolicy,
    NewVersion,
    PolicyPage,
    PolicyView,
    PublicAccess,
    PublicAccessView,
)
from trioxygen.gateway.admin.identity_views import account_view, policy_view, public_access_view
from trioxygen.gateway.admin.policy_documents import check_identity_policy
from trioxygen.gateway.store.iam_port import Iam, Policies
from trioxygen.gateway.store.values.acls import PublicAccessBlock
from trioxygen.gateway.store.values.iam import AccountDetails, ManagedPolicy, PolicyVersion


def account_description_routes(iam: Iam) -> APIRouter:
    router, directory = APIRouter(), iam.directory

    async def existing_account(account_id: str) -> AccountDetails:
        details = await directory.find(account_id=account_id)
        if details is None:
            raise NoSuchAccount(account=account_id)
        return details

    @router.get("/accounts/{account_id}")
    async def describe_account(account_id: str) -> AccountDescription:
        return account_view(await existing_account(account_id), await directory.summary(account_id))

    @router.get("/accounts/{account_id}/public-access")
    async def show_public_access(account_id: str) -> PublicAccessView:
        await existing_account(account_id)
        return public_access_view(account_id, await public_access_of(directory, account_id))

    @router.put("/accounts/{account_id}/public-access")
    async def block_public_access(account_id: str, wanted: PublicAccess) -> PublicAccessView:
        await existing_account(account_id)
        block = PublicAccessBlock(**wanted.model_dump())
        await set_public_access(directory, account_id, block)
        return public_access_view(account_id, block)

    @router.delete("/accounts/{account_id}/public-access", status_code=204)
    async def clear_public_access(account_id: str) -> None:
        await existing_account(account_id)
        await set_public_access(directory, account_id, None)

    return router


def identity_routes(iam: Iam) -> APIRouter:
    router = APIRouter()

    @router.put("/keys", status_code=204)
    async def change_key(change: KeyChange) -> None:
        key = await iam.access_keys.lookup(change.access_key)
        await iam.access_keys.set_active(
            key.account_id, key.user, key.access_key, is_active=change.is_active
        )

    @router.get("/policies")
    async def page(
        account_id: str,
        path_prefix: str = "",
        after: str = "",
        count_max: Count = PAGE_COUNT_MAX,
    ) -> PolicyPage:
        rows = await iam.policies.list(
            account_id, path_prefix=path_prefix, after=after, count_max=count_max
        )
        return PolicyPage(
            policies=[policy_view(row) for row in rows.rows], truncated=rows.is_truncated
        )

    @router.get("/policy")
    async def lookup(account_id: str, policy_arn: str) -> PolicyView:
        return policy_view(await iam.policies.lookup(account_id, policy_arn))

    @router.post("/policies", status_code=201)
    async def create(wanted: NewPolicy) -> PolicyView:
        check_identity_policy(wanted.document)
        policy = ManagedPolicy(
            account_id=wanted.account_id,
            name=wanted.name,
            path=wanted.path,
            description=wanted.description,
            versions=[PolicyVersion(1, wanted.document, 0)],
        )
        return policy_view(await iam.policies.create(policy))

    @router.put("/policy")
    async def update(wanted: NewVersion) -> PolicyView:
        check_identity_policy(wanted.document)
        return policy_view(await _updated(iam.policies, wanted))

    @router.delete("/policy", status_code=204)
    async def delete(account_id: str, policy_arn: str) -> None:
        """With its versions that do not count."""
        policy = await iam.policies.lookup(account_id, policy_arn)
        if not policy.attachment_count and not policy.boundary_count:
            for version in policy.versions:
                if version.number != policy.default_version:
                    await iam.policies.delete_version(account_id, policy_arn, version.number)
        await iam.policies.delete(account_id, policy_arn)

    return router


async def _updated(policies: Policies, wanted: NewVersion) -> ManagedPolicy:
    policy = await policies.lookup(wanted.account_id, wanted.policy_arn)
    others = [each for each in policy.versions if each.number != policy.default_version]
    if len(policy.versions) >= VERSIONS_PER_POLICY_MAX and others:
        await policies.delete_version(wanted.account_id, wanted.policy_arn, others[0].number)
    changed = await policies.add_version(
        wanted.account_id, wanted.policy_arn, wanted.document, is_default=True
    )
    # Changes are answered without who has it.
    return replace(
        changed,
        attachment_count=policy.attachment_count,
        boundary_count=policy.boundary_count,
    )
