"""The S3 endpoint as an ASGI application: authenticate, route, run, answer, log. The hot path.

Nothing is remembered between requests but what `Credentials` caches; any gateway can take any
request."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from typing import Any

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.origin import Origin, set_origin
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.answering import send_response
from trioxygen.gateway.authentication import Authentication
from trioxygen.gateway.credentials import Credentials
from trioxygen.gateway.explaining import Explaining
from trioxygen.gateway.forms import Forms
from trioxygen.gateway.health import Health
from trioxygen.gateway.http.limits import AnswerCutShort, ClientTooSlow
from trioxygen.gateway.iam.endpoint import IamEndpoint
from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.protocol import names
from trioxygen.gateway.protocol.control import is_control
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.trace import trace_id
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.request_ids import IdSource
from trioxygen.gateway.routing import Router, level_of
from trioxygen.gateway.s3.error_response import error_response, s3_error, said_in
from trioxygen.gateway.s3.gate import Gate
from trioxygen.gateway.s3.operation import Level, Operation
from trioxygen.gateway.s3.request import Headers, Receive, Response, S3Request
from trioxygen.gateway.s3.services import S3Config
from trioxygen.gateway.shares import Shares

log = logs.get(__name__)

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class S3App:
    def __init__(
        self,
        *,
        gate: Gate,
        iam: IamEndpoint,
        credentials: Credentials,
        clock: Clock,
        ids: IdSource,
        config: S3Config,
        readiness: Readiness,
        metrics: GatewayMetrics,
        access_log: AccessLog | None,
        explaining: Explaining,
        operations: Iterable[Operation],
        cors_headers: Callable[[S3Request], Awaitable[Headers]],
    ) -> None:
        self._router, self._gate, self._iam = Router(operations), gate, iam
        self._cors_headers = cors_headers
        self._authentication = Authentication(
            credentials,
            clock,
            regions=config.regions,
            skew_seconds_max=config.clock_skew_seconds_max,
            takes_v2_headers=config.takes_v2_headers,
        )
        self._forms = Forms(self._authentication, clock, config.dialect)
        self._health = Health(readiness, config.domains)
        self._clock, self._ids = clock, ids
        self._metrics, self._access_log, self._explaining = metrics, access_log, explaining
        self._shares = Shares(config.shares)
        self._domains, self._dialect = config.domains, config.dialect
        self._proxies = config.proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", scope["type"]
        head = RequestHead(
            scope["method"], scope["raw_path"], scope["query_string"], scope["headers"]
        )
        if self._health.is_asked_by(head):
            await self._health.answer(head, send)
            return
        started_ms = self._clock.monotonic_ms()
        request_id, host_id = self._ids.next()
        traceparent = head.raw_header(b"traceparent")
        trace = trace_id(traceparent) if traceparent else ""
        set_origin(Origin(request_id, trace or request_id))
        request = S3Request(
            head,
            receive,
            request_id,
            host_id,
            scope["scheme"],
            self._shares,
            _remote(scope),
            _tls_version(scope),
        )
        request.peer, request.scheme = self._proxies.client(head, request.connection)
        try:
            response, error_code = await self._response(request, head, scope)
            try:
                failed = await send_response(request, response, send)
                if failed is not None:
                    failed = said_in(self._dialect, failed)
                    error_code = failed.code
                    response = error_response(request, failed)
                    self._explaining.keep(request, head, _own_port(scope), failed)
            except TrioxygenError as error:
                # The status was out already; the log tells why the body ended early.
                error_code = s3_error(error, request).code
                raise AnswerCutShort(error_code) from error
            except ClientTooSlow as error:
                error_code = "RequestTimeout"
                log.warning(
                    "reader_cut_off",
                    operation=request.operation,
                    bytes_out=request.bytes_out,
                    reason=error,
                )
                raise
            finally:
                error_code = error_code or request.late_error_code
                self._note(request, response, error_code, trace, started_ms)
        finally:
            if request.holder:
                self._shares.requests.give_back(request.holder)

    async def _response(
        self, request: S3Request, head: RequestHead, scope: Scope
    ) -> tuple[Response, str]:
        """(what is answered, the code when it is an error)."""
        try:
            try:
                if request.head.raw_path == b"/" and self._is_for_iam(request.head):
                    take_share = partial(self._take_share, request, scope)
                    response, refusal = await self._iam.answer(request, take_share)
                    if refusal is None:
                        return response, ""
                    await self._explaining.tell(request, head, _own_port(scope), refusal, response)
                    return response, refusal.code
                operation = await self._operation(request, scope)
                answered = await self._gate.run(operation, request), ""
            except (S3Error, TrioxygenError) as error:
                answer = said_in(self._dialect, s3_error(error, request))
                own_port = _own_port(scope)
                response = await self._explaining.response(request, head, own_port, answer)
                answered = response, answer.code
            if request.head.raw_header(b"origin") is not None:
                await self._tell_browser(request, answered[0])
            return answered
        # The outermost frame: a defect must not take the connection down.
        except Exception as error:
            log.error("request_failed", operation=request.operation, error=error)
            return error_response(request, S3Error("InternalError")), "InternalError"

    async def _tell_browser(self, request: S3Request, response: Response) -> None:
        """Whether the page of another origin may read the answer. A store in trouble is not asked
        for the bucket once more."""
        if response.status < 500 or request.known_bucket is not None:
            request.cors = await self._cors_headers(request)

    def _note(
        self,
        request: S3Request,
        response: Response,
        error_code: str,
        trace: str,
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
                trace=trace,
                remote=request.peer,
                account="" if request.account is None else request.account.account_id,
                caller=request.caller.arn,
                operation=request.operation,
                bucket=request.bucket or "",
                key=request.key or "",
                status=response.status,
                bytes_in=request.bytes_in,
                bytes_out=request.bytes_out,
                duration_ms=duration_ms,
                error_code=error_code,
                decision="" if request.decision is None else request.decision.reason.word,
            )

    async def _operation(self, request: S3Request, scope: Scope) -> Operation:
        """Which it is, once it is known who asks."""
        head = request.head
        target, level = self._addressed(head)
        request.bucket, request.key = self._dialect.bucket_named(target.bucket), target.key
        is_signed = head.method not in self._router.unsigned
        if is_signed:
            await self._authentication.identify(request, target)
        self._take_share(request, scope)
        operation = (
            self._router.route(request.head, level)
            if is_signed
            else self._router.unsigned[head.method]
        )
        request.operation = operation.name
        if operation.is_form:
            await self._forms.open(request)
        return operation

    def _addressed(self, head: RequestHead) -> tuple[names.Target, Level]:
        if is_control(head):
            return names.NO_BUCKET, Level.ACCOUNT
        target = names.parse_target(
            head.raw_path, head.header("host") if self._domains else None, self._domains
        )
        return target, level_of(target)

    def _take_share(self, request: S3Request, scope: Scope) -> None:
        """Of the requests that are under way. Raises S3Error SlowDown."""
        account = request.account
        holder = account.account_id if account is not None else f"address {request.peer}"
        if not self._shares.requests.take(holder):
            raise S3Error("SlowDown")
        # The HTTP server shares what it reads of bodies alike.
        request.holder = scope["holder"] = holder

    def _is_for_iam(self, head: RequestHead) -> bool:
        """Whether it is one of IAM's or STS's; of a request to the root of some host."""
        if not self._iam.is_asked_by(head):
            return False
        if not self._domains:
            return True
        target = names.parse_target(head.raw_path, head.header("host"), self._domains)
        return target.bucket is None


def _own_port(scope: Scope) -> int | None:
    server = scope.get("server")
    return server[1] if server else None


def _remote(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _tls_version(scope: Scope) -> int:
    extensions = scope.get("extensions")
    if not extensions:
        return 0
    tls = extensions.get("tls")
    return 0 if tls is None else tls["tls_version"] or 0
