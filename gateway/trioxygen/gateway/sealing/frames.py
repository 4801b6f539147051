"""How bytes are sealed: AES-256-GCM in frames, so that a range costs what it covers and a flipped
bit, a frame that is missing, swapped or of another piece is found. Pure.

A piece is what was written in one go (an object, a part) and has a key of its own. A frame holds
65,520 bytes of it, the last one what is left, and is 16 bytes longer sealed: 64 KiB, as the unit of
a checksum. Its nonce is its number, and whether it is the last: no nonce comes twice under one key,
and a piece that was cut has no last frame.

Source: NIST SP 800-38D; Hoang et al., "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance" (the STREAM construction).
"""

from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch

TAG_BYTES: Final = 16
SEALED_FRAME_BYTES: Final = 64 * 1024
FRAME_BYTES: Final = SEALED_FRAME_BYTES - TAG_BYTES
KEY_BYTES: Final = 32
_NONCES: Final = ((0).to_bytes(4, "big"), (1).to_bytes(4, "big"))


def frame_count(plain_bytes: int) -> int:
    """An empty piece has none."""
    return -(-plain_bytes // FRAME_BYTES)


def sealed_bytes(plain_bytes: int) -> int:
    return plain_bytes + TAG_BYTES * frame_count(plain_bytes)


def _nonce(index: int, *, is_last: bool) -> bytes:
    return index.to_bytes(8, "big") + _NONCES[is_last]


class Sealer:
    """Seals a piece as it comes in.

    Args:
        key: of this piece alone, 32 bytes.
    Attributes:
        taken_bytes: of the piece, so far.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._index = 0
        self._left: list[Buffer] = []
        self._left_bytes = 0
        self.taken_bytes = 0

    def update(self, pieces: Iterable[Buffer]) -> list[bytes]:
        """The frames that are whole. One always stays back: it might be the last."""
        frames: list[bytes] = []
        for piece in pieces:
            view = memoryview(piece)
            self.taken_bytes += len(view)
            while self._left_bytes + len(view) > FRAME_BYTES:
                cut = FRAME_BYTES - self._left_bytes
                self._left.append(view[:cut])
                view = view[cut:]
                frames.append(self._frame(is_last=False))
            if view:
                self._left.append(view)
                self._left_bytes += len(view)
        # What is kept is not the caller's buffer, which may be used again.
        if len(self._left) > 1 or frames:
            self._left = [b"".join(self._left)] if self._left else []
        return frames

    def finish(self) -> list[bytes]:
        """The last frame; none of an empty piece."""
        return [self._frame(is_last=True)] if self._left_bytes else []

    def _frame(self, *, is_last: bool) -> bytes:
        plain = self._left[0] if len(self._left) == 1 else b"".join(self._left)
        sealed = self._cipher.encrypt(_nonce(self._index, is_last=is_last), plain, None)
        self._index += 1
        self._left, self._left_bytes = [], 0
        return sealed


def seal(key: bytes, plain: Buffer) -> bytes:
    """A whole piece."""
    if len(plain) <= FRAME_BYTES:
        return AESGCM(key).encrypt(_nonce(0, is_last=True), plain, None) if plain else b""
    sealer = Sealer(key)
    return b"".join([*sealer.update((plain,)), *sealer.finish()])


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
        self._left: list[Buffer] = []
        self._left_bytes = 0

    def update(self, pieces: Iterable[Buffer]) -> list[bytes]:
        """What the frames hold that are whole now.

        Raises: ChecksumMismatch: a frame is not what was written there."""
        opened: list[bytes] = []
        for piece in pieces:
            view = memoryview(piece)
            while view:
                wanted = self._sealed_bytes() - self._left_bytes
                self._left.append(view[:wanted])
                self._left_bytes += len(self._left[-1])
                view = view[wanted:]
                if self._left_bytes == self._sealed_bytes():
                    opened.append(self._open())
        if self._left:
            self._left = [b"".join(self._left)]
        return opened

    def _sealed_bytes(self) -> int:
        """Of the frame that is due."""
        if self._index >= self._frames:
            raise self._bad("bytes behind the last frame")
        left = self._piece_bytes - self._index * FRAME_BYTES
        return min(left, FRAME_BYTES) + TAG_BYTES

    def _open(self) -> bytes:
        sealed = self._left[0] if len(self._left) == 1 else b"".join(self._left)
        nonce = _nonce(self._index, is_last=self._index == self._frames - 1)
        try:
            plain = self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            raise self._bad("a frame is not what was sealed") from None
        self._index += 1
        self._left, self._left_bytes = [], 0
        return plain

    def finish(self) -> None:
        """Raises: ChecksumMismatch: bytes of a frame are missing."""
        if self._left_bytes:
            raise self._bad("a frame does not end")

    def _bad(self, what: str) -> ChecksumMismatch:
        return ChecksumMismatch("sealed bytes are bad", reason=what, frame=self._index)
