"""How bytes are sealed: AES-256-GCM in frames, so that a range costs what it covers and a flipped
bit, a frame that is missing, swapped or of another piece is found. Pure.

A piece is what was written in one go (an object, a part) and has a key of its own. A frame holds
65,520 bytes of it, the last one what is left, and is 16 bytes longer when it is sealed: 64 KiB, as
a checksum's unit. Its nonce is its number, and whether it is the last: no nonce comes twice under
one key, and a piece that was cut has no last frame.

Source: NIST SP 800-38D; Hoang et al., "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance" (the STREAM construction).
"""

from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch
from trioxygen.common.sealed_sizes import (
    FRAME_BYTES,
    SEALED_FRAME_BYTES,
    TAG_BYTES,
    frame_count,
)

KEY_BYTES: Final = 32
_NONCES: Final = ((0).to_bytes(4, "big"), (1).to_bytes(4, "big"))


def _nonce(index: int, *, is_last: bool) -> bytes:
    return index.to_bytes(8, "big") + _NONCES[is_last]


# Of a piece of one frame.
_ONLY: Final = _nonce(0, is_last=True)
_NOT_SEALED: Final = "a frame is not what was sealed"


class _Cutter:
    """Cuts what comes in into frames of a size, without copying those that come whole."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = bytearray()

    def __len__(self) -> int:
        return len(self._left)

    def cut(self, view: memoryview, size_bytes: int) -> tuple[Buffer, memoryview]:
        """The next frame, of which the first bytes may have come before; what is behind it."""
        left = self._left
        wanted = size_bytes - len(left)
        if not left:
            return view[:wanted], view[wanted:]
        frame = left + view[:wanted]
        self._left = bytearray()
        return frame, view[wanted:]

    def keep(self, view: memoryview) -> None:
        self._left += view

    def take(self) -> bytearray:
        left, self._left = self._left, bytearray()
        return left


def cipher_of(key: bytes) -> AESGCM:
    """What seals a piece. Args: key: of this piece alone, 32 bytes."""
    return AESGCM(key)


class Sealer:
    """Seals a piece as it comes in.

    Args:
        cipher: of this piece alone.
    Attributes:
        taken_bytes: of the piece, so far.
    """

    def __init__(self, cipher: AESGCM) -> None:
        self._cipher = cipher
        self._index = 0
        self._cutter = _Cutter()
        self.taken_bytes = 0

    def update(self, pieces: Iterable[Buffer]) -> list[Buffer]:
        """The frames that are whole, in as few buffers as pieces. Something always stays back: it
        might be the last frame's."""
        sealed: list[Buffer] = []
        cutter = self._cutter
        for piece in pieces:
            view = memoryview(piece)
            self.taken_bytes += len(view)
            count = (len(cutter) + len(view) - 1) // FRAME_BYTES if view else 0
            if count > 0:
                # One buffer for all: many of 64 KiB cost more than what is done with them.
                into = memoryview(bytearray(count * SEALED_FRAME_BYTES))
                for at in range(0, len(into), SEALED_FRAME_BYTES):
                    frame, view = cutter.cut(view, FRAME_BYTES)
                    self._seal(frame, into[at : at + SEALED_FRAME_BYTES], is_last=False)
                sealed.append(into)
            cutter.keep(view)
        return sealed

    def finish(self) -> list[Buffer]:
        """The last frame; none of an empty piece."""
        last = self._cutter.take()
        if not last:
            return []
        into = bytearray(len(last) + TAG_BYTES)
        self._seal(last, into, is_last=True)
        return [into]

    def _seal(self, plain: Buffer, into: Buffer, *, is_last: bool) -> None:
        self._cipher.encrypt_into(_nonce(self._index, is_last=is_last), plain, None, into)
        self._index += 1


def seal(cipher: AESGCM, plain: Buffer) -> bytes:
    """A whole piece."""
    if len(plain) <= FRAME_BYTES:
        return cipher.encrypt(_ONLY, plain, None) if plain else b""
    sealer = Sealer(cipher)
    return b"".join([*sealer.update((plain,)), *sealer.finish()])


def open_frame(key: bytes, sealed: Buffer) -> bytes:
    """A whole piece that one frame holds: `seal`'s. Raises: ChecksumMismatch."""
    try:
        return AESGCM(key).decrypt(_ONLY, sealed, None)
    except InvalidTag:
        raise _bad(_NOT_SEALED, 0) from None


class Opener:
    """Opens frames of a piece, in order, as their bytes come in.

    Args:
        piece_bytes: of the whole piece, plain.
        first_frame: that the bytes begin with.
    """

    def __init__(self, key: bytes, piece_bytes: int, first_frame: int = 0) -> None:
        self._cipher = AESGCM(key)
        self._piece_bytes, self._index = piece_bytes, first_frame
        self._frames = frame_count(piece_bytes)
        self._cutter = _Cutter()

    def update(self, piece: Buffer) -> Buffer:
        """What the frames hold that are whole now.

        Raises: ChecksumMismatch: a frame is not what was written there."""
        view, cutter = memoryview(piece), self._cutter
        sizes = self._whole(len(cutter) + len(view))
        into = memoryview(bytearray(sum(sizes)))
        at = 0
        for size in sizes:
            sealed, view = cutter.cut(view, size + TAG_BYTES)
            self._open(sealed, into[at : at + size])
            at += size
        if view and self._index >= self._frames:
            raise self._bad("bytes behind the last frame")
        cutter.keep(view)
        return into

    def _whole(self, sealed_bytes: int) -> list[int]:
        """Plain sizes of the next frames, of which so much is there."""
        sizes: list[int] = []
        for index in range(self._index, self._frames):
            size = min(self._piece_bytes - index * FRAME_BYTES, FRAME_BYTES)
            sealed_bytes -= size + TAG_BYTES
            if sealed_bytes < 0:
                break
            sizes.append(size)
        return sizes

    def _open(self, sealed: Buffer, into: Buffer) -> None:
        nonce = _nonce(self._index, is_last=self._index == self._frames - 1)
        try:
            self._cipher.decrypt_into(nonce, sealed, None, into)
        except InvalidTag:
            raise self._bad(_NOT_SEALED) from None
        self._index += 1

    def finish(self) -> None:
        """Raises: ChecksumMismatch: bytes of a frame are missing."""
        if len(self._cutter):
            raise self._bad("a frame does not end")

    def _bad(self, what: str) -> ChecksumMismatch:
        return _bad(what, self._index)


def _bad(what: str, frame: int) -> ChecksumMismatch:
    return ChecksumMismatch("sealed bytes are bad", reason=what, frame=frame)
