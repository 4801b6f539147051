"""The requests that one gateway refused in the last hour, by their ids; the oldest go first."""

from collections import OrderedDict
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.units import MIB
from trioxygen.gateway.explain.refused import RefusedRequest

KEPT_MS: Final = 3_600_000
ENTRIES_MAX: Final = 10_000
BYTES_MAX: Final = 16 * MIB


class RefusedRequests:
    """Args: kept_ms, entries_max, bytes_max: whichever is reached first."""

    def __init__(
        self,
        clock: Clock,
        *,
        kept_ms: float = KEPT_MS,
        entries_max: int = ENTRIES_MAX,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self._clock = clock
        self._kept_ms, self._entries_max, self._bytes_max = kept_ms, entries_max, bytes_max
        # (when, size, request)
        self._kept: OrderedDict[str, tuple[float, int, RefusedRequest]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def add(self, refused: RefusedRequest) -> None:
        """Of an id that is new. About 3 us."""
        kept, size = self._kept, refused.size_bytes
        now_ms = self._clock.monotonic_ms()
        self._bytes += size
        kept[refused.request_id] = now_ms, size, refused
        while kept:
            since_ms, oldest_bytes, _ = next(iter(kept.values()))
            if (
                len(kept) <= self._entries_max
                and self._bytes <= self._bytes_max
                and now_ms - since_ms < self._kept_ms
            ):
                return
            kept.popitem(last=False)
            self._bytes -= oldest_bytes

    def get(self, request_id: str) -> RefusedRequest | None:
        """None: it was not refused here, or is forgotten."""
        entry = self._kept.get(request_id)
        if entry is None or self._clock.monotonic_ms() - entry[0] >= self._kept_ms:
            return None
        return entry[2]
