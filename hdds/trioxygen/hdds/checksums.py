"""CRC32C of each 64 KiB of a block: computed once as its bytes arrive, checked at every read.

Stored as 4 bytes each, little endian. The last piece of a block may be shorter.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Final

from awscrt import checksums

from trioxygen.common.checksum import raw_crc32c
from trioxygen.common.disk import Buffer
from trioxygen.common.units import KIB

# (data, value so far) -> value; takes any buffer, whatever its annotations say.
crc32c: Final[Callable[..., int]] = checksums.crc32c

PIECE_BYTES: Final = 64 * KIB
_ID: Final = struct.Struct("<QQ")


def checksums_of(data: Buffer) -> bytes:
    """Of a whole block."""
    if len(data) <= PIECE_BYTES:
        return crc32c(data).to_bytes(4, "little")
    view = memoryview(data)
    return b"".join(
        crc32c(view[start : start + PIECE_BYTES]).to_bytes(4, "little")
        for start in range(0, len(view), PIECE_BYTES)
    )


def tag_of(container: int, local: int, checksums: bytes) -> int:
    """A block's tag: binds a reference to the block's id and to its bytes. 32 bits.

    Args:
        checksums: of the whole block, as stored.
    """
    return raw_crc32c(_ID.pack(container, local) + checksums, 0)


class RunningChecksums:
    """Of a block that arrives in buffers of any sizes."""

    __slots__ = ("_done", "_filled_bytes", "_value")

    def __init__(self) -> None:
        self._done = bytearray()
        self._value = 0
        self._filled_bytes = 0

    def update(self, buffers: Iterable[Buffer]) -> None:
        for buffer in buffers:
            size_bytes = len(buffer)
            room = PIECE_BYTES - self._filled_bytes
            if size_bytes < room:
                self._value = crc32c(buffer, self._value)
                self._filled_bytes += size_bytes
                continue
            view = memoryview(buffer)
            start, end = 0, room
            while end <= size_bytes:
                value = crc32c(view[start:end], self._value)
                self._done += value.to_bytes(4, "little")
                self._value = 0
                start, end = end, end + PIECE_BYTES
            self._filled_bytes = size_bytes - start
            if self._filled_bytes:
                self._value = crc32c(view[start:])

    def finish(self) -> bytes:
        """All of them, stored form."""
        if self._filled_bytes:
            self._done += self._value.to_bytes(4, "little")
            self._value = self._filled_bytes = 0
        return bytes(self._done)


def first_bad_piece(data: Buffer, stored: bytes, first_piece: int = 0) -> int | None:
    """The number of the first piece that differs from what is stored; None when all is well.

    Args:
        data: whole pieces from `first_piece` on (the block's last one may be shorter).
    """
    if len(data) <= PIECE_BYTES:
        value = crc32c(data)
        at = first_piece * 4
        return None if value == int.from_bytes(stored[at : at + 4], "little") else first_piece
    view = memoryview(data)
    at = first_piece * 4
    for start in range(0, len(view), PIECE_BYTES):
        value = crc32c(view[start : start + PIECE_BYTES])
        if value != int.from_bytes(stored[at : at + 4], "little"):
            return at // 4
        at += 4
    return None
