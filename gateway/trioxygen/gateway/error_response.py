"""Errors as answers: which S3 error an exception is, and its document."""

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.gateway.request import Response, S3Request
from trioxygen.gateway.s3.errors import S3Error
from trioxygen.gateway.s3.service_errors import s3_error_of
from trioxygen.gateway.s3.xml import error_document

log = logs.get(__name__)


def s3_error(error: S3Error | TrioxygenError) -> S3Error:
    """A defect or bad data is an InternalError, and logged: someone must look."""
    if isinstance(error, S3Error):
        return error
    found = s3_error_of(error)
    if found is not None:
        return found
    log.error("request_failed", error=error)
    return S3Error("InternalError")


def error_body(request: S3Request, error: S3Error, *, with_declaration: bool = True) -> bytes:
    details = dict(error.details)
    if (
        error.code in ("NoSuchBucket", "BucketNotEmpty", "AccessDenied")
        and request.bucket is not None
    ):
        details.setdefault("BucketName", request.bucket)
    return error_document(
        code=error.code,
        message=error.message,
        resource=request.head.raw_path.decode("ascii", "replace"),
        request_id=request.request_id,
        host_id=request.request_id,
        details=details,
        with_declaration=with_declaration,
    )


def error_response(request: S3Request, error: S3Error) -> Response:
    """HEAD and 304 have no body."""
    found = [
        (name.lower().encode(), value.encode("latin-1", "replace"))
        for name, value in error.headers.items()
    ]
    if request.head.method == "HEAD" or error.status == 304:
        return Response(error.status, found)
    found.append((b"content-type", b"application/xml"))
    return Response(error.status, found, error_body(request, error))
