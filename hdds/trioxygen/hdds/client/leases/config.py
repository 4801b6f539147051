"""How blocks are leased, and how long each may be."""

from dataclasses import dataclass

from trioxygen.common.units import KIB, MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasingConfig:
    """Attributes:
    packed_bytes_max: what is no longer shares one pool of blocks; the rest takes large blocks.
    small_bytes_max: what is no longer goes through the ring's log, in one call.
    give_back_ms_max: a stop waits no longer for a service that may be stopping too.
    """

    block_bytes_max: int = 256 * MIB
    small_bytes_max: int = 64 * KIB
    packed_bytes_max: int = MIB
    small_blocks_leased: int = 512
    large_blocks_leased: int = 4
    lease_check_ms: float = 2_000
    give_back_ms_max: float = 2_000
