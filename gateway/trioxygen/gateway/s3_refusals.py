"""What the HTTP server answers by itself on the S3 port, as S3 says it: a document and both ids, in
the metrics and in the access log like every other answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.http.limits import AsgiApp
from trioxygen.gateway.http.refusal import Answer, Reason, Refusals, Refused
from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.protocol.errors import S3Error, not_implemented
from trioxygen.gateway.protocol.xml.document import error_document
from trioxygen.gateway.request_ids import IdSource
from trioxygen.gateway.s3.request import UNROUTED


def _head_too_large(refused: Refused) -> S3Error:
    bound = {"MaxSizeAllowed": str(refused.head_bytes_max)}
    return S3Error("RequestHeaderSectionTooLarge", details=bound)


def _coding_unknown(_: Refused) -> S3Error:
    return not_implemented("A body is sent whole or chunked.", header="Transfer-Encoding")


def _plainly(code: str) -> Callable[[Refused], S3Error]:
    return lambda _: S3Error(code)


_ERRORS: Final[dict[Reason, Callable[[Refused], S3Error]]] = {
    Reason.MALFORMED: _plainly("BadRequest"),
    Reason.HEAD_TOO_SLOW: _plainly("RequestTimeout"),
    Reason.HEAD_TOO_LARGE: _head_too_large,
    Reason.FAILED: _plainly("InternalError"),
    Reason.CODING_UNKNOWN: _coding_unknown,
    Reason.TOO_MANY_CONNECTIONS: _plainly("SlowDown"),
    Reason.TOO_MANY_REQUESTS: _plainly("SlowDown"),
    Reason.STOPPING: _plainly("ServiceUnavailable"),
    Reason.VERSION_UNKNOWN: _plainly("HttpVersionNotSupported"),
}
assert _ERRORS.keys() == set(Reason)


@dataclass(frozen=True, slots=True)
class S3Port:
    """What an HTTP server needs to serve S3."""

    app: AsgiApp
    refusals: Refusals


class S3Refusals:
    """`HttpServer.start` takes it."""

    def __init__(
        self, ids: IdSource, metrics: GatewayMetrics, access_log: AccessLog | None
    ) -> None:
        self._ids, self._metrics, self._access_log = ids, metrics, access_log

    def __call__(self, refused: Refused) -> Answer:
        error = _ERRORS[refused.reason](refused)
        request_id, host_id = self._ids.next()
        body = b""
        if refused.method != "HEAD":
            body = error_document(
                code=error.code,
                message=error.message,
                request_id=request_id,
                host_id=host_id,
                details=error.details,
            )
        seconds = refused.waited_seconds
        self._metrics.answered(UNROUTED, error.status, seconds, 0, len(body))
        if self._access_log is not None:
            self._access_log.write(
                request_id=request_id,
                remote=refused.remote,
                operation=UNROUTED,
                status=error.status,
                bytes_in=0,
                bytes_out=len(body),
                duration_ms=seconds * 1_000,
                error_code=error.code,
            )
        fields = [
            (b"x-amz-request-id", request_id.encode()),
            (b"x-amz-id-2", host_id.encode()),
            (b"content-type", b"application/xml"),
        ]
        return Answer(error.status, fields, body)
