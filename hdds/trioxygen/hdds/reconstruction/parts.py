"""Which parts of a block there are, which are rebuilt, and from which. Pure."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import tag_of
from trioxygen.hdds.ec.layout import GroupLayout


@dataclass(frozen=True, slots=True)
class HeldPart:
    """Of one index, as its holder lists it."""

    size_bytes: int
    checksums: bytes
    group: BlockGroup | None


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """Of one block.

    Attributes:
    sources: indexes that are read: as many as there are for data, less those that have no bytes.
    lost: indexes that have bytes, and that nobody holds, or that are made anew: all are computed,
        since the block's tag is of all.
    """

    local: int
    group: BlockGroup
    layout: GroupLayout
    sources: tuple[int, ...]
    lost: frozenset[int]

    @property
    def part_bytes_max(self) -> int:
        return self.layout.index_bytes(1)


def rebuilding_of(
    local: int,
    held: Mapping[int, HeldPart],
    layout_of: Callable[[int], GroupLayout],
    *,
    avoided: Set[int],
    targets: Set[int] = frozenset(),
) -> Rebuilding | None:
    """None: there is nothing to rebuild it from. It was never acknowledged, or more are lost than
    there are for parity.

    Args:
        held: by index. avoided: that could not be read.
        targets: indexes that get a new replica. A source may hold some of its parts.
    """
    groups = [part.group for part in held.values() if part.group is not None]
    if not groups:
        return None
    # A block that was written twice, of which the former was never acknowledged, is of two groups.
    group = max(set(groups), key=lambda each: (groups.count(each), each))
    layout = layout_of(group.size_bytes)
    filled = [index for index in layout.indexes if layout.index_bytes(index)]
    whole = [
        index
        for index in filled
        if index in held
        and held[index].group == group
        and held[index].size_bytes == layout.index_bytes(index)
    ]
    needed = layout.data_cells
    readable = [index for index in whole if index not in avoided]
    if len(readable) < needed:
        return None
    return Rebuilding(
        local=local,
        group=group,
        layout=layout,
        sources=tuple(readable[:needed]),
        lost=frozenset(filled) - (frozenset(whole) - targets),
    )


def computing_of(
    local: int, group: BlockGroup, layout: GroupLayout, index: int, *, available: Set[int]
) -> Rebuilding | None:
    """Of one index alone, whose checksums are known where it is. None: too few others are left.

    Args: available: indexes that somebody is said to hold."""
    sources = [
        other
        for other in layout.indexes
        if other != index and other in available and layout.index_bytes(other)
    ]
    needed = layout.data_cells
    if len(sources) < needed or not layout.index_bytes(index):
        return None
    return Rebuilding(
        local=local,
        group=group,
        layout=layout,
        sources=tuple(sources[:needed]),
        lost=frozenset({index}),
    )


def is_whole_block(container: int, rebuilding: Rebuilding, checksums: Mapping[int, bytes]) -> bool:
    """Whether these are the parts of the block that was written. Args: checksums: by index; those
    that have no bytes may be left out."""
    of_all = b"".join(checksums.get(index, b"") for index in rebuilding.layout.indexes)
    return tag_of(container, rebuilding.local, of_all) == rebuilding.group.tag
