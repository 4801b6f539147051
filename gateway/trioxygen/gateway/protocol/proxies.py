"""Who a request comes from, where trusted proxies passed it on. Pure.

A proxy adds the address that it was reached from at the end of X-Forwarded-For. What stands there
is believed of trusted proxies alone: from the right, the first address that is none of theirs is
the client's, and whatever stands before it the client may have written itself. X-Forwarded-Proto is
read alike.
Source: RFC 7239, section 8.1; MDN, "X-Forwarded-For", "Selecting an IP address"."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

from trioxygen.gateway.protocol.request_headers import RequestHeaders

_FOR: Final = "x-forwarded-for"
_PROTO: Final = "x-forwarded-proto"
_SCHEMES: Final = ("http", "https")
# Of proxies behind each other; who claims more of them is taken for the last one looked at.
_HOPS_MAX: Final = 32
# Some proxies write the port as well.
_WITH_PORT: Final = re.compile(r"\[([^\]]*)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+")

_Address = IPv4Address | IPv6Address


class Client(NamedTuple):
    """Attributes:
    address: of no socket that has one: "".
    scheme: that it speaks, http or https."""

    address: str
    scheme: str


class TrustedProxies:
    """Args: networks: CIDR. Raises: ValueError: one is none."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(map(ip_network, networks))

    def client(self, head: RequestHeaders, connection: Client) -> Client:
        """Of a request that came over the connection."""
        if not self._networks:
            return connection
        address = _address(connection.address)
        if address is None or not self._is_trusted(address):
            return connection
        known, hops = connection.address, 0
        for text in _from_the_right(head.header(_FOR)):
            address = _address(text)
            if address is None:
                break
            known = str(address)
            if not self._is_trusted(address):
                break
            hops += 1
        return Client(known, _scheme(head.header(_PROTO), hops) or connection.scheme)

    def _is_trusted(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)


def checked_networks(networks: Sequence[str]) -> Sequence[str]:
    """Raises: ValueError: one is none, or could never be met."""
    for text in networks:
        network = ip_network(text)
        if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
            raise ValueError(f"'{text}' is of IPv4 addresses: write it as one")
    return networks


def _from_the_right(value: str | None) -> list[str]:
    if value is None:
        return []
    return [text.strip() for text in reversed(value.rsplit(",", _HOPS_MAX)[-_HOPS_MAX:])]


def _scheme(value: str | None, hops: int) -> str | None:
    """That the proxy was spoken to in, which met the client: as many before the last one as proxies
    passed it on. Most leave or write a single one."""
    said = _from_the_right(value)
    if not said:
        return None
    scheme = said[min(hops, len(said) - 1)].lower()
    return scheme if scheme in _SCHEMES else None


def _address(text: str) -> _Address | None:
    """None: it is none."""
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address(text if with_port is None else with_port[1] or with_port[2])
    except ValueError:
        return None
    # As a socket of both families shows those of version 4.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
