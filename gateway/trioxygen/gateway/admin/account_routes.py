"""Accounts and access keys, on the admin port."""

from fastapi import APIRouter

from trioxygen.gateway.admin.backend.port import PAGE_COUNT_MAX, AdminBackend
from trioxygen.gateway.admin.count import Count
from trioxygen.gateway.admin.models import (
    AccountPage,
    AccountView,
    CreatedKey,
    KeyPage,
    NewAccount,
    NewKey,
)


def account_routes(backend: AdminBackend) -> APIRouter:
    router = APIRouter()

    @router.get("/accounts")
    async def list_accounts(after: str = "", count_max: Count = PAGE_COUNT_MAX) -> AccountPage:
        return await backend.list_accounts(after, count_max)

    @router.post("/accounts", status_code=201)
    async def create_account(account: NewAccount) -> AccountView:
        return await backend.create_account(account)

    @router.get("/keys")
    async def list_keys(
        account_id: str = "",
        user: str | None = None,
        after: str = "",
        count_max: Count = PAGE_COUNT_MAX,
    ) -> KeyPage:
        """Of all accounts; of one; of one user of it (empty: of its root)."""
        return await backend.list_keys(account_id, user, after, count_max)

    @router.post("/keys", status_code=201)
    async def create_key(key: NewKey) -> CreatedKey:
        return await backend.create_key(key)

    @router.delete("/keys", status_code=204)
    async def revoke_key(access_key: str) -> None:
        await backend.revoke_key(access_key)

    return router
