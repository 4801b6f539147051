"""A histogram that costs an addition: plain numbers on the path of every request, made into a
metric when it is scraped."""

from bisect import bisect_left
from collections.abc import Sequence


class PlainHistogram:
    """Args:
        bounds: of the buckets, rising; what is beyond the last counts too.
    Attributes:
        total: of all that was observed.
    """

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self.total: float = 0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """(upper bound, how many were at most as large), as a HistogramMetricFamily takes them."""
        names = [*map(str, map(float, self._bounds)), "+Inf"]
        count, counts = 0, []
        for name, more in zip(names, self._counts, strict=True):
            count += more
            counts.append((name, float(count)))
        return counts
