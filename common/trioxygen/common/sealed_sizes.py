"""How many bytes sealed objects take, and where in them a range is. Pure arithmetic.

A piece of an object is sealed in frames: 65,520 bytes of it each, the last one what is left, and 16
more for a tag (gateway/sealing). A run of a piece, such as a copied range, keeps the frames that it
touches whole.
"""

from typing import Final, NamedTuple, Protocol

TAG_BYTES: Final = 16
SEALED_FRAME_BYTES: Final = 64 * 1024
FRAME_BYTES: Final = SEALED_FRAME_BYTES - TAG_BYTES


class Piece(Protocol):
    """A protobuf SealedPiece."""

    plain_bytes: int
    sealed_plain_bytes: int
    offset_bytes: int


class Frames(NamedTuple):
    """Attributes:
    first: number of the frame that they begin with.
    offset_bytes: of its sealed bytes, in what is stored of the piece.
    length_bytes: of their sealed bytes.
    skip_bytes: of the first one, plain: before what is wanted.
    """

    first: int
    offset_bytes: int
    length_bytes: int
    skip_bytes: int


def frame_count(plain_bytes: int) -> int:
    """Nothing has none."""
    return -(-plain_bytes // FRAME_BYTES)


def sealed_bytes(plain_bytes: int) -> int:
    """Of all that was sealed under one key."""
    return plain_bytes + TAG_BYTES * frame_count(plain_bytes)


def whole_bytes(piece: Piece) -> int:
    """Plain, of all that was sealed under its key."""
    return piece.sealed_plain_bytes or piece.plain_bytes


def frames_of(piece: Piece, offset_bytes: int, length_bytes: int) -> Frames:
    """Those that a range of a piece touches; not of an empty one."""
    stored_first = piece.offset_bytes // FRAME_BYTES
    begin = piece.offset_bytes + offset_bytes
    first = begin // FRAME_BYTES
    last = (begin + length_bytes - 1) // FRAME_BYTES
    end = min((last + 1) * SEALED_FRAME_BYTES, sealed_bytes(whole_bytes(piece)))
    start = first * SEALED_FRAME_BYTES
    return Frames(
        first=first,
        offset_bytes=start - stored_first * SEALED_FRAME_BYTES,
        length_bytes=end - start,
        skip_bytes=begin - first * FRAME_BYTES,
    )


def stored_bytes(piece: Piece) -> int:
    """What the blocks hold of it."""
    if not piece.sealed_plain_bytes and not piece.offset_bytes:
        # As `sealed_bytes`. Hot.
        plain_bytes = piece.plain_bytes
        return plain_bytes + TAG_BYTES * -(-plain_bytes // FRAME_BYTES)
    return frames_of(piece, 0, piece.plain_bytes).length_bytes if piece.plain_bytes else 0
