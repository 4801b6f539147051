"""Namespaces of blocks on the admin port."""

from typing import Annotated

from fastapi import APIRouter, Query

from trioxygen.gateway.admin.backend.port import PAGE_COUNT_MAX, NamespaceAdmin
from trioxygen.gateway.admin.namespace_models import DescribedNamespace, NamespacePage

_Count = Annotated[int, Query(ge=1, le=PAGE_COUNT_MAX)]


def namespace_routes(namespaces: NamespaceAdmin) -> APIRouter:
    router = APIRouter(prefix="/namespaces")

    @router.get("")
    async def page(
        after: Annotated[str, Query(max_length=255)] = "", count_max: _Count = PAGE_COUNT_MAX
    ) -> NamespacePage:
        return await namespaces.page(after, count_max)

    @router.get("/{name}")
    async def describe(name: str) -> DescribedNamespace:
        return await namespaces.describe(name)

    @router.delete("/{name}", status_code=204)
    async def delete(name: str, force: bool = False) -> None:
        await namespaces.delete(name, force=force)

    return router
