"""Replicas that the SCM has no container of, on the admin port."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from trioxygen.common.rpc.rules.rule import NUMBER_MAX
from trioxygen.gateway.admin.backend.port import OrphanReplicaAdmin
from trioxygen.gateway.admin.orphan_models import OrphanReplicaPage, RemovedOrphans, UnwantedOrphans

_Id = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
_After = Annotated[str, Query(max_length=1_000)]


def orphan_routes(orphans: OrphanReplicaAdmin) -> APIRouter:
    router = APIRouter(prefix="/orphan-replicas")

    @router.get("")
    async def list_orphans(after: _After = "") -> OrphanReplicaPage:
        return await orphans.page(after)

    @router.post("/{container_id}/remove")
    async def remove(container_id: _Id, unwanted: UnwantedOrphans) -> RemovedOrphans:
        return await orphans.remove(container_id, unwanted.node_id)

    return router
