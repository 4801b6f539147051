"""Bulk streams as messages of bytes: neither many small ones nor any too large one.

A message costs some 0.1 ms on each side whatever its size, so small pieces are joined."""

from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.units import KIB, MIB

MESSAGE_BYTES_MAX: Final = MIB
# Ends an upload. A stream without it broke, however the transport tells that.
LAST_MESSAGE: Final = b""
# Larger pieces go as they are: copying them together costs more than the message saved.
_JOINED_BYTES_MAX: Final = 128 * KIB


def messages_of(piece: Buffer) -> list[bytes]:
    """A piece as messages; the same object where it is one already, none when it is empty."""
    size = len(piece)
    if isinstance(piece, memoryview) and isinstance(piece.obj, bytes) and size == len(piece.obj):
        piece = piece.obj
    if size <= MESSAGE_BYTES_MAX:
        return [piece if isinstance(piece, bytes) else bytes(piece)] if size else []
    view = memoryview(piece)
    return [bytes(view[at : at + MESSAGE_BYTES_MAX]) for at in range(0, size, MESSAGE_BYTES_MAX)]


class Gathered:
    """Pieces on their way into messages: holds less than one message of them."""

    def __init__(self) -> None:
        self._pieces: list[Buffer] = []
        self._bytes = 0

    def add(self, piece: Buffer) -> list[bytes]:
        """The messages that are ready now."""
        size = len(piece)
        if size >= _JOINED_BYTES_MAX:
            return [*self.rest(), *messages_of(piece)]
        messages = self.rest() if self._bytes + size > MESSAGE_BYTES_MAX else []
        self._pieces.append(piece)
        self._bytes += size
        return messages

    def rest(self) -> list[bytes]:
        pieces, self._pieces, self._bytes = self._pieces, [], 0
        return messages_of(pieces[0]) if len(pieces) == 1 else messages_of(b"".join(pieces))
