"""The application as it is made of a table: who adds a row has an operation, everywhere."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from tests.unit.gateway.auth.signing import signed_by_botocore
from tests.unit.gateway.s3.one_bucket import OWNER, STRANGER, OneBucket
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.app import create_app
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.s3.keep_alive import Made, patient_response
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.reference import page
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.s3.table import OPERATIONS
from trioxygen.gateway.store.values.accounts import Account


async def get_weather(services: Services, request: S3Request) -> Response:
    return Response(200, body=f"of {request.bucket_record.name}: fair".encode())


async def get_forecast(services: Services, request: S3Request) -> Response:
    """Takes long, and fails."""

    async def fail() -> Made:
        await asyncio.sleep(0.05)
        raise S3Error("InvalidPart")

    return await patient_response(request, fail(), space_ms=1)


# Whatever the table has of the place gives way.
WEATHER: Final = Operation(
    name="GetBucketWeather",
    route=Route("GET", Level.BUCKET, "weather"),
    accesses=(Access("s3:GetBucketWeather", Resource.BUCKET, BUCKET),),
    handler=get_weather,
)
FORECAST: Final = replace(
    WEATHER,
    name="GetBucketForecast",
    route=Route("GET", Level.BUCKET, "forecast"),
    handler=get_forecast,
)
TABLE: Final = (*OPERATIONS, WEATHER, FORECAST)


class Answered:
    """What an application made of a request, and what is left of it in metrics and access log."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""
        self.logged: list[dict[str, Any]] = []
        self.registry = CollectorRegistry()

    def count(self, operation: str) -> float | None:
        labels = {"operation": operation, "status": str(self.status)}
        return self.registry.get_sample_value("trioxygen_gateway_requests_total", labels)


def answered(head: RequestHead, signer: Account | None, folder: Path) -> Answered:
    it = Answered()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        it.status = message.get("status", it.status)
        it.body += message.get("body", b"")

    async def run() -> None:
        runtime = system_runtime(LocalNetwork())
        access_log = AccessLog(runtime, folder / "access.log")
        await access_log.open()
        app = create_app(
            S3Config(volume="s3v"),
            OneBucket({"bucket": OWNER.account_id}, signer=signer).port,
            runtime,
            readiness=Readiness(),
            access_log=access_log,
            operations=TABLE,
        ).app
        scope = {
            "type": "http",
            "method": head.method,
            "path": head.raw_path.decode(),
            "raw_path": head.raw_path,
            "query_string": head.raw_query,
            "headers": head.headers,
            "scheme": "http",
        }
        await app(scope, receive, send)
        await access_log.close()
        it.registry = runtime.registry
        await runtime.stop()

    asyncio.run(run())
    it.logged = [json.loads(line) for line in (folder / "access.log").read_text().splitlines()]
    return it


def weather_asked(signer: Account | None, folder: Path) -> Answered:
    head = signed_by_botocore("GET", "/bucket", "weather", {})
    if signer is None:
        head = RequestHead("GET", b"/bucket", b"weather", [(b"host", b"localhost")])
    return answered(head, signer, folder)


def test_row_that_is_added_is_routed_counted_logged_and_documented(tmp_path: Path) -> None:
    it = weather_asked(OWNER, tmp_path)
    assert (it.status, it.body) == (200, b"of bucket: fair")
    assert it.count("GetBucketWeather") == 1
    [line] = it.logged
    assert (line["operation"], line["decision"]) == ("GetBucketWeather", "owner")
    shown = "| GetBucketWeather | `GET /bucket?weather` | `s3:GetBucketWeather` |"
    assert shown in page(TABLE) and shown not in page()


def test_row_that_is_added_is_denied_to_strangers_with_the_reason(tmp_path: Path) -> None:
    for signer, reason in ((STRANGER, "not_owner"), (None, "anonymous")):
        folder = tmp_path / reason
        it = weather_asked(signer, folder)
        assert it.status == 403 and b"<Code>AccessDenied</Code>" in it.body
        assert it.count("GetBucketWeather") == 1
        [line] = it.logged
        assert (line["operation"], line["decision"]) == ("GetBucketWeather", reason)


def test_error_behind_a_status_of_200_is_logged_all_the_same(tmp_path: Path) -> None:
    it = answered(signed_by_botocore("GET", "/bucket", "forecast", {}), OWNER, tmp_path)
    assert it.status == 200 and b"<Code>InvalidPart</Code>" in it.body
    [line] = it.logged
    assert (line["status"], line["error_code"]) == (200, "InvalidPart")


def test_preflight_is_an_operation_whatever_it_addresses_and_whoever_seems_to_sign_it(
    tmp_path: Path,
) -> None:
    for number, target in enumerate((b"/", b"/bucket", b"/bucket/k")):
        head = RequestHead(
            "OPTIONS", target, b"uploads&versions", [(b"authorization", b"AWS4-HMAC-SHA256 none")]
        )
        it = answered(head, None, tmp_path / str(number))
        assert it.status == 400 and b"<Code>BadRequest</Code>" in it.body
        assert it.count("PreflightRequest") == 1
        assert [line["operation"] for line in it.logged] == ["PreflightRequest"]
