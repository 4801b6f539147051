"""What is done by lifecycle rules, on the admin port."""

from typing import Annotated

from fastapi import APIRouter, Query

from trioxygen.common.rpc.rules.rule import NUMBER_MAX
from trioxygen.gateway.admin.backend.port import PAGE_COUNT_MAX, LifecycleAdmin
from trioxygen.gateway.admin.lifecycle_models import LifecyclePage

_After = Annotated[int, Query(ge=0, le=NUMBER_MAX)]
_Count = Annotated[int, Query(ge=1, le=PAGE_COUNT_MAX)]


def lifecycle_routes(lifecycles: LifecycleAdmin) -> APIRouter:
    router = APIRouter(prefix="/lifecycles")

    @router.get("")
    async def page(after: _After = 0, count_max: _Count = PAGE_COUNT_MAX) -> LifecyclePage:
        return await lifecycles.page(after, count_max)

    return router
