"""Replies that grow with their rows: they end before they are too large for
a message, and say so."""

from typing import Final

from trioxygen.common.units import MIB

# Half of what a message may have: what else is in a reply fits beside it.
REPLY_BYTES_MAX: Final = 4 * MIB
# What is stored as one row is held to it when it is written, so that one always fits a reply.
ROW_BYTES_MAX: Final = 2 * MIB
# An object's: 10,000 parts, each with a key that a KMS has wrapped (some 170 bytes) and a checksum.
# An entry of the log has two, the one that is replaced beside the new one.
OBJECT_ROW_BYTES_MAX: Final = 3 * MIB
# A place behind all rows, for who asks only for what a description says besides.
AFTER_ALL: Final = b"\xff"
# A row's tag and length, and those of its key.
_FRAME_BYTES: Final = 16


class Room:
    """What is left of a reply."""

    __slots__ = ("_is_empty", "_left_bytes")

    def __init__(self, bytes_max: int = REPLY_BYTES_MAX) -> None:
        self._left_bytes, self._is_empty = bytes_max, True

    def takes(self, size_bytes: int) -> bool:
        """Whether another row goes in. The first always does: whoever pages gets on."""
        size_bytes += _FRAME_BYTES
        if size_bytes > self._left_bytes and not self._is_empty:
            return False
        self._left_bytes -= size_bytes
        self._is_empty = False
        return True
