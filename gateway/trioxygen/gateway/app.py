"""The gateway's application: S3 is one ASGI layer mounted in FastAPI, because its routes are chosen by
method, query and headers, and its hot path must not pay for dependency injection."""

from fastapi import FastAPI

from trioxygen.common.runtime import Runtime
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.backend import ObjectBackend
from trioxygen.gateway.credentials import Credentials
from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.operations import S3Config
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.routing import Router
from trioxygen.gateway.s3_app import S3App


def create_app(
    config: S3Config,
    backend: ObjectBackend,
    runtime: Runtime,
    *,
    readiness: Readiness,
    access_log: AccessLog | None = None,
) -> FastAPI:
    app = FastAPI(title="Trioxygen S3", openapi_url=None, docs_url=None, redoc_url=None)
    app.mount(
        "/",
        S3App(
            router=Router(backend, runtime.blocking, runtime.clock, config),
            credentials=Credentials(backend, runtime.clock, kept_ms=config.credential_kept_ms),
            clock=runtime.clock,
            rng=runtime.rng,
            config=config,
            readiness=readiness,
            metrics=GatewayMetrics(runtime.registry),
            access_log=access_log,
        ),
    )
    return app
