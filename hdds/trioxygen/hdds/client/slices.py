"""What readers are asked for: pieces of blocks, and which of them a range of bytes is."""

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

from trioxygen.proto.v1.types_pb2 import BlockSlice


class Slice(Protocol):
    """A piece of a block: a protobuf BlockSlice."""

    @property
    def container(self) -> int: ...
    @property
    def local(self) -> int: ...
    @property
    def offset_bytes(self) -> int: ...
    @property
    def length_bytes(self) -> int: ...
    @property
    def tag(self) -> int: ...
    @property
    def replica_index(self) -> int: ...
    @property
    def block_bytes(self) -> int: ...
    def HasField(self, name: Literal["tag"], /) -> bool: ...


def tag_in(piece: Slice) -> int | None:
    """What a reference says of its block; None: it was made before there were tags."""
    return piece.tag if piece.HasField("tag") else None


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
