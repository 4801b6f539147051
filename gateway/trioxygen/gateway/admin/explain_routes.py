"""Why requests were refused, on the admin port."""

from dataclasses import dataclass

from fastapi import APIRouter

from trioxygen.gateway.explain.explainer import Explainer
from trioxygen.gateway.explain.explanation import Explanation
from trioxygen.gateway.explain.hosts import ClientEndpoint


@dataclass(frozen=True, slots=True)
class RefusedView:
    """explanation: None: this process has refused no such request in the last hour, or has
    forgotten it for later ones."""

    explanation: Explanation | None


def explain_routes(explainer: Explainer) -> APIRouter:
    router = APIRouter(prefix="/refused")

    @router.get("/{request_id}")
    async def explain(request_id: str, endpoint: str = "") -> RefusedView:
        """endpoint: that the client uses, where a proxy hides it."""
        parsed = ClientEndpoint.parse(endpoint.encode())
        return RefusedView(await explainer.explain(request_id, parsed))

    return router
