"""Users, groups and roles, on the admin port."""

from fastapi import APIRouter

from trioxygen.common.errors import NoSuchEntity
from trioxygen.gateway.admin.backend.port import PAGE_COUNT_MAX
from trioxygen.gateway.admin.count import Count
from trioxygen.gateway.admin.identity_models import (
    InlineDocument,
    Member,
    NamedPolicy,
    NewPrincipal,
    PrincipalPage,
    PrincipalView,
)
from trioxygen.gateway.admin.identity_views import principal_view
from trioxygen.gateway.admin.policy_documents import check_identity_policy, check_trust_policy
from trioxygen.gateway.store.iam_port import Principals
from trioxygen.gateway.store.values.iam import Principal, PrincipalKind

_NAMED = "/{kind}/{name}"


def principal_routes(principals: Principals) -> APIRouter:
    router = APIRouter(prefix="/principals")

    @router.get("/{kind}")
    async def page(
        kind: PrincipalKind,
        account_id: str,
        path_prefix: str = "",
        after: str = "",
        count_max: Count = PAGE_COUNT_MAX,
    ) -> PrincipalPage:
        rows = await principals.list(
            account_id, kind, path_prefix=path_prefix, after=after, count_max=count_max
        )
        return PrincipalPage(
            principals=[principal_view(row) for row in rows.rows], truncated=rows.is_truncated
        )

    @router.post("/{kind}", status_code=201)
    async def create(kind: PrincipalKind, wanted: NewPrincipal) -> PrincipalView:
        if kind is PrincipalKind.ROLE:
            check_trust_policy(wanted.trust_policy)
        return principal_view(await principals.create(Principal(kind=kind, **wanted.model_dump())))

    @router.get(_NAMED)
    async def lookup(kind: PrincipalKind, name: str, account_id: str) -> PrincipalView:
        return principal_view(await principals.lookup(account_id, kind, name))

    @router.delete(_NAMED, status_code=204)
    async def delete(kind: PrincipalKind, name: str, account_id: str) -> None:
        await principals.delete(account_id, kind, name)

    _add_policies(router, principals)
    _add_members(router, principals)
    return router


def _add_policies(router: APIRouter, principals: Principals) -> None:
    @router.put(_NAMED + "/policies/{policy}", status_code=204)
    async def put_inline(
        kind: PrincipalKind, name: str, policy: str, account_id: str, put: InlineDocument
    ) -> None:
        check_identity_policy(put.document)
        await principals.put_inline(account_id, kind, name, policy, put.document)

    @router.delete(_NAMED + "/policies/{policy}", status_code=204)
    async def delete_inline(kind: PrincipalKind, name: str, policy: str, account_id: str) -> None:
        await principals.delete_inline(account_id, kind, name, policy)

    @router.put(_NAMED + "/attached", status_code=204)
    async def attach(kind: PrincipalKind, name: str, account_id: str, policy: NamedPolicy) -> None:
        await principals.attach(account_id, kind, name, policy.policy_arn)

    @router.delete(_NAMED + "/attached", status_code=204)
    async def detach(kind: PrincipalKind, name: str, account_id: str, policy_arn: str) -> None:
        try:
            await principals.detach(account_id, kind, name, policy_arn)
        except NoSuchEntity as error:
            if error.facts.get("kind") != "policy":
                raise
            raise NoSuchEntity(
                f"{kind.value} {name} does not have it", kind="attached policy", name=policy_arn
            ) from error


def _add_members(router: APIRouter, principals: Principals) -> None:
    @router.put("/group/{name}/members", status_code=204)
    async def add_member(name: str, account_id: str, member: Member) -> None:
        await principals.add_member(account_id, name, member.user)

    @router.delete("/group/{name}/members", status_code=204)
    async def remove_member(name: str, account_id: str, user: str) -> None:
        await principals.remove_member(account_id, name, user)

    @router.get("/group/{name}/members")
    async def members(
        name: str, account_id: str, after: str = "", count_max: Count = PAGE_COUNT_MAX
    ) -> PrincipalPage:
        rows = await principals.members(account_id, name, after=after, count_max=count_max)
        return PrincipalPage(
            principals=[principal_view(row) for row in rows.rows], truncated=rows.is_truncated
        )
