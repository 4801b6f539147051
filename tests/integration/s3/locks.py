"""Locks as boto3 takes them, and their documents on the wire."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.endpoint import Endpoint
from tests.integration.s3.wire import Answer, Request, send

LOCKED = "Access Denied because object protected by object lock."
CRC: Any = {"ChecksumAlgorithm": "CRC32"}


def ahead(**time: int) -> datetime:
    """Whole seconds, as dates are shown."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**time)


def retention(mode: str, until: datetime) -> Any:
    return {"Mode": mode, "RetainUntilDate": until}


def configuration(mode: str = "", **length: int) -> Any:
    rule = {"Rule": {"DefaultRetention": {"Mode": mode, **length}}} if mode else {}
    return {"ObjectLockEnabled": "Enabled", **rule}


def put_document(endpoint: Endpoint, path: str, query: str, body: str) -> Answer:
    data = body.encode()
    return send(endpoint, Request("PUT", path, query, data, content_md5(data)))


def content_md5(body: bytes) -> dict[str, str]:
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return {"Content-MD5": base64.b64encode(digest).decode()}
