"""On which rack a DataNode stands: by a table, by a program of the operator's, or all on one."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common import logs
from trioxygen.common.blocking import Blocking
from trioxygen.common.clock import Clock

log = logs.get(__name__)

DEFAULT_RACK: Final = "/default-rack"
_RACK: Final = re.compile(r"(?:/[A-Za-z0-9._-]{1,64}){1,8}")
_CACHED_MAX: Final = 10_000
# After a failure the program is asked again; what it has answered counts for so long.
_FAILED_FOR_MS: Final = 60_000.0
_CACHED_FOR_MS: Final = 3_600_000.0

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Is given hosts, gives what the program wrote: a rack on each line. Raises OSError, ValueError:
# it could not be run, it failed, it took too long, it wrote no text.
RackScript = Callable[[list[str]], str]


def checked_rack(text: str) -> str:
    """Raises: ValueError."""
    if not _RACK.fullmatch(text):
        raise ValueError(f"'{text[:100]}' is not a rack: write a path like /hall-1/rack-7")
    return text


def host_of(address: str) -> str:
    """Of HOST:PORT, without the brackets of an IPv6 address."""
    host, colon, port = address.rpartition(":")
    return (host if colon and port.isdecimal() else address).strip("[]")


@dataclass(frozen=True, slots=True)
class RackTable:
    """Attributes:
    by_name: of node ids and hosts, as they are written in addresses.
    by_network: of addresses that are numbers; the narrowest network first.
    """

    by_name: Mapping[str, str] = field(default_factory=dict)
    by_network: tuple[tuple[Network, str], ...] = ()

    @classmethod
    def parse(cls, table: Mapping[str, str]) -> "RackTable":
        """Of node ids, hosts and networks. Raises: ValueError."""
        by_name: dict[str, str] = {}
        by_network: list[tuple[Network, str]] = []
        for place, rack in table.items():
            checked_rack(rack)
            if not place:
                raise ValueError(f"the rack {rack} has neither a node id nor a host nor a network")
            if "/" not in place:
                by_name[place] = rack
                continue
            try:
                by_network.append((ipaddress.ip_network(place), rack))
            except ValueError as error:
                raise ValueError(f"'{place}' is not a network: {error}") from error
        by_network.sort(key=lambda pair: -pair[0].prefixlen)
        return cls(by_name, tuple(by_network))

    def rack_of(self, node_id: str, host: str) -> str:
        """Empty: it says nothing of it."""
        named = self.by_name.get(node_id) or self.by_name.get(host)
        if named or not self.by_network:
            return named or ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return ""  # a name: networks have none
        return next((rack for network, rack in self.by_network if address in network), "")


class Racks:
    """Args: script: asked for what the table says nothing of."""

    def __init__(
        self, table: RackTable, script: RackScript | None, blocking: Blocking, clock: Clock
    ) -> None:
        self._table, self._script = table, script
        self._blocking, self._clock = blocking, clock
        # By host, until when.
        self._cached: dict[str, tuple[str, float]] = {}

    async def rack_of(self, node_id: str, address: str) -> str:
        host = host_of(address)
        rack = self._table.rack_of(node_id, host)
        if rack or self._script is None:
            return rack or DEFAULT_RACK
        now_ms = self._clock.monotonic_ms()
        cached, until_ms = self._cached.get(host, ("", 0.0))
        if cached and now_ms < until_ms:
            return cached
        try:
            rack = checked_rack((await self._blocking.run(self._script, [host])).strip())
            valid_ms = _CACHED_FOR_MS
        except (OSError, ValueError) as error:
            # What it said before is likelier than nothing.
            rack, valid_ms = cached or DEFAULT_RACK, _FAILED_FOR_MS
            log.warning("rack_unknown", node=node_id, host=host, taken=rack, reason=error)
        if len(self._cached) >= _CACHED_MAX:
            self._cached.clear()
        self._cached[host] = (rack, now_ms + valid_ms)
        return rack
