"""Where each byte of an erasure-coded block lies, for all small blocks and ranges."""

from collections.abc import Iterator

from trioxygen.hdds.ec.layout import GroupLayout

CELL = 3


def layouts() -> Iterator[tuple[GroupLayout, bytes, dict[int, bytes]]]:
    """With the block's bytes, and what each data index has of them."""
    for data in (2, 3):
        for size in range(1, 3 * data * CELL + 2):
            block = bytes(range(size))
            held = {index: b"" for index in range(1, data + 1)}
            for number, start in enumerate(range(0, size, CELL)):
                held[number % data + 1] += block[start : start + CELL]
            yield GroupLayout(data, 2, CELL, size), block, held


def ranges(size: int) -> Iterator[tuple[int, int]]:
    for offset in range(size):
        for length in range(1, size - offset + 1):
            yield offset, length


def test_each_index_holds_its_cells_and_parity_is_as_long_as_the_first() -> None:
    for layout, _, held in layouts():
        for index, cells in held.items():
            assert layout.index_bytes(index) == len(cells)
        for index in layout.indexes:
            if index > layout.data:
                assert layout.index_bytes(index) == len(held[1])
        assert layout.stripes == -(-len(held[1]) // CELL)


def test_cells_of_a_range_give_its_bytes_in_order() -> None:
    for layout, block, held in layouts():
        for offset, length in ranges(len(block)):
            output = b"".join(
                held[cell.index][cell.offset_bytes : cell.offset_bytes + cell.length_bytes]
                for cell in layout.cells(offset, length)
            )
            assert output == block[offset : offset + length]


def test_what_an_index_has_of_a_range_is_in_one_piece() -> None:
    for layout, block, held in layouts():
        for offset, length in ranges(len(block)):
            wanted = {index: b"" for index in held}
            for cell in layout.cells(offset, length):
                upto = cell.offset_bytes + cell.length_bytes
                wanted[cell.index] += held[cell.index][cell.offset_bytes : upto]
            for index, expected in wanted.items():
                start, size = layout.index_range(index, offset, length)
                assert held[index][start : start + size] == expected


def test_stripes_of_a_range_hold_what_is_wanted_and_follow_each_other() -> None:
    for layout, block, _ in layouts():
        for offset, length in ranges(len(block)):
            stripes = list(layout.stripe_ranges(offset, length))
            wanted = [cell for stripe in stripes for cell in stripe.wanted]
            assert wanted == list(layout.cells(offset, length))
            for stripe in stripes:
                upto = stripe.offset_bytes + stripe.length_bytes
                assert stripe.offset_bytes // CELL == (upto - 1) // CELL
                for cell in stripe.wanted:
                    assert stripe.offset_bytes <= cell.offset_bytes
                    assert cell.offset_bytes + cell.length_bytes <= upto
            for one, next_one in zip(stripes, stripes[1:], strict=False):
                assert one.offset_bytes + one.length_bytes == next_one.offset_bytes


def test_bytes_beyond_a_short_cell_are_clipped() -> None:
    layout = GroupLayout(2, 1, CELL, 4)
    assert [layout.index_bytes(index) for index in layout.indexes] == [3, 1, 3]
    assert [layout.clipped(2, 0, 3), layout.clipped(2, 1, 2), layout.clipped(2, 2, 1)] == [1, 0, 0]
