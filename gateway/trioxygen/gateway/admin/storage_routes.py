"""DataNodes and safe mode on the admin port."""

from fastapi import APIRouter

from trioxygen.gateway.admin.backend.port import StorageAdmin
from trioxygen.gateway.admin.storage_models import (
    DataNodeList,
    DataNodeView,
    NewOperation,
    OperationView,
    SafeModeView,
)


def storage_routes(storage: StorageAdmin) -> APIRouter:
    router = APIRouter()

    @router.get("/datanodes")
    async def list_datanodes() -> DataNodeList:
        return await storage.list_datanodes()

    @router.get("/datanodes/{node_id}")
    async def lookup_datanode(node_id: str) -> DataNodeView:
        return await storage.lookup_datanode(node_id)

    @router.post("/datanodes/{node_id}/operation")
    async def set_operation(node_id: str, operation: NewOperation) -> OperationView:
        return await storage.set_operation(node_id, operation)

    @router.delete("/datanodes/{node_id}", status_code=204)
    async def remove_datanode(node_id: str, force: bool = False) -> None:
        await storage.remove_datanode(node_id, force=force)

    @router.get("/safe-mode")
    async def safe_mode() -> SafeModeView:
        return await storage.safe_mode()

    @router.post("/safe-mode/exit")
    async def exit_safe_mode() -> SafeModeView:
        return await storage.exit_safe_mode()

    return router
