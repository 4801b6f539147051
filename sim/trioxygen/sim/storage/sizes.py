"""How large things are in a run: small, so that a short run fills containers and cells."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common.replication import Replication
from trioxygen.common.units import KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Attributes:
    objects: bounds of kinds of them: through a ring's log, in packed segments, in files of their
        own, in several blocks.
    small_bytes_max, packed_bytes_max: of a block, as gateways and DataNodes are told.
    block_bytes_max: of the gateways; of an erasure-coded one it is more than its parts are.
    part_bytes_max: what a DataNode holds of a block.
    container_bytes_max: of the SCM; DataNodes take a quarter more.
    """

    objects: tuple[tuple[int, int], ...]
    block_bytes_max: int
    part_bytes_max: int
    container_bytes_max: int
    small_bytes_max: int = 2 * KIB
    packed_bytes_max: int = 16 * KIB

    @property
    def replica_bytes_max(self) -> int:
        return self.container_bytes_max * 5 // 4


_WHOLE: Final = Sizes(
    objects=((1, 2_000), (2_100, 16_000), (17_000, 60_000), (70_000, 200_000)),
    block_bytes_max=64 * KIB,
    part_bytes_max=64 * KIB,
    container_bytes_max=256 * KIB,
)
# In one cell, in some of a stripe's, in two stripes, in two blocks.
_CODED: Final = Sizes(
    objects=((1, 2_000), (2_100, 16_000), (70_000, 190_000), (200_000, 400_000)),
    block_bytes_max=320 * KIB,
    part_bytes_max=128 * KIB,
    container_bytes_max=512 * KIB,
)


def sizes_of(replication: Replication) -> Sizes:
    return _CODED if replication.is_ec else _WHOLE
