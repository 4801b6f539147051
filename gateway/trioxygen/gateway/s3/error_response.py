"""Errors as answers: which S3 error an exception is, and its document.

The answer carries what the caller may know: a text of S3's table and what the request itself says.
What a service told (addresses, nodes, leases, paths) goes to the log, with the request's id.
"""

from collections.abc import Callable, Mapping
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import Corrupt, NoSuchBlock, NoSuchContainer, TrioxygenError
from trioxygen.gateway.explain.explanation import Explanation
from trioxygen.gateway.protocol.control import is_control
from trioxygen.gateway.protocol.dialect import Dialect
from trioxygen.gateway.protocol.errors import S3Error, elements_of
from trioxygen.gateway.protocol.xml.document import error_document
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.service_errors import s3_error_of

log = logs.get(__name__)

# Data that is bad, or that a key refers to and no DataNode has.
_DAMAGE: Final = (Corrupt, NoSuchBlock, NoSuchContainer)
# What the request tells of itself; whoever raises an error may know better (a copy's source).
KNOWN_OF_REQUEST: Final[Mapping[str, Callable[[S3Request], str | None]]] = {
    "AWSAccessKeyId": lambda request: None if request.claim is None else request.claim.access_key,
    "BucketName": lambda request: request.bucket,
    "Key": lambda request: request.key,
    "Method": lambda request: request.head.method,
    "UploadId": lambda request: request.head.query_value("uploadId"),
    "VersionId": lambda request: request.head.query_value("versionId"),
}


def s3_error(error: S3Error | TrioxygenError, request: S3Request) -> S3Error:
    """What is answered; why goes to the log: a defect or bad data as an error, for someone must
    look, what the store cannot do now as a warning. Only of a defect it matters where in the code
    it was met."""
    if isinstance(error, S3Error):
        return error
    answer = s3_error_of(error)
    fields = {"request_id": request.request_id, "operation": request.operation}
    if isinstance(error, _DAMAGE):
        log.error("damaged_data_met", error=None, **fields, reason=error)
        return answer or S3Error("InternalError")
    if answer is None:
        log.error("request_failed", **fields, error=error)
        return S3Error("InternalError")
    if answer.status >= 500 or answer.code == "InvalidRequest":
        log.warning("request_not_served", **fields, code=answer.code, reason=error)
    return answer


def said_in(dialect: Dialect, error: S3Error) -> S3Error:
    """The error as the dialect says it; its message tells of the case, so it stays."""
    refusal = None if error.case is None else dialect.refusals.get(error.case)
    if refusal is None:
        return error
    known = elements_of(refusal.code)
    return S3Error(
        refusal.code,
        error.message,
        details={name: value for name, value in error.details.items() if name in known},
        headers={**error.headers, **refusal.headers},
    )


def error_body(
    request: S3Request, error: S3Error, *, explanation: str = "", with_declaration: bool = True
) -> bytes:
    details: dict[str, str] = {}
    for name in elements_of(error.code):
        value = error.details.get(name)
        if value is None and name in KNOWN_OF_REQUEST:
            value = KNOWN_OF_REQUEST[name](request)
        if value is not None:
            details[name] = value
    return error_document(
        code=error.code,
        message=error.message,
        request_id=request.request_id,
        host_id=request.host_id,
        details=details,
        explanation=explanation,
        with_declaration=with_declaration,
        is_wrapped=is_control(request.head),
    )


def explanation_header(explanation: Explanation) -> tuple[bytes, bytes]:
    return b"x-o3-explanation", explanation.as_header().encode()


def error_response(
    request: S3Request, error: S3Error, explanation: Explanation | None = None
) -> Response:
    """HEAD has no body, but says as S3 does what it would be.

    Args: explanation: in the document, and short in a header: of HEAD, and of a GET that a cache
        has made of HEAD, nobody sees a document."""
    headers = [
        (name.lower().encode(), value.encode("latin-1", "replace"))
        for name, value in error.headers.items()
    ]
    headers.append((b"content-type", b"application/xml"))
    if explanation is not None:
        headers.append(explanation_header(explanation))
    if request.head.method == "HEAD":
        return Response(error.status, headers)
    text = "" if explanation is None else explanation.as_text()
    return Response(error.status, headers, error_body(request, error, explanation=text))
