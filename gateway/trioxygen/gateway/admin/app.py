"""The admin port: health, metrics and, with the token, the admin API. No S3 here.

`/_health/live`, `/_health/ready` and `/metrics` are open: they hold no names and no data.
"""

from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException

from trioxygen.common import errors
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.admin.access_routes import AccessAnswers, access_routes
from trioxygen.gateway.admin.account_routes import account_routes
from trioxygen.gateway.admin.backend.port import PAGE_COUNT_MAX, AdminBackend
from trioxygen.gateway.admin.balancer_routes import balancer_routes
from trioxygen.gateway.admin.container_routes import container_routes
from trioxygen.gateway.admin.count import Count
from trioxygen.gateway.admin.guard import BODY_BYTES_MAX, AdminGuard
from trioxygen.gateway.admin.identity_routes import account_description_routes, identity_routes
from trioxygen.gateway.admin.lifecycle_routes import lifecycle_routes
from trioxygen.gateway.admin.models import (
    BucketPage,
    BucketReplication,
    BucketView,
    ErrorView,
    NewVolume,
    OrphanPage,
    StatusView,
    VolumePage,
    VolumeView,
)
from trioxygen.gateway.admin.namespace_routes import namespace_routes
from trioxygen.gateway.admin.orphan_routes import orphan_routes
from trioxygen.gateway.admin.principal_routes import principal_routes
from trioxygen.gateway.admin.storage_routes import storage_routes
from trioxygen.gateway.readiness import Readiness

# By class; the nearest base decides.
_STATUS_OF_ERROR: Final[dict[type[TrioxygenError], int]] = {
    errors.NoSuchVolume: 404,
    errors.NoSuchBucket: 404,
    errors.NoSuchAccount: 404,
    errors.NoSuchAccessKey: 404,
    NoSuchEntity: 404,
    errors.NoSuchContainer: 404,
    errors.NoSuchDataNode: 404,
    errors.NoSuchNamespace: 404,
    errors.NoSuchEntity: 404,
    errors.EntityAlreadyExists: 409,
    errors.DeleteConflict: 409,
    errors.LimitExceeded: 409,
    errors.NamespaceNotEmpty: 409,
    errors.VolumeAlreadyExists: 409,
    errors.VolumeNotEmpty: 409,
    errors.BucketAlreadyExists: 409,
    errors.AccountAlreadyExists: 409,
    errors.AccessKeyAlreadyExists: 409,
    errors.Refused: 400,
    errors.NoSpace: 507,
    errors.Unavailable: 503,
    TrioxygenError: 500,
}


