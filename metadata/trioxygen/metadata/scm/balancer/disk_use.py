"""How full DataNodes' disks are, all together and each: what is within the band, and what has to
move so that all are. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse:
    """Of a node that may give and take: healthy, in service, and known by its reports.

    Attributes:
    capacity_bytes, used_bytes: of its disks that serve.
    free_bytes: what the roomiest of them may still take; 0: it takes nothing now.
    """

    node_id: str
    capacity_bytes: int
    used_bytes: int
    free_bytes: int = 0
    rack: str = ""

    @property
    def share(self) -> float:
        return self.used_bytes / self.capacity_bytes


@dataclass(frozen=True, slots=True)
class Band:
    """Attributes: mean: of all disks together; low, high: shares that a node may have."""

    mean: float
    low: float
    high: float

    def above_bytes(self, use: DiskUse) -> int:
        """What a node holds beyond the band."""
        return max(0, use.used_bytes - int(self.high * use.capacity_bytes))

    def below_bytes(self, use: DiskUse) -> int:
        """What it lacks to be within."""
        return max(0, int(self.low * use.capacity_bytes) - use.used_bytes)

    def holds(self, use: DiskUse) -> bool:
        return not self.above_bytes(use) and not self.below_bytes(use)


def band_of(uses: Sequence[DiskUse], threshold_percent: float) -> Band:
    capacity_bytes = sum(use.capacity_bytes for use in uses)
    used_bytes = sum(use.used_bytes for use in uses)
    mean = used_bytes / capacity_bytes if capacity_bytes else 0.0
    threshold = threshold_percent / 100
    return Band(mean, max(0.0, mean - threshold), mean + threshold)


def bytes_left(uses: Iterable[DiskUse], band: Band) -> int:
    """That have to move at least until all are within the band."""
    above = below = 0
    for use in uses:
        above += band.above_bytes(use)
        below += band.below_bytes(use)
    return max(above, below)


def farthest_first(uses: Iterable[DiskUse], band: Band) -> list[DiskUse]:
    """Those out of the band before the others."""
    return sorted(uses, key=lambda use: (band.holds(use), -abs(use.share - band.mean), use.node_id))
