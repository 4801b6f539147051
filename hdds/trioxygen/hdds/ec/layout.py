"""Where the bytes of an erasure-coded block lie. Pure.

The block's bytes go in cells round robin over the data indexes 1 to d: a cell for each is a stripe.
The last stripe is short. Parity cells are as long as the longest data cell of their stripe. What an
index holds is a block of its own, its cells one after the other: stripe s begins at s x cell_bytes
in each of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from trioxygen.common.replication import Replication


@dataclass(frozen=True, slots=True)
class CellRange:
    """Bytes of one cell. Attributes: offset_bytes: in the block of that index."""

    index: int
    offset_bytes: int
    length_bytes: int

    def within(self, start: int, end: int) -> "CellRange":
        """What of it lies there."""
        first = min(max(self.offset_bytes, start), end)
        last = max(min(self.offset_bytes + self.length_bytes, end), first)
        return CellRange(self.index, first, last - first)


@dataclass(frozen=True, slots=True)
class StripeRange:
    """The part of one stripe that a range needs, the same bytes of each of its cells.

    Attributes:
    offset_bytes: in the block of each index.
    length_bytes: of the longest cell.
    wanted: what the range has of it, in order.
    """

    offset_bytes: int
    length_bytes: int
    wanted: tuple[CellRange, ...]

    def steps(self, step_bytes: int) -> Iterator["StripeRange"]:
        """The same in parts, which end at multiples of `step_bytes`. Each names all cells that are
        wanted, also those of which it has nothing."""
        at, end = self.offset_bytes, self.offset_bytes + self.length_bytes
        while at < end:
            upto = min(end, (at // step_bytes + 1) * step_bytes)
            wanted = tuple(cell.within(at, upto) for cell in self.wanted)
            yield StripeRange(at, upto - at, wanted)
            at = upto


@dataclass(frozen=True, slots=True)
class GroupLayout:
    """Attributes: block_bytes: of the block as its writer and reader see it."""

    data: int
    parity: int
    cell_bytes: int
    block_bytes: int

    @classmethod
    def of(cls, replication: Replication, block_bytes: int) -> "GroupLayout":
        assert replication.is_ec, replication
        return cls(replication.data, replication.parity, replication.cell_bytes, block_bytes)

    @property
    def indexes(self) -> range:
        return range(1, self.data + self.parity + 1)

    @property
    def data_indexes(self) -> range:
        return range(1, self.data + 1)

    @property
    def stripe_bytes(self) -> int:
        return self.data * self.cell_bytes

    @property
    def stripes(self) -> int:
        return -(-self.block_bytes // self.stripe_bytes)

    @property
    def data_cells(self) -> int:
        """Data indexes that have bytes of it: so many parts are enough to read it."""
        return min(self.data, -(-self.block_bytes // self.cell_bytes))

    def parts_min(self, *, without_spare: bool) -> int:
        """So many parts are kept before the block is acknowledged: one more than it takes to read
        it, unless the pipeline says `without_spare`."""
        return self.data_cells + (bool(self.data_cells) and not without_spare)

    def index_bytes(self, index: int) -> int:
        """How long the block of an index is; 0: it has none."""
        # Parity is as long as the first data cell, which is the longest.
        return self._upto(1 if index > self.data else index, self.block_bytes)

    def cells(self, offset_bytes: int, length_bytes: int) -> Iterator[CellRange]:
        """Of a range of the block, in order."""
        at, end = offset_bytes, offset_bytes + length_bytes
        assert 0 <= at <= end <= self.block_bytes, (at, end, self.block_bytes)
        while at < end:
            cell, within = divmod(at, self.cell_bytes)
            stripe, place = divmod(cell, self.data)
            length = min(end - at, self.cell_bytes - within)
            yield CellRange(place + 1, stripe * self.cell_bytes + within, length)
            at += length

    def index_range(self, index: int, offset_bytes: int, length_bytes: int) -> tuple[int, int]:
        """(offset, length) in the block of a data index of what it has of a range, which is in one
        piece there; a length of 0: nothing."""
        first = self._upto(index, offset_bytes)
        return first, self._upto(index, offset_bytes + length_bytes) - first

    def _upto(self, index: int, at: int) -> int:
        """How many of the first `at` bytes of the block are of that data index."""
        whole, rest = divmod(at, self.stripe_bytes)
        return whole * self.cell_bytes + min(
            max(rest - (index - 1) * self.cell_bytes, 0), self.cell_bytes
        )

    def stripe_ranges(self, offset_bytes: int, length_bytes: int) -> Iterator[StripeRange]:
        """What is to be read of each stripe where cells are decoded. Of one index they are in one
        piece, over all stripes."""
        at, end = offset_bytes, offset_bytes + length_bytes
        while at < end:
            upto = min(end, (at // self.stripe_bytes + 1) * self.stripe_bytes)
            wanted = tuple(self.cells(at, upto - at))
            first = min(cell.offset_bytes for cell in wanted)
            last = max(cell.offset_bytes + cell.length_bytes for cell in wanted)
            yield StripeRange(first, last - first, wanted)
            at = upto

    def clipped(self, index: int, offset_bytes: int, length_bytes: int) -> int:
        """How many of these bytes the block of an index has; zeros stand for the rest."""
        return max(0, min(length_bytes, self.index_bytes(index) - offset_bytes))
