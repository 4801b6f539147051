"""The gateway's application: S3 is one ASGI layer mounted in FastAPI, because its routes are chosen
by method, query and headers, and its hot path must not pay for dependency injection."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from trioxygen.common.runtime import Runtime
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.can.asking import AccessQuestions
from trioxygen.gateway.credentials import Credentials
from trioxygen.gateway.explain.explainer import Explainer
from trioxygen.gateway.explaining import Explaining
from trioxygen.gateway.iam.endpoint import IamEndpoint
from trioxygen.gateway.iam.identification import Identification
from trioxygen.gateway.iam.oidc.fetching import Fetching
from trioxygen.gateway.iam.oidc.signing_keys import SigningKeys
from trioxygen.gateway.iam.services import IAM_DEFAULTS, IamConfig, IamServices
from trioxygen.gateway.iam.table import ACTIONS
from trioxygen.gateway.key_uses import KeyUses
from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.request_ids import IdSource
from trioxygen.gateway.s3.cors import cors_headers
from trioxygen.gateway.s3.gate import Gate
from trioxygen.gateway.s3.operation import Operation
from trioxygen.gateway.s3.request import UNROUTED
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.s3.table import OPERATIONS
from trioxygen.gateway.s3_app import S3App
from trioxygen.gateway.s3_refusals import S3Port, S3Refusals
from trioxygen.gateway.store.port import ObjectStore


class _Api(FastAPI):
    """Without what FastAPI puts around every handler: the S3 layer answers every error, reads
    bodies within limits of its own, measures itself, and has no dependency to be closed. Each layer
    costs calls of Python whenever a request goes on after a wait."""

    def build_middleware_stack(self) -> ASGIApp:
        assert not self.user_middleware, "nobody would run it"
        return self.router


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
    store: ObjectStore,
    runtime: Runtime,
    *,
    readiness: Readiness,
    iam_config: IamConfig = IAM_DEFAULTS,
    access_log: AccessLog | None = None,
    explainer: Explainer | None = None,
    running: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    operations: Sequence[Operation] = OPERATIONS,
) -> S3Port:
    """Args:
    explainer: of `create_explainer`, for who else asks it; None: nobody does.
    operations: the table: what is routed, decided, counted and logged.
    running: entered before the port takes its first request, left after its last one.
    """
    ids = IdSource(runtime.rng)
    uses = KeyUses(runtime.clock, store.iam.access_keys.note_uses)
    names = (*(row.name for row in operations), *(row.permission for row in ACTIONS), UNROUTED)
    metrics = GatewayMetrics(runtime.registry, names)

    @asynccontextmanager
    async def serving() -> AsyncIterator[None]:
        async with running():
            noting = runtime.tasks.start_worker(uses)
            try:
                yield
            finally:
                await runtime.tasks.end(noting)

    app = _Api(
        title="Trioxygen S3",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lambda _: serving(),
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    services = Services(store, runtime.blocking, runtime.clock, config)
    credentials = Credentials(
        store.accounts,
        runtime.clock,
        services.policies.identity_policy,
        uses,
        kept_ms=config.credential_kept_ms,
    )
    if explainer is None:
        explainer = create_explainer(config, store, runtime)
    s3 = S3App(
        iam=_iam_endpoint(config, iam_config, store, runtime, credentials),
        gate=Gate(services, credentials),
        credentials=credentials,
        clock=runtime.clock,
        ids=ids,
        config=config,
        readiness=readiness,
        metrics=metrics,
        access_log=access_log,
        explaining=Explaining(explainer, runtime.clock),
        operations=operations,
        cors_headers=partial(cors_headers, services),
    )
    app.router.routes.append(_EveryPath(s3))
    refusals = S3Refusals(ids, runtime.clock, metrics, access_log, explainer.refused)
    return S3Port(app, refusals)


def create_explainer(config: S3Config, store: ObjectStore, runtime: Runtime) -> Explainer:
    """Of what the application refuses."""
    return Explainer(
        store.accounts,
        runtime.clock,
        domains=config.domains,
        skew_seconds_max=config.clock_skew_seconds_max,
    )


def create_questions(config: S3Config, store: ObjectStore, runtime: Runtime) -> AccessQuestions:
    """What the application would decide."""
    return AccessQuestions(Services(store, runtime.blocking, runtime.clock, config), store.iam)


def _iam_endpoint(
    config: S3Config,
    iam_config: IamConfig,
    store: ObjectStore,
    runtime: Runtime,
    credentials: Credentials,
) -> IamEndpoint:
    fetching = Fetching(iam_config.fetch_limits)
    signing_keys = SigningKeys(fetching.keys_of, runtime.blocking, runtime.clock)
    return IamEndpoint(
        IamServices(store.iam, runtime.clock, iam_config, signing_keys),
        Identification(credentials, runtime.clock, skew_seconds_max=config.clock_skew_seconds_max),
    )
