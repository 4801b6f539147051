"""How much was done lately."""

from collections import deque
from typing import Final

_BUCKET_MS: Final = 30_000.0
_BUCKETS: Final = 10


class RecentRate:
    """Of the last minutes. Attributes: count, size_bytes: since the start."""

    def __init__(self) -> None:
        self.count = self.size_bytes = 0
        # (since when, how many bytes), the latest last.
        self._buckets: deque[tuple[float, int]] = deque(maxlen=_BUCKETS)

    def add(self, now_ms: float, size_bytes: int) -> None:
        self.count += 1
        self.size_bytes += size_bytes
        if self._buckets and now_ms - self._buckets[-1][0] < _BUCKET_MS:
            since_ms, before = self._buckets.pop()
            self._buckets.append((since_ms, before + size_bytes))
        else:
            self._buckets.append((now_ms, size_bytes))

    def bytes_per_s(self, now_ms: float) -> float:
        lately = [
            (since_ms, size_bytes)
            for since_ms, size_bytes in self._buckets
            if now_ms - since_ms < _BUCKET_MS * _BUCKETS
        ]
        if not lately:
            return 0.0
        lasted_ms = max(now_ms - lately[0][0], 1_000.0)
        return sum(size_bytes for _, size_bytes in lately) * 1_000 / lasted_ms
