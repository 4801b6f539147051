"""Pieces of a body, gathered to a batch."""

from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.units import KIB

# Smaller pieces are joined: an object for each would cost many times its bytes.
_JOINED_BYTES_MAX: Final = 4 * KIB
# A view keeps all that was read with it in memory: up to this size it is cheaper to copy.
_COPIED_VIEW_BYTES_MAX: Final = 32 * KIB


class Gathered:
    """Pieces of a body, in order."""

    __slots__ = ("pieces", "size_bytes")

    def __init__(self) -> None:
        self.pieces: list[Buffer] = []
        self.size_bytes = 0

    def add(self, piece: Buffer) -> None:
        self.size_bytes += len(piece)
        last = self.pieces[-1] if self.pieces else None
        if last is None or len(piece) >= _JOINED_BYTES_MAX:
            if isinstance(piece, memoryview) and len(piece) <= _COPIED_VIEW_BYTES_MAX:
                piece = bytes(piece)
            self.pieces.append(piece)
        elif isinstance(last, bytearray):
            last += piece
        else:
            self.pieces.append(bytearray(piece))
