"""PreflightRequest: what a browser asks before it lets a page of another origin send a request.

Source: S3 user guide, "Using cross-origin resource sharing"; Fetch standard, "CORS protocol"."""

from typing import Final

from trioxygen.gateway.access.cors import rule_for
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.cors import read_preflight
from trioxygen.gateway.s3.operation import Level, Operation, Route
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services


async def preflight_request(services: Services, request: S3Request) -> Response:
    """Whether the browser may send it. What it is told stands in the headers, as in every answer:
    see `cors`."""
    asked = read_preflight(request.head)
    if request.bucket is None:
        # Only buckets have rules.
        raise _not_allowed(request, "CORSResponse: CORS is not enabled for this bucket.")
    request.bucket_record = await services.store.buckets.lookup(
        services.volume, request.bucket_name
    )
    rules = (await services.documents.of(request.bucket_record)).cors
    if not rules:
        raise _not_allowed(request, "CORSResponse: CORS is not enabled for this bucket.")
    if rule_for(rules, origin=asked.origin, method=asked.method, headers=asked.headers) is None:
        raise _not_allowed(request, None)
    return Response(200)


def _not_allowed(request: S3Request, message: str | None) -> S3Error:
    level = Level.BUCKET if request.key is None else Level.OBJECT
    return S3Error("AccessForbidden", message, details={"ResourceType": level.name})


ROWS: Final = (
    Operation(
        name="PreflightRequest",
        route=Route("OPTIONS", Level.ANY),
        accesses=(),
        is_signed=False,
        handler=preflight_request,
    ),
)
