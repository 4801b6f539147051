"""Ports of the clusters of this process's tests. A cluster that is restarted finds its own free
again: no other run of the tests has taken them meanwhile."""

import socket
from functools import cache
from typing import Final

# Beside those that `o3 cluster` chooses from, below those of outgoing connections.
_RANGE: Final = range(10_000, 20_000)
_EACH: Final = 400
# Bound as long as this process lives.
_claims: Final[list[socket.socket]] = []


@cache
def own_ports() -> range:
    """Who holds the port before the first one has the others."""
    for first in _RANGE[::_EACH]:
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", first))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return range(first + 1, first + _EACH)
    raise AssertionError("every range of ports is of another run")
