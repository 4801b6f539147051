"""Settings of a write-ahead log."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.log.format import SEGMENT_HEADER_BYTES

_SEGMENT_BYTES_MIN: Final = 4 * SEGMENT_HEADER_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class WalConfig:
    """Attributes:
    segment_bytes: the log takes two or three segments of disk space, and what is not released.
    queued_bytes_max: of appends that are not synced yet.
    spare_segments_max: full segments that are kept to be used again.
    """

    segment_bytes: int = 64 * MIB
    queued_bytes_max: int = 64 * MIB
    spare_segments_max: int = 1

    def __post_init__(self) -> None:
        if self.segment_bytes < _SEGMENT_BYTES_MIN:
            raise InvalidRequest(
                "log segments are too small",
                segment_bytes=self.segment_bytes,
                least=_SEGMENT_BYTES_MIN,
            )
