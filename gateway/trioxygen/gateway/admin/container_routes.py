"""Containers, pipelines, repair and deletion on the admin port."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import Field

from trioxygen.common.rpc.rules.rule import NUMBER_MAX
from trioxygen.gateway.admin.backend.port import (
    CONTAINERS_MAX,
    PAGE_COUNT_MAX,
    ContainerAdmin,
)
from trioxygen.gateway.admin.container_models import (
    ContainerPage,
    ContainerView,
    DeletionView,
    HolderPage,
    PipelineList,
    ReplicationView,
)

_Id = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
_After = Annotated[int, Query(ge=0, le=NUMBER_MAX)]
_Count = Annotated[int, Query(ge=1, le=PAGE_COUNT_MAX)]
_Ids = Annotated[
    list[Annotated[int, Field(ge=1, le=NUMBER_MAX)]],
    Query(alias="container_id", min_length=1, max_length=CONTAINERS_MAX),
]
_Samples = Annotated[int, Query(ge=0, le=CONTAINERS_MAX)]
_SAMPLES: Final = 100


def container_routes(containers: ContainerAdmin) -> APIRouter:
    router = APIRouter()

    @router.get("/containers")
    async def list_containers(
        after: _After = 0, count_max: _Count = PAGE_COUNT_MAX
    ) -> ContainerPage:
        return await containers.list_containers(after, count_max)

    @router.get("/containers/{container_id}")
    async def lookup_container(container_id: _Id) -> ContainerView:
        return await containers.lookup_container(container_id)

    @router.post("/containers/{container_id}/close")
    async def close_container(container_id: _Id) -> ContainerView:
        return await containers.close_container(container_id)

    @router.delete("/containers/{container_id}", status_code=204)
    async def forget_container(container_id: _Id, force: bool = False) -> None:
        await containers.forget_container(container_id, force=force)

    @router.get("/holders")
    async def find_holders(
        container_ids: _Ids, after: str = "", count_max: _Count = PAGE_COUNT_MAX
    ) -> HolderPage:
        return await containers.find_holders(container_ids, after, count_max)

    @router.get("/pipelines")
    async def list_pipelines() -> PipelineList:
        return await containers.list_pipelines()

    @router.post("/pipelines/{pipeline_id}/close", status_code=204)
    async def close_pipeline(pipeline_id: _Id) -> None:
        await containers.close_pipeline(pipeline_id)

    @router.get("/replication")
    async def replication(samples_max: _Samples = _SAMPLES) -> ReplicationView:
        return await containers.replication(samples_max)

    @router.get("/deletion")
    async def deletion() -> DeletionView:
        return await containers.deletion()

    return router
