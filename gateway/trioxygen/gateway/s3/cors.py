"""CORS: what each answer to a page of another origin tells its browser.

Source: S3 user guide, "Using cross-origin resource sharing"; Fetch standard, "CORS protocol"."""

import re
from typing import Final, NamedTuple

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.gateway.access.cors import headers_of, rule_for
from trioxygen.gateway.protocol import names
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.settings.cors import METHODS
from trioxygen.gateway.s3.request import Headers, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.cors import CorsRules

log = logs.get(__name__)

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_REQUEST_METHOD: Final = "access-control-request-method"
_REQUEST_HEADERS: Final = "access-control-request-headers"


class Asked(NamedTuple):
    """headers: that the page wants to send, in lower case."""

    origin: str
    method: str
    headers: tuple[str, ...]


def read_preflight(head: RequestHead) -> Asked:
    """Raises: BadRequest."""
    origin, method = head.header("origin"), head.header(_REQUEST_METHOD)
    if not origin:
        raise S3Error("BadRequest", "Insufficient information. Origin request header needed.")
    if method not in METHODS:
        shown = "null" if method is None else method
        raise S3Error("BadRequest", f"Invalid Access-Control-Request-Method: {shown}")
    text = head.header(_REQUEST_HEADERS)
    headers = tuple([name.strip() for name in text.split(",")]) if text else ()
    for name in headers:
        if _TOKEN.fullmatch(name) is None:
            raise S3Error(
                "BadRequest", f'Access-Control-Request-Headers "{name}" contains invalid character.'
            )
    return Asked(origin, method, tuple([name.lower() for name in headers]))


async def cors_headers(services: Services, request: S3Request) -> Headers:
    """Of whatever is answered to a request with Origin; none where nothing allows its page to read
    it, where the bucket is not known, or cannot be looked up now. Of a request that names in
    Access-Control-Request-Method another method than its own, that one is looked at."""
    try:
        asked = _asked_of(request.head)
        rules = await _rules_of(services, request)
    except S3Error:
        return []
    except TrioxygenError as error:
        log.warning("cors_headers_left_out", bucket=request.bucket, reason=error)
        return []
    rule = rule_for(rules, origin=asked.origin, method=asked.method, headers=asked.headers)
    if rule is None:
        return []
    return [
        (name.encode(), value.encode("latin-1"))
        for name, value in headers_of(rule, origin=asked.origin, headers=asked.headers)
    ]


def _asked_of(head: RequestHead) -> Asked:
    """Raises: BadRequest: a browser would not say that."""
    if head.method == "OPTIONS" or head.header(_REQUEST_METHOD) is not None:
        return read_preflight(head)
    return Asked(head.header("origin") or "", head.method, ())


async def _rules_of(services: Services, request: S3Request) -> CorsRules:
    """Raises: S3Errors, TrioxygenErrors."""
    if request.bucket is None:
        return ()
    bucket = request.known_bucket
    if bucket is None:
        # It was refused before the bucket was asked for, by its signature, say.
        names.check_bucket_name(request.bucket)
        bucket = await services.store.buckets.lookup(services.volume, request.bucket)
    return (await services.documents.of(bucket)).cors