_API: Final = "/admin/v1"
_CODE_OF_STATUS: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def create_admin_app(
    backend: AdminBackend,
    readiness: Readiness,
    registry: CollectorRegistry,
    access: AccessAnswers,
    *,
    token: str,
    body_bytes_max: int = BODY_BYTES_MAX,
) -> FastAPI:
    """Args:
    token: what the admin API asks for, at least 16 characters.
    body_bytes_max: of a request with the token; without it no byte is received.
    """
    assert len(token) >= 16, "an admin token must not be guessable"
    app = FastAPI(title="Trioxygen admin", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(_health_routes(readiness, registry))
    app.include_router(_api_routes(backend))
    app.include_router(account_routes(backend), prefix=_API)
    app.include_router(container_routes(backend.containers), prefix=_API)
    app.include_router(balancer_routes(backend.balancer), prefix=_API)
    app.include_router(namespace_routes(backend.namespaces), prefix=_API)
    app.include_router(account_description_routes(backend.iam), prefix=_API)
    app.include_router(identity_routes(backend.iam), prefix=_API)
    app.include_router(principal_routes(backend.iam.principals), prefix=_API)
    app.include_router(lifecycle_routes(backend.lifecycles), prefix=_API)
    app.include_router(access_routes(access), prefix=_API)
    app.include_router(orphan_routes(backend.orphan_replicas), prefix=_API)
    app.include_router(storage_routes(backend.storage), prefix=_API)
    app.add_exception_handler(TrioxygenError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_defect)
    app.add_middleware(AdminGuard, token=token, body_bytes_max=body_bytes_max)
    return app


def create_health_app(readiness: Readiness, registry: CollectorRegistry) -> FastAPI:
    """Health and metrics alone: the admin port of an OM, an SCM or a DataNode."""
    app = FastAPI(title="Trioxygen health", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(_health_routes(readiness, registry))
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_middleware(AdminGuard, token=None)
    return app


def _health_routes(readiness: Readiness, registry: CollectorRegistry) -> APIRouter:
    router = APIRouter()

    @router.get("/_health/live")
    async def live() -> PlainTextResponse:
        return PlainTextResponse("live\n")

    @router.get("/_health/ready")
    async def ready() -> PlainTextResponse:
        if readiness.get():
            return PlainTextResponse("full\n" if readiness.is_full() else "ready\n")
        return PlainTextResponse("not ready\n", status_code=503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _api_routes(backend: AdminBackend) -> APIRouter:
    """Whoever comes here has shown the token (`admin/guard`)."""
    router = APIRouter(prefix=_API)

    @router.get("/status")
    async def status() -> StatusView:
        return await backend.status()

    @router.get("/volumes")
    async def list_volumes(
        account_id: str = "", after: str = "", count_max: Count = PAGE_COUNT_MAX
    ) -> VolumePage:
        return await backend.list_volumes(account_id, after, count_max)

    @router.get("/volumes/{name}")
    async def lookup_volume(name: str) -> VolumeView:
        return await backend.lookup_volume(name)

    @router.post("/volumes", status_code=201)
    async def create_volume(volume: NewVolume) -> VolumeView:
        return await backend.create_volume(volume)

    @router.delete("/volumes/{name}", status_code=204)
    async def delete_volume(name: str) -> None:
        await backend.delete_volume(name)

    @router.get("/buckets")
    async def list_buckets(
        volume: str = "", account_id: str = "", after: str = "", count_max: Count = PAGE_COUNT_MAX
    ) -> BucketPage:
        return await backend.list_buckets(volume, account_id, after, count_max)

    @router.get("/buckets/{name}")
    async def lookup_bucket(name: str, volume: str = "") -> BucketView:
        return await backend.lookup_bucket(volume, name)

    @router.put("/buckets/{name}/replication")
    async def set_bucket_replication(
        name: str, wanted: BucketReplication, volume: str = ""
    ) -> BucketView:
        return await backend.set_bucket_replication(volume, name, wanted)

    @router.get("/orphans")
    async def find_orphans(after: str = "", count_max: Count = PAGE_COUNT_MAX) -> OrphanPage:
        return await backend.find_orphans(after, count_max)

    return router


def status_of(error: TrioxygenError) -> int:
    """The HTTP status of an error on the admin port."""
    for cls in type(error).__mro__:
        if issubclass(cls, TrioxygenError) and cls in _STATUS_OF_ERROR:
            return _STATUS_OF_ERROR[cls]
    raise AssertionError(f"{type(error)} has no status")


def _answer(
    status: int, code: str, message: str, headers: Any = None, *, kind: str = ""
) -> JSONResponse:
    view = ErrorView(code=code, message=" ".join(message.split()), kind=kind)
    shown = view.model_dump(exclude_defaults=True)
    return JSONResponse(shown, status_code=status, headers=headers)


async def _answer_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, TrioxygenError)
    kind = error.facts.get("kind", "") if isinstance(error, NoSuchEntity) else ""
    return _answer(status_of(error), error.code_name, str(error), kind=kind)


async def _answer_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Of the value only its place is told: it may be a secret.
    mistakes = "; ".join(
        f"{'.'.join(map(str, each['loc'][1:] or each['loc']))}: {_sentence(each['msg'])}"
        for each in error.errors()
    )
    return _answer(400, "INVALID_REQUEST", mistakes)


def _sentence(text: str) -> str:
    """As ours begin; patterns in it stay as they are."""
    return text[:1].lower() + text[1:]


async def _answer_http(_: Request, error: Exception) -> Response:
    """What the framework itself refuses: no such path or method, a body that is no JSON."""
    assert isinstance(error, HTTPException)
    code = _CODE_OF_STATUS.get(error.status_code, "INVALID_REQUEST")
    return _answer(error.status_code, code, error.detail.lower(), error.headers)


async def _answer_defect(_: Request, __: Exception) -> Response:
    """The server logs it, since it is raised again behind this answer."""
    return _answer(500, "INTERNAL", "an internal error; the log says more")
