"""How an object's bytes are kept: on how many DataNodes, and what each of them holds.

RATIS/THREE and RATIS/ONE are whole replicas; EC/rs-6-3-1024k is Reed-Solomon: cells of 1,024 KiB on
six DataNodes, and parity on three. The texts are Ozone's."""

import re
from dataclasses import dataclass
from enum import Enum, unique
from functools import lru_cache
from typing import Final

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.units import KIB, MIB
from trioxygen.proto.v1 import types_pb2

_WORDS: Final = {1: "ONE", 3: "THREE"}
_EC: Final = re.compile(r"(?:EC/)?(?:RS-)?([0-9]{1,2})-([0-9]{1,2})(?:-([0-9]{1,6})K)?")
# (data, parity) that are offered, and how large a cell is where the text does not say: a stripe,
# its parity and what waits for the network of both fit in what a gateway has for one request.
_EC_SCHEMES: Final = {(3, 2): MIB, (6, 3): 512 * KIB, (10, 4): 256 * KIB}
_CELL_BYTES_MIN: Final = 64 * KIB
_CELL_BYTES_MAX: Final = 4 * MIB


@unique
class ReplicationType(Enum):
    RATIS = types_pb2.RATIS
    EC = types_pb2.EC


@dataclass(frozen=True, slots=True)
class Replication:
    """Attributes:
    data: DataNodes that hold different bytes: 1 for RATIS.
    parity: DataNodes that may be lost.
    cell_bytes: of EC; 0 for RATIS.
    """

    type: ReplicationType
    data: int
    parity: int
    cell_bytes: int = 0

    @property
    def is_ec(self) -> bool:
        return self.type is ReplicationType.EC

    @property
    def members(self) -> int:
        """DataNodes of a pipeline."""
        return self.data + self.parity

    @property
    def text(self) -> str:
        if self.is_ec:
            return f"EC/rs-{self.data}-{self.parity}-{self.cell_bytes // KIB}k"
        return f"RATIS/{_WORDS[self.members]}"

    def members_min(self, missing_max: int) -> int:
        """Of a pipeline where there are no more DataNodes. Args: missing_max: so many members less
        are allowed then; bytes are never left without a place."""
        return max(self.data, self.members - missing_max)

    def keeps_spare(self, missing_max: int) -> bool:
        """Whether an erasure-coded block is acknowledged with one part more than it takes to read
        it: unless it is allowed that there are no more members than that. Args: missing_max: as of
        `members_min`."""
        return self.members_min(missing_max) > self.data

    def holders_min(self, members: int) -> int:
        """Of a pipeline's members, those at least that have what was acknowledged: a majority of a
        ring; of an erasure code two, as of a block of one cell, or one where none has parity."""
        if self.is_ec:
            return 2 if members > self.data else 1
        return members // 2 + 1

    @property
    def proto(self) -> types_pb2.Replication:
        return types_pb2.Replication(
            type=self.type.value, data=self.data, parity=self.parity, cell_bytes=self.cell_bytes
        )

    @classmethod
    def of_proto(cls, stored: types_pb2.Replication) -> "Replication":
        """Not set: whole replicas of before there was a choice.

        Raises: InvalidRequest: one that is not offered."""
        return _stored(stored.type, stored.data, stored.parity, stored.cell_bytes)

    @property
    def is_offered(self) -> bool:
        if not self.is_ec:
            return self.members in _WORDS
        is_cell = _CELL_BYTES_MIN <= self.cell_bytes <= _CELL_BYTES_MAX
        is_cell = is_cell and self.cell_bytes % _CELL_BYTES_MIN == 0
        return is_cell and (self.data, self.parity) in _EC_SCHEMES

    @classmethod
    def parse(cls, text: str) -> "Replication":
        """As `text` writes it, in any case; of EC also short: `EC/3-2`.

        Raises: ValueError."""
        upper = text.strip().upper()
        for replicas, word in _WORDS.items():
            if upper in (f"RATIS/{word}", f"RATIS/{replicas}"):
                return cls(ReplicationType.RATIS, 1, replicas - 1)
        match = _EC.fullmatch(upper)
        if match is not None:
            scheme = (int(match[1]), int(match[2]))
            cell_bytes = int(match[3]) * KIB if match[3] else _EC_SCHEMES.get(scheme, 0)
            replication = cls(ReplicationType.EC, *scheme, cell_bytes)
            if replication.is_offered:
                return replication
        offered = ", ".join(
            cls(ReplicationType.EC, *scheme, cell_bytes).text
            for scheme, cell_bytes in _EC_SCHEMES.items()
        )
        raise ValueError(f"'{text}' is none of RATIS/THREE, RATIS/ONE, {offered}")


# Every read of an object asks; there are few that are offered.
@lru_cache(maxsize=64)
def _stored(kind: int, data: int, parity: int, cell_bytes: int) -> Replication:
    if kind == types_pb2.REPLICATION_TYPE_UNSPECIFIED:
        return RATIS_ONE
    if kind == types_pb2.RATIS:
        replication = Replication(ReplicationType.RATIS, 1, parity)
    else:
        replication = Replication(ReplicationType.EC, data, parity, cell_bytes)
    if not replication.is_offered:
        raise InvalidRequest("a replication that is not offered", data=data, parity=parity)
    return replication


RATIS_ONE: Final = Replication(ReplicationType.RATIS, 1, 0)
RATIS_THREE: Final = Replication(ReplicationType.RATIS, 1, 2)
