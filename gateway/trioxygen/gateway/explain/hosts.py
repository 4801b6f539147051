"""Which Host a client may have signed that is another one here. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.protocol.head import RequestHead

_HOST_HEADERS: Final = (b"x-forwarded-host", b"x-original-host", b"x-host")
# Of proxies and of S3 stores, as they are written in manuals.
_USUAL_PORTS: Final = (80, 443, 8080, 8443, 9000, 9878)
_FORWARDED_HOST: Final = re.compile(rb'(?:^|[;,\s])host="?([^";,\s]+)"?', re.I)
_ENDPOINT: Final = re.compile(rb"(?:https?://)?([A-Za-z0-9.:\[\]_-]{1,255})((?:/[!-~]{0,512})?)")
_PORT: Final = re.compile(rb":([0-9]+)\Z")
_PORT_DIGITS_MAX: Final = 5
_HOSTS_MAX: Final = 40


def forwarded_hosts(head: RequestHead) -> list[bytes]:
    """Those that proxies say they were asked for, the first proxy's first.

    Source: RFC 7239 (Forwarded)."""
    hosts: list[bytes] = []
    for name in _HOST_HEADERS:
        value = head.raw_header(name)
        if value is not None:
            hosts += [host.strip() for host in value.split(b",")]
    value = head.raw_header(b"forwarded")
    if value is not None:
        hosts += _FORWARDED_HOST.findall(value)
    return list(dict.fromkeys(host for host in hosts if host))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the request. Attributes:
    own_port: of the S3 port; None: a socket without one.
    domains: that buckets may stand before in a host.
    endpoint: what somebody says the client uses; None: nobody does.
    """

    own_port: int | None
    domains: tuple[str, ...]
    endpoint: "ClientEndpoint | None" = None


@dataclass(frozen=True, slots=True)
class ClientEndpoint:
    """prefix: of paths; b"": none."""

    host: bytes
    prefix: bytes

    @staticmethod
    def parse(text: bytes) -> "ClientEndpoint | None":
        """Of `https://host:port/prefix`, without its scheme too. None: it is neither."""
        match = _ENDPOINT.fullmatch(text)
        return None if match is None else ClientEndpoint(match[1], match[2].rstrip(b"/"))


def signed_hosts(seen: bytes, head: RequestHead, surroundings: Surroundings) -> list[bytes]:
    """The likeliest first, without `seen`; bounded."""
    endpoint, own_port = surroundings.endpoint, surroundings.own_port
    names = [*forwarded_hosts(head), seen, *map(str.encode, surroundings.domains)]
    if endpoint is not None:
        names.insert(0, endpoint.host)
    plain = [*names, *map(_without_port, names)]
    ports = list(_ports(head, own_port))
    with_port = [
        b"%b:%d" % (name, port)
        for name in dict.fromkeys(map(_without_port, names))
        for port in ports
    ]
    lower = [seen.lower()]
    hosts = dict.fromkeys((*plain, *with_port, *lower))
    hosts.pop(seen, None)
    return list(hosts)[:_HOSTS_MAX]


def _ports(head: RequestHead, own_port: int | None) -> Iterator[int]:
    forwarded = head.raw_header(b"x-forwarded-port") or b""
    if forwarded.isdigit() and len(forwarded) <= _PORT_DIGITS_MAX:
        yield int(forwarded)
    if own_port is not None:
        yield own_port
    yield from _USUAL_PORTS


def _without_port(host: bytes) -> bytes:
    return _PORT.sub(b"", host)
