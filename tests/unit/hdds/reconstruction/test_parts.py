"""Which parts of a block are rebuilt, and from which."""

from trioxygen.common.replication import Replication
from trioxygen.common.units import KIB
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import tag_of
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.hdds.reconstruction.parts import HeldPart, is_whole_block, rebuilding_of

CODING = Replication.parse("EC/3-2-64k")
CELL = 64 * KIB


def layout_of(block_bytes: int) -> GroupLayout:
    return GroupLayout.of(CODING, block_bytes)


def held(*indexes: int, size: int = 5 * CELL, tag: int = 1) -> dict[int, HeldPart]:
    layout, group = layout_of(size), BlockGroup(tag, size)
    return {index: HeldPart(layout.index_bytes(index), b"", group) for index in indexes}


def test_lost_parts_are_rebuilt_from_as_many_as_hold_data() -> None:
    output = rebuilding_of(7, held(2, 3, 4, 5), layout_of, avoided=set())
    assert output is not None
    assert output.sources == (2, 3, 4)
    assert output.lost == {1}
    output = rebuilding_of(7, held(2, 3, 4, 5), layout_of, avoided={3})
    assert output is not None
    # It is there, and only not read now.
    assert output.sources == (2, 4, 5)
    assert output.lost == {1}


def test_too_few_parts_give_nothing() -> None:
    assert rebuilding_of(7, held(2, 4), layout_of, avoided=set()) is None
    assert rebuilding_of(7, held(2, 4, 5), layout_of, avoided={2}) is None
    assert rebuilding_of(7, {1: HeldPart(5, b"", None)}, layout_of, avoided=set()) is None


def test_part_without_bytes_is_neither_read_nor_rebuilt() -> None:
    output = rebuilding_of(7, held(4, size=100), layout_of, avoided=set())
    assert output is not None
    assert output.sources == (4,)
    assert output.lost == {1, 5}


def test_part_of_another_writing_does_not_count() -> None:
    mixed = held(1, 2, 3) | held(4, tag=2)
    output = rebuilding_of(7, mixed, layout_of, avoided=set())
    assert output is not None
    assert output.sources == (1, 2, 3)
    assert output.lost == {4, 5}
    assert output.group.tag == 1


def test_block_is_whole_if_all_its_checksums_are_those_of_its_tag() -> None:
    sums = {index: bytes([index] * 4) for index in range(1, 6)}
    tag = tag_of(9, 7, b"".join(sums.values()))
    output = rebuilding_of(7, held(1, 2, 3, tag=tag), layout_of, avoided=set())
    assert output is not None
    assert is_whole_block(9, output, sums)
    assert not is_whole_block(9, output, sums | {4: b"wrong"})
    assert not is_whole_block(8, output, sums)


def test_index_that_is_made_anew_may_be_a_source_of_itself() -> None:
    output = rebuilding_of(7, held(1, 2, 3), layout_of, avoided=set(), targets={2, 5})
    assert output is not None
    assert output.sources == (1, 2, 3)
    assert output.lost == {2, 4, 5}
