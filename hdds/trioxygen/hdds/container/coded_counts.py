"""Which blocks a replica of an erasure code has parts of, in few numbers.

Replicas that are to have the same blocks have the same counts. Blocks are told apart by how many
data indexes have bytes of them: of a short block an index that has none is to have no part."""

from collections.abc import Iterable

from trioxygen.hdds.block_group import BlockGroup
from trioxygen.proto.v1.types_pb2 import CodedBlocks

_TAG_SUM_END = 2**64


class CodedCounts:
    """Attributes: by_cells: (blocks, sum of their tags) by the data indexes that have bytes."""

    __slots__ = ("by_cells",)

    def __init__(self) -> None:
        self.by_cells: dict[int, tuple[int, int]] = {}

    @classmethod
    def of_messages(cls, messages: Iterable[CodedBlocks]) -> "CodedCounts":
        counts = cls()
        for each in messages:
            counts.by_cells[each.data_cells] = (each.count, each.tag_sum)
        return counts

    def messages(self) -> list[CodedBlocks]:
        return [
            CodedBlocks(data_cells=cells, count=count, tag_sum=tag_sum)
            for cells, (count, tag_sum) in sorted(self.by_cells.items())
        ]

    def add(self, group: BlockGroup | None, sign: int = 1) -> None:
        """Args: group: of before data cells were kept, or of a whole block: not counted."""
        if group is not None and group.data_cells:
            self._change(group.data_cells, sign, sign * group.tag)

    def with_changes(self, changes: "CodedCounts") -> "CodedCounts":
        """Of replicas that are not of an erasure code nothing is made anew."""
        if not changes.by_cells:
            return self
        changed = CodedCounts()
        changed.by_cells = dict(self.by_cells)
        for cells, (count, tag_sum) in changes.by_cells.items():
            changed._change(cells, count, tag_sum)
        return changed

    def _change(self, cells: int, count: int, tag_sum: int) -> None:
        had_count, had_sum = self.by_cells.get(cells, (0, 0))
        counts = had_count + count, (had_sum + tag_sum) % _TAG_SUM_END
        if any(counts):
            self.by_cells[cells] = counts
        else:
            self.by_cells.pop(cells, None)
