"""The gateway's application: S3 is one ASGI layer mounted in FastAPI, because its routes are chosen
by method, query and headers, and its hot path must not pay for dependency injection."""

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from trioxygen.common.runtime import Runtime
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.backend import ObjectBackend
from trioxygen.gateway.credentials import Credentials
from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.operations import S3Config
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.request_ids import IdSource
from trioxygen.gateway.routing import Router
from trioxygen.gateway.s3_app import S3App
from trioxygen.gateway.s3_refusals import S3Port, S3Refusals


class _EveryPath(BaseRoute):
    """Takes every HTTP request. Starlette's Mount does not: its pattern stops at a line feed, and
    a key may hold one."""

    def __init__(self, app: S3App) -> None:
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def create_app(
    config: S3Config,
    backend: ObjectBackend,
    runtime: Runtime,
    *,
    readiness: Readiness,
    access_log: AccessLog | None = None,
) -> S3Port:
    ids, metrics = IdSource(runtime.rng), GatewayMetrics(runtime.registry)
    app = FastAPI(title="Trioxygen S3", openapi_url=None, docs_url=None, redoc_url=None)
    s3 = S3App(
        router=Router(backend, runtime.blocking, runtime.clock, config),
        credentials=Credentials(backend, runtime.clock, kept_ms=config.credential_kept_ms),
        clock=runtime.clock,
        ids=ids,
        config=config,
        readiness=readiness,
        metrics=metrics,
        access_log=access_log,
    )
    app.router.routes.append(_EveryPath(s3))
    return S3Port(app, S3Refusals(ids, metrics, access_log))
