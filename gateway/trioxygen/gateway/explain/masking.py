"""What an explanation does not show: whatever opens something, in headers and in queries.

Tokens of sessions and of web identities, customers' keys and their digests, cookies, signatures,
and encryption contexts, which are their clients' own business."""

import re
from typing import Final

NOT_SHOWN: Final = "(not shown)"

_NAMES: Final = (
    rb"(?:proxy-)?authorization|cookie|x-amz-security-token|x-amz-signature|signature"
    rb"|webidentitytoken|tokencode"  # of STS, which takes a query, too
    rb"|[a-z0-9-]*server-side-encryption-(?:customer-key(?:-md5)?|context)"
)
_SECRET_NAME: Final = re.compile(_NAMES, re.I)
_IN_HEADER: Final = re.compile(rb"^([ \t]*(?:" + _NAMES + rb")[ \t]*:).*$", re.I | re.M)
_IN_QUERY: Final = re.compile(rb"((?:^|[?&])(?:" + _NAMES + rb")=)[^&\n]*", re.I | re.M)


def is_secret(name: bytes) -> bool:
    """Of the value of a header, or of a parameter of the query."""
    return _SECRET_NAME.fullmatch(name.strip()) is not None


def masked(signed: bytes) -> str:
    """Of a canonical request, a string to sign or a query, as text."""
    hidden = NOT_SHOWN.encode()
    signed = _IN_QUERY.sub(rb"\1" + hidden, _IN_HEADER.sub(rb"\1" + hidden, signed))
    return signed.decode(errors="backslashreplace")
