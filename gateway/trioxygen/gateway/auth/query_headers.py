"""Header fields that a presigned request carries in its query.

Who presigns cannot make the later client send a header, so SDKs move the x-amz-* fields of the
request into the query ("hoisting"): JavaScript, Ruby and Go in Version 4, boto3 in Version 2. They
are read as if they were headers; the signature covers them, in Version 4 as query, in Version 2 as
headers. A name is read whatever its case. Where a header of that name is sent too, the header
counts: it must be signed itself.
Source: S3 user guide, "Signing and authenticating REST requests"; what the SDKs write.
"""

import re
from collections.abc import Callable
from typing import Final

from trioxygen.gateway.protocol.checksums import is_digest_header
from trioxygen.gateway.protocol.errors import invalid_argument
from trioxygen.gateway.protocol.head import RequestHead

_PREFIX: Final = "x-amz-"
_TOKEN: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")

# Of the signature, and of how the body travels: only whoever sends the body knows that.
_OF_THE_REQUEST: Final = frozenset(
    "x-amz-algorithm x-amz-content-sha256 x-amz-credential x-amz-date x-amz-decoded-content-length"
    " x-amz-expires x-amz-security-token x-amz-signature x-amz-signedheaders x-amz-trailer".split()
)
# S3 reads these in headers only. SDKs hoist the checksum of an empty body: it says nothing of the
# one that will be sent.
_HEADERS_ONLY: Final = frozenset(("x-amz-copy-source", "x-amz-sdk-checksum-algorithm"))
_UNREAD: Final = _OF_THE_REQUEST | _HEADERS_ONLY
_V2_FIELDS: Final = frozenset(("content-md5", "content-type"))


def read_as_headers(head: RequestHead, *, version_2: bool) -> RequestHead:
    """The request with what S3 reads of its query among its headers; for presigned ones only.

    Raises:
        S3Error: InvalidArgument for a name that no header can have, InvalidURI.
    """
    return _merged(head, _is_read, with_content=version_2)


def signed_as_headers_v2(head: RequestHead) -> RequestHead:
    """The request as Version 2 signs it: with every x-amz-* parameter among the headers, read later
    or not, and with Content-MD5 and Content-Type where only the query has them. Raises the same."""
    return _merged(head, lambda _: True, with_content=True)


def _is_read(name: str) -> bool:
    return name not in _UNREAD and not is_digest_header(name)


def _merged(
    head: RequestHead, is_taken: Callable[[str], bool], *, with_content: bool
) -> RequestHead:
    merged: list[tuple[bytes, bytes]] = []
    for name, value in head.query_pairs:
        lower = name.lower()
        if lower.startswith(_PREFIX):
            if not is_taken(lower):
                continue
            if _TOKEN.fullmatch(lower) is None:
                raise invalid_argument(
                    "The name of a query parameter that stands for a header holds a character that"
                    " no header's name has.",
                    name,
                    value,
                )
        elif not (with_content and lower in _V2_FIELDS):
            continue
        field = lower.encode()
        if head.raw_header(field) is None:
            merged.append((field, value.encode().strip(b" \t")))
    if not merged:
        return head
    return RequestHead(head.method, head.raw_path, head.raw_query, [*head.headers, *merged])
