"""When a read is asked for a second time, of another replica.

What 99 of 100 reads take is waited for; what is then asked for twice is a small share of all, so
that replicas which are slow with work are not given twice as much of it."""

from enum import Enum, unique

from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.latencies import Latencies


@unique
class ReadKind(Enum):
    """SMALL: one call. FIRST: of a stream's pieces. NEXT: of those that follow."""

    SMALL = "small"
    FIRST = "first"
    NEXT = "next"


class Hedges:
    """Of all reads of one client."""

    def __init__(self, config: ClientConfig) -> None:
        self._config = config
        self._latencies = {kind: Latencies(config.hedge_ms_max / 4) for kind in ReadKind}
        self._left = float(config.hedge_burst)

    def observe(self, kind: ReadKind, took_ms: float) -> None:
        self._latencies[kind].observe(took_ms)
        self._left = min(self._left + self._config.hedge_share, float(self._config.hedge_burst))

    def wait_ms(self, kind: ReadKind) -> float:
        """How long one replica is waited for, where there are others."""
        config = self._config
        if self._left < 1.0:
            return config.fail_over_ms
        p99_ms = self._latencies[kind].p99_ms
        return min(max(p99_ms, config.hedge_ms_min), config.hedge_ms_max)

    def spend(self) -> bool:
        """Whether two may be asked at once."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
