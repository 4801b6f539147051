"""What names a committed block: whoever keeps it can read the block, and be sure that it is that
one."""

import re
from dataclasses import dataclass
from typing import Final

from trioxygen.proto.v1.namespaces_pb2 import NamespaceBlock
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

_CODED: Final = "ec"
_NUMBER: Final = "([0-9]{1,19})"
_TEXT: Final = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.([0-9a-f]{{8}})(\.{_CODED})?")


@dataclass(frozen=True, slots=True, order=True)
class BlockRef:
    """Attributes:
    container, local: which block it is; never given again.
    tag: binds it to the bytes that were written: a DataNode refuses to read another block's.
    """

    container: int
    local: int
    size_bytes: int
    tag: int
    is_erasure_coded: bool = False

    def __str__(self) -> str:
        """As `parse` reads it."""
        coded = f".{_CODED}" if self.is_erasure_coded else ""
        return f"{self.container}.{self.local}.{self.size_bytes}.{self.tag:08x}{coded}"

    @classmethod
    def parse(cls, text: str) -> "BlockRef":
        """Raises: ValueError."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is no block: CONTAINER.LOCAL.BYTES.TAG")
        container, local, size_bytes = (int(match[number]) for number in (1, 2, 3))
        return cls(container, local, size_bytes, int(match[4], 16), match[5] is not None)

    @property
    def id(self) -> BlockId:
        return BlockId(container=self.container, local=self.local)

    @property
    def slice(self) -> BlockSlice:
        """All of it, as readers are asked for it."""
        return BlockSlice(
            container=self.container,
            local=self.local,
            length_bytes=self.size_bytes,
            tag=self.tag,
            block_bytes=self.size_bytes if self.is_erasure_coded else 0,
        )


@dataclass(frozen=True, slots=True)
class ListedBlock:
    """Attributes:
    label: as it was committed with.
    committed_ms: by the wall clock of the SCM, in milliseconds since 1970.
    place: among the blocks of its commit, from 0.
    """

    ref: BlockRef
    label: bytes
    committed_ms: int
    place: int

    @classmethod
    def of(cls, listed: NamespaceBlock) -> "ListedBlock":
        row = listed.block
        ref = BlockRef(
            listed.id.container, listed.id.local, row.length_bytes, row.tag, row.erasure_coded
        )
        return cls(ref, row.label, row.committed_ms, row.place)
