"""The canonical request of SigV4, rebuilt from what arrived on the wire.

S3 encodes a path once and normalises nothing: `..`, `//` and a trailing slash are data. Every part
has a fast way for bytes that already are canonical, as nearly all clients send them.
Source: AWS SigV4, "Create a canonical request"; S3 API reference for the single encoding.
"""

import re
from typing import Final
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from trioxygen.gateway.protocol.head import RequestHead

# Upper-case escapes of bytes that must be escaped: all but the unreserved A-Z a-z 0-9 - . _ ~
_ESCAPE: Final = rb"%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF])"
_UNRESERVED: Final = rb"[A-Za-z0-9\-._~]"
_CANONICAL_PATH: Final = re.compile(rb"(?:[A-Za-z0-9\-._~/]++|" + _ESCAPE + rb")*+")
_TOKEN: Final = rb"(?:" + _UNRESERVED + rb"++|" + _ESCAPE + rb")"
_PAIR: Final = _TOKEN + rb"++(?:=" + _TOKEN + rb"*+)?+"
_CANONICAL_QUERY: Final = re.compile(_PAIR + rb"(?:&" + _PAIR + rb")*+")
_SLASH_ESCAPE: Final = re.compile(rb"%2[Ff]")
_SPACES: Final = re.compile(rb"  +")
# As a header that was signed, or in the query of a presigned request; of a copy's source, too.
# Where its digest belongs may be a key by mistake.
_CUSTOMER_KEY: Final = re.compile(
    rb"(server-side-encryption-customer-key(?:-md5)?[:=])[^\n&]*", re.I
)


def canonical_path(raw_path: bytes) -> bytes:
    """The path with every byte encoded as SigV4 wants it; `%2F` stays apart from `/`."""
    if _CANONICAL_PATH.fullmatch(raw_path):
        return raw_path or b"/"
    return b"%2F".join(
        quote_from_bytes(unquote_to_bytes(piece), safe="/").encode("ascii")
        for piece in _SLASH_ESCAPE.split(raw_path)
    )


def canonical_query(head: RequestHead, *, without_signature: bool) -> bytes:
    """The query sorted by encoded name, then value; X-Amz-Signature left out on demand.

    Raises:
        S3Error: InvalidURI for a query that cannot be decoded.
    """
    raw_query = head.raw_query
    if not raw_query:
        return b""
    if _CANONICAL_QUERY.fullmatch(raw_query):
        pairs = [part.partition(b"=")[::2] for part in raw_query.split(b"&")]
    else:
        pairs = [
            (quote(name, safe="").encode("ascii"), quote(value, safe="").encode("ascii"))
            for name, value in head.query_pairs
        ]
    pairs.sort()
    return b"&".join(
        [
            name + b"=" + value
            for name, value in pairs
            if not (without_signature and name == b"X-Amz-Signature")
        ]
    )


def canonical_headers(
    head: RequestHead, signed_headers: tuple[str, ...], *, host: bytes | None
) -> bytes:
    """One `name:value` line, with its line feed, for each signed header, in the order given.

    Args:
        host: replaces the Host header's value; None takes the request's.
    """
    lines: list[bytes] = []
    for text in signed_headers:
        name = text.encode()
        value = head.raw_header(name) or b""
        if host is not None and name == b"host":
            value = host
        value = value.strip(b" \t")
        if b"  " in value:
            value = _SPACES.sub(b" ", value)
        lines.append(b"%b:%b\n" % (name, value))
    return b"".join(lines)


def without_customer_keys(signed: bytes) -> bytes:
    """What was signed, as an error may show it: who reads the client's logs is not to have what
    opens its objects. S3 shows all of it."""
    return _CUSTOMER_KEY.sub(rb"\1(not shown)", signed)
