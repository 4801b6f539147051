"""The balancer on the admin port."""

from fastapi import APIRouter

from trioxygen.gateway.admin.backend.port import BalancerAdmin
from trioxygen.gateway.admin.balancer_models import BalancerView, NewBalancing


def balancer_routes(balancer: BalancerAdmin) -> APIRouter:
    router = APIRouter(prefix="/balancer")

    @router.get("")
    async def describe() -> BalancerView:
        return await balancer.describe()

    @router.post("/start")
    async def start(wanted: NewBalancing) -> BalancerView:
        return await balancer.start(wanted)

    @router.post("/stop")
    async def stop() -> BalancerView:
        return await balancer.stop()

    return router
