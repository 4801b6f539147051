"""What the store over OM and DataNodes is told."""

from dataclasses import dataclass

from trioxygen.common.units import KIB, MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class OzoneConfig:
    """Attributes:
    packed_bytes_max: objects up to this size share one pool of blocks; larger ones take large
        blocks.
    give_back_ms_max: a stop waits no longer for an OM that may be stopping too.
    """

    block_bytes_max: int = 256 * MIB
    small_bytes_max: int = 64 * KIB
    packed_bytes_max: int = MIB
    small_blocks_leased: int = 512
    large_blocks_leased: int = 4
    lease_check_ms: float = 2_000
    give_back_ms_max: float = 2_000
