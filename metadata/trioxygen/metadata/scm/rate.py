"""How much was done lately."""

from collections import deque
from typing import Final

_BUCKET_MS: Final = 30_000.0
_BUCKETS: Final = 10


class RecentRate:
    """Of the last minutes, of bytes or whatever is counted. Attributes: count, amount: of all that
    was added."""

    def __init__(self) -> None:
        self.count = self.amount = 0
        # (since when, how much), the latest last.
        self._buckets: deque[tuple[float, int]] = deque(maxlen=_BUCKETS)

    def add(self, now_ms: float, amount: int) -> None:
        self.count += 1
        self.amount += amount
        if self._buckets and now_ms - self._buckets[-1][0] < _BUCKET_MS:
            since_ms, before = self._buckets.pop()
            self._buckets.append((since_ms, before + amount))
        else:
            self._buckets.append((now_ms, amount))

    def per_s(self, now_ms: float) -> float:
        lately = [
            (since_ms, amount)
            for since_ms, amount in self._buckets
            if now_ms - since_ms < _BUCKET_MS * _BUCKETS
        ]
        if not lately:
            return 0.0
        lasted_ms = max(now_ms - lately[0][0], 1_000.0)
        return sum(amount for _, amount in lately) * 1_000 / lasted_ms
