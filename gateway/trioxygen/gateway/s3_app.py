"""The S3 endpoint as an ASGI application: authenticate, route, run, answer, log. The hot path.

Nothing is remembered between requests but what `Credentials` caches; any gateway can take any
request."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.units import KIB
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.auth.presigned_v2 import is_presigned_v2, read_presigned_v2
from trioxygen.gateway.auth.query_headers import read_as_headers
from trioxygen.gateway.auth.sigv4 import read_claim, verify
from trioxygen.gateway.credentials import Credentials
from trioxygen.gateway.error_response import error_response, s3_error
from trioxygen.gateway.head import RequestHead
from trioxygen.gateway.http_limits import AnswerCutShort, ClientTooSlow
from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.operations import S3Config
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.request import Headers, Receive, Response, S3Request
from trioxygen.gateway.request_ids import IdSource
from trioxygen.gateway.routing import Router
from trioxygen.gateway.s3 import names
from trioxygen.gateway.s3.errors import S3Error, not_implemented
from trioxygen.gateway.shares import Shares

log = logs.get(__name__)

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HEALTH_PREFIX: Final = b"/_health/"
# Of an answer that is made at once; of more, all together are bounded.
_HELD_FREELY_BYTES_MAX: Final = 64 * KIB
_HEALTH_BODIES: Final = {
    200: b"ok\n",
    404: b"not found\n",
    405: b"method not allowed\n",
    503: b"not ready\n",
}


class S3App:
    def __init__(
        self,
        *,
        router: Router,
        credentials: Credentials,
        clock: Clock,
        ids: IdSource,
        config: S3Config,
        readiness: Readiness,
        metrics: GatewayMetrics,
        access_log: AccessLog | None,
    ) -> None:
        self._router, self._credentials, self._clock = router, credentials, clock
        self._ids = ids
        self._readiness, self._metrics, self._access_log = readiness, metrics, access_log
        self._shares = Shares(config.shares)
        self._domains = config.domains
        self._regions = config.regions or None
        self._skew_seconds_max = config.clock_skew_seconds_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", scope["type"]
        raw_path: bytes = scope["raw_path"]
        head = RequestHead(scope["method"], raw_path, scope["query_string"], scope["headers"])
        # Where the host names a bucket, all paths are keys.
        if (
            raw_path.startswith(_HEALTH_PREFIX)
            and names.bucket_in_host(head.header("host"), self._domains) is None
        ):
            await self._health(head, send)
            return
        started_ms = self._clock.monotonic_ms()
        request_id, host_id = self._ids.next()
        request = S3Request(head, receive, request_id, host_id, scope["scheme"], self._shares)
        remote = _remote(scope)
        try:
            response, error_code = await self._response(request, scope)
            try:
                failed = await self._send(request, response, send)
                if failed is not None:
                    error_code = failed.code
                    response = error_response(request, failed)
            except TrioxygenError as error:
                # The status was out already; the log tells why the body ended early.
                error_code = s3_error(error, request).code
                raise AnswerCutShort(error_code) from error
            except ClientTooSlow as error:
                error_code = "RequestTimeout"
                told = {"request_id": request_id, "bytes_out": request.bytes_out}
                log.warning("reader_cut_off", **told, operation=request.operation, reason=error)
                raise
            finally:
                self._note(request, response, error_code, remote, started_ms)
        finally:
            if request.holder:
                self._shares.requests.give_back(request.holder)

    async def _response(self, request: S3Request, scope: Scope) -> tuple[Response, str]:
        """(what is answered, the code when it is an error)."""
        try:
            return await self._answer(request, scope), ""
        except (S3Error, TrioxygenError) as error:
            answer = s3_error(error, request)
            return error_response(request, answer), answer.code
        except (
            Exception
        ) as error:  # the outermost frame: a defect must not take the connection down
            told = {"request_id": request.request_id, "operation": request.operation}
            log.error("request_failed", **told, error=error)
            return error_response(request, S3Error("InternalError")), "InternalError"

    def _note(
        self,
        request: S3Request,
        response: Response,
        error_code: str,
        remote: str,
        started_ms: float,
    ) -> None:
        """In metrics and in the access log."""
        duration_ms = self._clock.monotonic_ms() - started_ms
        self._metrics.answered(
            request.operation,
            response.status,
            duration_ms / 1_000,
            request.bytes_in,
            request.bytes_out,
        )
        if self._access_log is not None:
            self._access_log.write(
                request_id=request.request_id,
                remote=remote,
                account="" if request.account is None else request.account.account_id,
                operation=request.operation,
                bucket=request.bucket or "",
                key=request.key or "",
                status=response.status,
                bytes_in=request.bytes_in,
                bytes_out=request.bytes_out,
                duration_ms=duration_ms,
                error_code=error_code,
            )

    async def _answer(self, request: S3Request, scope: Scope) -> Response:
        head = request.head
        target = names.parse_target(
            head.raw_path, head.header("host") if self._domains else None, self._domains
        )
        request.bucket, request.key = target.bucket, target.key
        if head.method == "OPTIONS":
            raise not_implemented("CORS is not implemented.")
        claim = read_claim(
            head,
            now_s=self._clock.wall_ms() // 1_000,
            regions=self._regions,
            skew_seconds_max=self._skew_seconds_max,
        )
        if claim is not None:
            credential = await self._credentials.find(claim)
            verify(claim, head, credential.signing_key)
            request.claim, request.account = claim, credential.account
            request.signing_key = credential.signing_key
            if claim.presigned:
                request.head = read_as_headers(head, version_2=False)
        elif head.raw_query and is_presigned_v2(head):
            request.account = await self._credentials.verify_v2(
                read_presigned_v2(
                    head,
                    now_s=self._clock.wall_ms() // 1_000,
                    bucket_in_host=target.bucket if target.is_bucket_in_host else None,
                )
            )
            request.head = read_as_headers(head, version_2=True)
        account = request.account
        holder = account.account_id if account is not None else f"address {_remote(scope)}"
        if not self._shares.requests.take(holder):
            raise S3Error("SlowDown")
        # The HTTP server shares what it reads of bodies alike.
        request.holder = scope["holder"] = holder
        route = self._router.route(request)
        request.operation = route.name
        return await route.operation(request)

    async def _send(self, request: S3Request, response: Response, send: Send) -> S3Error | None:
        """The error that was answered instead of `response`."""
        headers: Headers = [
            (b"x-amz-request-id", request.request_id.encode()),
            (b"x-amz-id-2", request.host_id.encode()),
        ]
        if response.headers:
            headers += response.headers
        stream = response.stream
        if stream is None:
            if (
                request.head.method != "HEAD"
                and response.status not in (204, 304)
                and response.length_bytes is None
            ):
                headers.append((b"content-length", str(len(response.body)).encode()))
                if len(response.body) > _HELD_FREELY_BYTES_MAX:
                    stream = request.held(response.body)
        if stream is None:
            await send(
                {"type": "http.response.start", "status": response.status, "headers": headers}
            )
            await send({"type": "http.response.body", "body": response.body})
            request.bytes_out = len(response.body)
            return None
        started = False
        try:
            async for piece in stream:
                # The head goes out with the first piece: an object that cannot be read at all is
                # an error.
                if not started:
                    started = True
                    await send(
                        {
                            "type": "http.response.start",
                            "status": response.status,
                            "headers": headers,
                        }
                    )
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                request.bytes_out += len(piece)
        except TrioxygenError as error:
            if started:
                # Part of the answer is out: only an early end tells the client. The server closes.
                raise
            answer = s3_error(error, request)
            await self._send(request, error_response(request, answer), send)
            return answer
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
        await send({"type": "http.response.body", "body": b""})
        return None

    async def _health(self, head: RequestHead, send: Send) -> None:
        """GET and HEAD of the two paths; no bucket can have this name (`names`)."""
        status = 404
        if head.raw_path == _HEALTH_PREFIX + b"live":
            status = 200
        elif head.raw_path == _HEALTH_PREFIX + b"ready":
            status = 200 if self._readiness.get() else 503
        headers = [(b"content-type", b"text/plain")]
        if status != 404 and head.method not in ("GET", "HEAD"):
            status = 405
            headers.append((b"allow", b"GET, HEAD"))
        body = _HEALTH_BODIES[status]
        if status == 200 and self._readiness.is_full():
            body = b"full\n"
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _remote(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
