"""What the HTTP server answers by itself on the S3 port, as S3 says it: a document and both ids, in
the metrics and in the access log like every other answer, and kept to be explained."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.explain.refused import RefusedRequest
from trioxygen.gateway.explain.ring import RefusedRequests
from trioxygen.gateway.http.limits import AsgiApp
from trioxygen.gateway.http.refusal import Answer, Reason, Refusals, Refused
from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.protocol.errors import S3Error, not_implemented
from trioxygen.gateway.protocol.head import RequestHead
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

# What an operator is told of those that are about what came, and not about the server's own state:
# a crowd of those would push out what was refused for its own sake.
_WHY: Final[dict[Reason, str]] = {
    Reason.MALFORMED: "What came is not HTTP/1.1 as RFC 9112 has it: its request line, a header"
    " field, its Host (exactly one), its Content-Length or a chunk's size is ill-formed.",
    Reason.HEAD_TOO_SLOW: "The head of the request did not come to its end in time: its last lines"
    " are missing, or come too slowly.",
    Reason.HEAD_TOO_LARGE: "The request line and its header fields together are larger than"
    " {head_bytes_max} bytes, or are too many.",
    Reason.CODING_UNKNOWN: "Its Transfer-Encoding is another one than chunked, or is sent together"
    " with an Upgrade.",
    Reason.VERSION_UNKNOWN: "Its version of HTTP is neither 1.0 nor 1.1.",
}


@dataclass(frozen=True, slots=True)
class S3Port:
    """What an HTTP server needs to serve S3."""

    app: AsgiApp
    refusals: Refusals


class S3Refusals:
    """`HttpServer.start` takes it. Args: kept: what is explained later."""

    def __init__(
        self,
        ids: IdSource,
        clock: Clock,
        metrics: GatewayMetrics,
        access_log: AccessLog | None,
        kept: RefusedRequests,
    ) -> None:
        self._ids, self._clock, self._metrics = ids, clock, metrics
        self._access_log, self._kept = access_log, kept

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
        self._keep(refused, error, request_id, host_id)
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

    def _keep(self, refused: Refused, error: S3Error, request_id: str, host_id: str) -> None:
        """Nothing of its bytes: nobody can say which of them are a secret."""
        why = _WHY.get(refused.reason)
        if why is None:
            return
        self._kept.add(
            RefusedRequest(
                request_id=request_id,
                host_id=host_id,
                wall_ms=self._clock.wall_ms(),
                peer=refused.remote,
                head=RequestHead(refused.method, b"", b"", ()),
                own_port=None,
                status=error.status,
                code=error.code,
                message=error.message,
                operation=UNROUTED,
                claim=None,
                account=None,
                arn="",
                accesses=(),
                unread=why.format(head_bytes_max=refused.head_bytes_max),
            )
        )
