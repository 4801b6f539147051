"""Answers to what is refused (4xx): kept for operators, and explained to who asks for it.

What is served pays nothing for that."""

from collections.abc import Sequence
from typing import Final, Protocol

from trioxygen.common.clock import Clock
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.decision import Decision
from trioxygen.gateway.explain.accesses import AccessViews, access_views, verdict_views
from trioxygen.gateway.explain.explainer import ASKS, Explainer
from trioxygen.gateway.explain.explanation import Explanation
from trioxygen.gateway.explain.hosts import ClientEndpoint
from trioxygen.gateway.explain.refused import RefusedRequest
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.error_response import error_response, explanation_header
from trioxygen.gateway.s3.request import Response, S3Request

# Of a request; DeleteObjects asks for each key.
_ACCESSES_MAX: Final = 8


class Refusal(Protocol):
    """An error as it is answered: of S3, of IAM."""

    @property
    def status(self) -> int: ...

    @property
    def code(self) -> str: ...

    @property
    def message(self) -> str: ...


class Explaining:
    """Where an error becomes an answer."""

    def __init__(self, explainer: Explainer, clock: Clock) -> None:
        self._explainer, self._clock = explainer, clock

    async def response(
        self, request: S3Request, head: RequestHead, own_port: int | None, error: S3Error
    ) -> Response:
        """Args: head: as it arrived; the request's own may have been merged with its query."""
        explanation = await self._explained(request, head, own_port, error)
        return error_response(request, error, explanation)

    async def tell(
        self,
        request: S3Request,
        head: RequestHead,
        own_port: int | None,
        error: Refusal,
        response: Response,
    ) -> None:
        """To who asked for it, in a header of an answer that is there already."""
        explanation = await self._explained(request, head, own_port, error)
        if explanation is not None:
            assert response.headers is not None, "an error has a content type"
            response.headers.append(explanation_header(explanation))

    async def _explained(
        self, request: S3Request, head: RequestHead, own_port: int | None, error: Refusal
    ) -> Explanation | None:
        """None: nobody asked, or it is no refusal."""
        refused = self.keep(request, head, own_port, error)
        asks = head.raw_header(ASKS)
        if refused is None or asks is None or asks == b"0":
            return None
        endpoint = None if asks == b"1" else ClientEndpoint.parse(asks)
        return await self._explainer.explain_to_caller(refused, endpoint)

    def keep(
        self, request: S3Request, head: RequestHead, own_port: int | None, error: Refusal
    ) -> RefusedRequest | None:
        """None: it is no refusal."""
        if not 400 <= error.status < 500:
            return None
        refused = RefusedRequest(
            request_id=request.request_id,
            host_id=request.host_id,
            wall_ms=self._clock.wall_ms(),
            peer=request.peer,
            head=head,
            own_port=own_port,
            status=error.status,
            code=error.code,
            message=error.message,
            operation=request.operation,
            claim=request.claim,
            account=request.account,
            arn=request.caller.arn,
            accesses=_accesses(request.asked, request.decision),
        )
        self._explainer.refused.add(refused)
        return refused


def _accesses(asked: Sequence[Asked], decision: Decision | None) -> tuple[AccessViews, ...]:
    """Up to what it was denied for: what the gate asked besides would tell whether a key is there.

    Policies are asked again of what was denied alone: most refusals are of other reasons."""
    views: list[AccessViews] = []
    for each in asked[:_ACCESSES_MAX]:
        if each.decision.is_allowed:
            views.append(verdict_views(each))
            continue
        views.append(access_views(each))
        if each.decision is decision:
            break
    return tuple(views)
