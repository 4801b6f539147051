"""Request targets and Host fields: the one parser of both. Pure, and total: any bytes are a target
or a refusal.

Source: RFC 9112, sections 3.2 and 3.3; RFC 9110, section 4.2; RFC 3986, section 3.2.
"""

import ipaddress
import re
from typing import Final, NamedTuple

_PORT_MAX: Final = 65_535

# A name or IPv4 address, then a port: nearly every Host there is.
_USUAL: Final = re.compile(rb"[A-Za-z0-9._-]{1,255}(?::([0-9]{0,5}))?")
_AUTHORITY: Final = re.compile(
    rb"(?:\[([0-9A-Fa-f:.]{2,45})\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2}){1,255}+)"
    rb"(?::([0-9]{0,5}))?"
)
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)", re.I)
# What the request line cannot hold; the parser below lets some of it through.
_FORBIDDEN: Final = re.compile(rb"[\x00-\x20\x7f#]")


class BadTarget(ValueError):
    """Neither of the forms that a server of origin takes."""


class RequestTarget(NamedTuple):
    """Attributes:
    path: still percent-encoded, starts with "/"; or "*", of the server as a whole.
    query: without the question mark.
    authority: host and port of an absolute target, None if it has none.
    """

    path: bytes
    query: bytes
    authority: bytes | None = None


def parse_target(target: bytes) -> RequestTarget:
    """Origin form (`/path?query`), absolute form (`http://host/path?query`) or `*`.

    Raises:
        BadTarget: the authority form (CONNECT only), another scheme, a host that is none, user
            names, a fragment, white space and control characters.
    """
    if _FORBIDDEN.search(target) is not None:
        raise BadTarget("a character that no target has")
    authority: bytes | None = None
    rest = target
    if target[:1] != b"/" and target != b"*":
        match = _ABSOLUTE.match(target)
        if match is None:
            raise BadTarget("not a path, and not of http")
        authority = match[1]
        if not authority or not is_authority(authority):
            raise BadTarget("not a host")
        rest = target[match.end() :]
        if rest[:1] != b"/":
            rest = b"/" + rest
    path, _, query = rest.partition(b"?")
    return RequestTarget(path, query, authority)


def is_authority(value: bytes) -> bool:
    """Whether it is `host[:port]`, as Host has it: a name, an IPv4 or a bracketed IPv6 address."""
    match = _USUAL.fullmatch(value)
    if match is not None:
        port = match[1]
    else:
        match = _AUTHORITY.fullmatch(value)
        if match is None or not (match[1] is None or _is_ipv6(match[1])):
            return False
        port = match[2]
    return not port or int(port) <= _PORT_MAX


def _is_ipv6(text: bytes) -> bool:
    try:
        ipaddress.IPv6Address(text.decode("ascii"))
    except ValueError:
        return False
    return True
