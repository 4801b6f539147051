"""What condition operators compare besides text: numbers, dates, addresses, bytes.

Source: IAM user guide, "IAM JSON policy elements: Condition operators"."""

import base64
import binascii
import re
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import IPV4LENGTH, IPV6LENGTH, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
# W3C's profile of ISO 8601, and its basic form.
_DATE: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-?(?P<month>[0-9]{2})(?:-?(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:\.(?P<part>[0-9]{1,9}))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?",
    re.ASCII,
)
# Four digits are a year.
_EPOCH: Final = re.compile(r"(?![0-9]{4}\Z)[0-9]{1,12}(\.[0-9]{1,9})?", re.ASCII)
_ADDRESS_CHARACTERS_MAX: Final = 64
_MICROSECOND_DIGITS: Final = 6


def number_of(text: str) -> Decimal | None:
    """None: it is no number."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def date_of(text: str) -> Decimal | None:
    """Seconds since 1970, of a date or of such seconds. None: it is neither."""
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    part = (match["part"] or "").ljust(_MICROSECOND_DIGITS, "0")[:_MICROSECOND_DIGITS]
    try:
        day = datetime(
            int(match["year"]),
            int(match["month"] or 1),
            int(match["day"] or 1),
            int(match["hour"] or 0),
            int(match["minute"] or 0),
            int(match["second"] or 0),
            int(part),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    # Exact: a float of microseconds is not.
    elapsed = day - _BEGINNING
    seconds = Decimal(elapsed.days * 86_400 + elapsed.seconds - _zone_seconds(match["zone"]))
    return seconds + Decimal(elapsed.microseconds).scaleb(-_MICROSECOND_DIGITS)


_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _zone_seconds(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    seconds = (int(zone[1:3]) * 60 + int(zone[-2:])) * 60
    return -seconds if zone[0] == "-" else seconds


def truth_of(text: str) -> str | None:
    """ "true", "false"; None: neither."""
    lowered = text.lower()
    return lowered if lowered in ("true", "false") else None


def bytes_of(text: str) -> bytes | None:
    """Of base64. None: it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


class Network(NamedTuple):
    """Attributes:
    version: of IP: 4, 6.
    shift: how many bits of an address are free.
    bits: the others.
    """

    version: int
    shift: int
    bits: int

    @property
    def prefix_bits(self) -> int:
        """How long its prefix is."""
        return (IPV4LENGTH if self.version == 4 else IPV6LENGTH) - self.shift


def address_of(text: str) -> tuple[int, int] | None:
    """Version and bits; an IPv4 address in IPv6's clothes is one of IPv4. None: it is none."""
    if len(text) > _ADDRESS_CHARACTERS_MAX:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.version, int(address)


def network_of(text: str) -> Network | None:
    """Of CIDR, or of an address alone; IPv4 in IPv6's clothes is IPv4, as addresses are. None: it
    is neither."""
    if len(text) > _ADDRESS_CHARACTERS_MAX:
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    shift = network.max_prefixlen - network.prefixlen
    if isinstance(network, IPv6Network) and shift <= IPV4LENGTH:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return Network(4, shift, int(mapped) >> shift)
    return Network(network.version, shift, int(network.network_address) >> shift)
