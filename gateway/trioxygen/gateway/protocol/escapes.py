"""Percent-encoding as requests have it (RFC 3986, section 2.1): in paths, in queries and in headers
that are written like one of both. Each is decoded exactly once."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from trioxygen.gateway.protocol.errors import S3Error

_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def percent_decoded(raw: bytes) -> str:
    """Of a path: UTF-8, in which ``+`` stays a plus sign.

    Raises:
        S3Error: InvalidURI, for a broken escape or bytes that are not UTF-8.
    """
    if b"%" in raw:
        if _BAD_ESCAPE.search(raw) is not None:
            raise S3Error("InvalidURI")
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise S3Error("InvalidURI") from None


def form_decoded(raw: bytes) -> str:
    """The same of a query, in which ``+`` is a space."""
    return percent_decoded(raw.replace(b"+", b" ") if b"+" in raw else raw)
