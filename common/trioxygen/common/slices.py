"""Ranges of what slices of blocks hold. Pure."""

from collections.abc import Iterator, Sequence

from trioxygen.proto.v1.types_pb2 import BlockSlice


def slices_of_range(
    slices: Sequence[BlockSlice], offset_bytes: int, length_bytes: int
) -> Iterator[BlockSlice]:
    """A range of the bytes that the slices are, as slices."""
    for piece in slices:
        if not length_bytes:
            return
        if offset_bytes >= piece.length_bytes:
            offset_bytes -= piece.length_bytes
            continue
        take_bytes = min(length_bytes, piece.length_bytes - offset_bytes)
        yield part_of(piece, offset_bytes, take_bytes)
        length_bytes -= take_bytes
        offset_bytes = 0
    assert not length_bytes, "a range beyond the object's blocks"


def part_of(piece: BlockSlice, offset_bytes: int, length_bytes: int) -> BlockSlice:
    """The piece itself, where it is all of it."""
    if not offset_bytes and length_bytes == piece.length_bytes:
        return piece
    part = BlockSlice()
    part.CopyFrom(piece)
    part.offset_bytes += offset_bytes
    part.length_bytes = length_bytes
    return part
