"""What readers are asked for: pieces of blocks."""

from typing import Literal, Protocol


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
