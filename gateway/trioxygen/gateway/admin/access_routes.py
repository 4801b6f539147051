"""Why requests were refused, and whether requests would be, on the admin port."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from pydantic import Field

from trioxygen.gateway.admin.model import AdminModel
from trioxygen.gateway.can.asking import AccessQuestions, CanView
from trioxygen.gateway.explain.explainer import Explainer
from trioxygen.gateway.explain.explanation import Explanation
from trioxygen.gateway.explain.hosts import ClientEndpoint

_CONTEXT_KEYS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class AccessAnswers:
    """Who knows both, of one gateway."""

    explainer: Explainer
    questions: AccessQuestions


@dataclass(frozen=True, slots=True)
class RefusedView:
    """explanation: None: this process has refused no such request in the last hour, or has
    forgotten it for later ones."""

    explanation: Explanation | None


class AccessQuestion(AdminModel):
    who: str = Field(description="An ARN, ACCOUNT, ACCOUNT/USER, ACCOUNT/role/ROLE, ANONYMOUS.")
    action: str = Field(description="Of IAM, as s3:GetObject.")
    resource: str = Field(description="s3://BUCKET/KEY, s3://BUCKET, s3://")
    context: dict[str, list[str]] = Field(
        default={}, max_length=_CONTEXT_KEYS_MAX, description="Condition keys of the request."
    )


def access_routes(answers: AccessAnswers) -> APIRouter:
    router = APIRouter()

    @router.get("/refused/{request_id}")
    async def explain(request_id: str, endpoint: str = "") -> RefusedView:
        """endpoint: that the client uses, where a proxy hides it."""
        parsed = ClientEndpoint.parse(endpoint.encode())
        return RefusedView(await answers.explainer.explain(request_id, parsed))

    @router.post("/can")
    async def can(question: AccessQuestion) -> CanView:
        return await answers.questions.can(
            question.who, question.action, question.resource, question.context
        )

    return router
