"""How long calls of one kind take, as the latest have shown."""

from typing import Final

_KEPT: Final = 256
# Sorting is not free.
_JUDGED_EVERY: Final = 32


class Latencies:
    """Args: first_ms: what is believed before enough calls were seen.

    Attributes: p99_ms: what 99 of 100 calls take at most.
    """

    def __init__(self, first_ms: float) -> None:
        self.p99_ms = first_ms
        self._latest: list[float] = []
        self._at = 0

    def observe(self, took_ms: float) -> None:
        latest = self._latest
        if len(latest) < _KEPT:
            latest.append(took_ms)
        else:
            latest[self._at % _KEPT] = took_ms
        self._at += 1
        if not self._at % _JUDGED_EVERY:
            ranked = sorted(latest)
            self.p99_ms = ranked[(len(ranked) * 99) // 100]
