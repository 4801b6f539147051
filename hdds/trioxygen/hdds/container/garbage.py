"""Giving disk space back: holes in packed segments, and whole files."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from trioxygen.common.units import KIB
from trioxygen.hdds.container.blocks import OWN_FILE, Block

_PAGE_BYTES: Final = 4 * KIB


@dataclass(frozen=True, slots=True)
class Freed:
    """A block that no committed row names any more."""

    container: int
    local: int
    block: Block


@dataclass(frozen=True, slots=True)
class Hole:
    container: int
    segment: int
    offset_bytes: int
    size_bytes: int


class _Ranges:
    """Dead ranges of one segment; those that touch become one."""

    __slots__ = ("_end_of", "_start_of")

    def __init__(self) -> None:
        self._end_of: dict[int, int] = {}
        self._start_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._end_of)

    def add(self, start: int, end: int) -> tuple[int, int]:
        """The whole dead range that the new one is part of now."""
        left = self._start_of.pop(start, start)
        right = self._end_of.pop(end, end)
        self._end_of[left] = right
        self._start_of[right] = left
        return left, right


class Garbage:
    """Dead ranges by segment, in memory and bounded: what is forgotten is left to compaction.

    Args:
        ranges_max: of all segments together.
    """

    def __init__(self, *, ranges_max: int = 65_536) -> None:
        self._segments: dict[tuple[int, int], _Ranges] = {}
        self._ranges_max = ranges_max

    def holes(self, freed: Iterable[Freed]) -> list[Hole]:
        """Records what was freed; the whole 4 KiB pages that died with it.

        A page that several neighbours share dies with the last of them.
        """
        holes: list[Hole] = []
        packed = [freed_block for freed_block in freed if freed_block.block.segment != OWN_FILE]
        packed.sort(
            key=lambda freed_block: (
                freed_block.container,
                freed_block.block.segment,
                freed_block.block.offset_bytes,
            )
        )
        for container, segment, start, end in _joined(packed):
            ranges = self._segments.setdefault((container, segment), _Ranges())
            left, right = ranges.add(start, end)
            first = max(left + -left % _PAGE_BYTES, start - start % _PAGE_BYTES)
            last = min(right - right % _PAGE_BYTES, end + -end % _PAGE_BYTES)
            if first < last:
                holes.append(Hole(container, segment, first, last - first))
        self._forget_some()
        return holes

    def forget(self, container: int, segment: int) -> None:
        """The segment is gone."""
        self._segments.pop((container, segment), None)

    def _forget_some(self) -> None:
        while sum(map(len, self._segments.values())) > self._ranges_max:
            self._segments.pop(next(iter(self._segments)))


def _joined(packed: list[Freed]) -> Iterable[tuple[int, int, int, int]]:
    """(container, segment, start, end) of sorted blocks, neighbours joined."""
    at: tuple[int, int, int, int] | None = None
    for freed_block in packed:
        container, segment = freed_block.container, freed_block.block.segment
        start = freed_block.block.offset_bytes
        end = start + freed_block.block.size_bytes
        if at is not None and at[:2] == (container, segment) and at[3] == start:
            at = (container, segment, at[2], end)
            continue
        if at is not None:
            yield at
        at = (container, segment, start, end)
    if at is not None:
        yield at
